"""`notes`: what people wrote down about an object, or about a customer and whatever is theirs."""

from bridge.commands.desk import Ask, Desk, Reply
from bridge.commands.naming import about
from bridge.commands.note import place_of
from bridge.config.profiles import details_of
from bridge.model.details import shown_facts
from bridge.model.errors import Refused
from bridge.model.message import Message
from bridge.model.signal import Fact
from bridge.model.text import safe
from bridge.store import notes

_MOST = 10


async def perform(desk: Desk, ask: Ask) -> Reply:
    ask = about(ask)
    details, account = details_of(desk.config, ask.subject), ask.subject.account
    if details == "none":
        raise Refused("This room is not to show what was written of people. Ask in another one.")
    kind, object_id = place_of(ask.objects)
    async with desk.store.read() as tx:
        if kind == "customer":
            found = await notes.of_customer(tx, account, object_id, _MOST + 1)
        else:
            ids = [one for name, one in vars(ask.objects).items() if one and name != "customer"]
            found = await notes.latest(tx, account, ids, _MOST + 1)
    if not found:
        return Reply(Message(safe("Nobody has written anything down yet.")))
    facts = [
        Fact(
            f"{note.author}, {desk.words.moment(note.written_at)}", safe(note.text, cap=1000), True
        )
        for note in found[:_MOST]
    ]
    more = safe("There are older ones, too.") if len(found) > _MOST else None
    return Reply(Message(safe("Notes"), facts=tuple(shown_facts(facts, details)), text=more))
