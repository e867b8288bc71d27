"""`who [verb]`: who may do what here, who has which role, and who did something about this."""

from collections.abc import Iterator

from bridge.commands.ack import ids_of
from bridge.commands.desk import Ask, Desk, Reply
from bridge.commands.permission import Directory, directory
from bridge.config.kinds import EVERYONE
from bridge.config.profiles import roles_of
from bridge.model.errors import Refused
from bridge.model.message import Message
from bridge.model.signal import Fact
from bridge.model.text import safe
from bridge.model.verbs import FREE, VERBS
from bridge.store import actions, care
from bridge.store.actions import Action
from bridge.store.engine import Tx

_MOST = 10


async def perform(desk: Desk, ask: Ask) -> Reply:
    words = ask.command.rest.lower().split()
    if len(words) > 1 or (words and words[0] not in VERBS):
        raise Refused("Write `who`, or `who` and a verb: `who refund`.")
    async with desk.store.read() as tx:
        people = await directory(tx, desk.config)
        if words:
            return Reply(_of_verb(desk, people, words[0]))
        did = await _who_did(tx, ask) if ask.replied else []
    facts = [*_roles(desk, people, ask), *did]
    return Reply(Message(safe("Who is who"), facts=tuple(facts)))


def _roles(desk: Desk, people: Directory, ask: Ask) -> Iterator[Fact]:
    """Each role with its people and verbs; those that the room is for come first."""
    here = roles_of(desk.config, ask.subject)
    rooms = [one for one in desk.config.roles if one in here or EVERYONE in here]
    others = [one for one in desk.config.roles if one not in rooms]
    for role in (*rooms, *others):
        names = ", ".join(name for name in people.names if role in people.roles(name)) or "nobody"
        verbs = ", ".join(desk.config.roles[role].verbs) or "nothing"
        label = role if role in rooms else f"{role} (not of this room)"
        yield Fact(label, safe(f"{names} – may {verbs}", cap=600))
    if idle := [name for name in people.names if not people.roles(name)]:
        yield Fact("Without a role", safe(", ".join(idle)))


def _of_verb(desk: Desk, people: Directory, verb: str) -> Message:
    may = [name for name in people.names if verb in people.person(name).granted_by]
    by = {role for rule in desk.config.approvals if verb in rule.verbs for role in rule.by}
    facts = [Fact("May ask for it", safe("everybody" if verb in FREE else _names(may)))]
    if by:
        approve = [name for name in people.names if by & set(people.roles(name))]
        facts.append(Fact("May approve it", safe(f"{_names(approve)} ({', '.join(sorted(by))})")))
    return Message(safe(f"Who may {verb}"), facts=tuple(facts))


async def _who_did(tx: Tx, ask: Ask) -> list[Fact]:
    account, about = ask.subject.account, ids_of(ask)
    done = (await actions.about(tx, account, about))[:_MOST]
    facts = [Fact("Did", safe(await _deed(tx, one))) for one in done]
    facts += [
        Fact("Takes care of it", safe(who))
        for who in (await care.assigned(tx, account, about)).values()
    ]
    facts += [
        Fact("Has seen it", safe(one.person)) for one in await care.sightings(tx, account, about)
    ]
    return list(dict.fromkeys(facts))


async def _deed(tx: Tx, action: Action) -> str:
    approvers = [one.person for one in await actions.approvals(tx, action.id)]
    by = f", approved by {', '.join(approvers)}" if approvers else ""
    return f"{action.asked_by}: {action.verb}, {action.state}{by}"


def _names(names: list[str]) -> str:
    return ", ".join(names) or "nobody"
