"""`help` lists the verbs that this person may use; `help verb` tells of one."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from bridge.commands.desk import Ask, Desk, Verb, say
from bridge.model.errors import Refused
from bridge.model.message import Message
from bridge.model.signal import Fact
from bridge.model.text import safe


def told(desk: Desk, verbs: Mapping[str, Verb], ask: Ask) -> Message:
    """Raises `Refused` for what is not a verb."""
    words = ask.command.rest.lower().split()
    if not words:
        return _all(verbs, ask)
    verb = verbs.get(words[0])
    if verb is None:
        close = get_close_matches(words[0], verbs, n=1)
        hint = f"Did you mean `help {close[0]}`?" if close else "`help` alone tells what there is."
        raise Refused(f"There is no verb “{words[0][:40]}”. {hint}")
    return Message(
        title=safe(verb.usage),
        facts=tuple(_facts(desk, verb, ask)),
        text=safe(f"It {verb.help}.", cap=1000),
    )


def _all(verbs: Mapping[str, Verb], ask: Ask) -> Message:
    lines = [f"{v.usage} – {v.help}" for v in verbs.values() if v.name in ask.actor.verbs]
    how = "Reply to a message with one of these, or begin with !stripe. `help refund` tells more."
    return say("What you can ask for", "\n".join([*lines, how]))


def _facts(desk: Desk, verb: Verb, ask: Ask) -> Iterator[Fact]:
    for example in verb.examples:
        yield Fact("For example", safe(example))
    if verb.about:
        yield Fact("About", safe(verb.about, cap=600))
    yield Fact("Asks first", safe(_asks(verb)))
    yield Fact("Who may", safe(_who(desk, verb, ask)))


def _asks(verb: Verb) -> str:
    if verb.moves_money:
        return "yes, and then whoever must approve it by the rules"
    return "yes" if verb.deed and verb.deed.asks else "no"


def _who(desk: Desk, verb: Verb, ask: Ask) -> str:
    if verb.free:
        return "everybody"
    roles = [name for name, role in desk.config.roles.items() if verb.name in role.verbs]
    you = "you, too" if verb.name in ask.actor.verbs else "not you"
    return f"{', '.join(roles) or 'no role yet'} ({you})"
