"""`note text`: kept in full here, and its beginning in the metadata of the Stripe object."""

from functools import partial

from bridge.commands.desk import Ask, Desk, Proposal, Reply, Result, say
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.event import Json
from bridge.model.signal import Objects
from bridge.model.text import safe
from bridge.store import notes
from bridge.store.about import to_abouts
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.notes import Note
from bridge.store.outbox import enqueue

#: Stripe's limits are 50 keys of 40 characters with values of 500.
RING = 5
VALUE_CAP = 500
_TEXT_CAP = 10_000
#: Where a note belongs when several objects are known: where people look in Stripe's dashboard.
_PLACES = ("dispute", "payment_intent", "charge", "invoice", "subscription", "customer")


async def propose(desk: Desk, ask: Ask) -> Proposal | Reply:
    text = safe(ask.command.rest, cap=_TEXT_CAP, lines=True)
    if not text:
        raise Refused("What should the note say? Write it behind `note`.")
    kind, object_id = place_of(ask.objects)
    now, account = desk.clock.now(), ask.subject.account
    customer, event = ask.objects.customer, ask.said.event_id
    note = Note(account, object_id, customer, ask.actor.name, text, event, now)
    if account not in desk.writers:
        return Reply(
            say("Noted here. This account has no key for actions, so not in Stripe."),
            write=partial(_keep, ask, note),
        )
    line = f"{now:%Y-%m-%d} {ask.actor.name}: {text}"[:VALUE_CAP]
    return Proposal(
        object_id=object_id,
        params={"kind": kind, "line": line},
        question="Note it?",
        write=partial(_keep, ask, note),
    )


async def _keep(ask: Ask, note: Note, tx: Tx) -> None:
    await notes.add(tx, note)
    await enqueue(tx, await to_abouts(tx, note.account, ask.objects), note.written_at)


async def execute(desk: Desk, action: Action) -> Json:
    """Writes the line into one of a few keys in turn: the oldest gives way to the newest."""
    async with desk.store.read() as tx:
        number = await notes.count(tx, action.account, action.object_id)
    return await desk.writers[action.account].set_metadata(
        kind=action.params["kind"],
        object_id=action.object_id,
        metadata={f"chat_note_{(number - 1) % RING + 1}": action.params["line"]},
        key=action.id,
    )


def told(desk: Desk, action: Action, made: Json) -> Result:
    del desk, made
    words = say("Noted, here and in Stripe.")
    return Result(ActionState.SUCCEEDED, words, action.object_id, "noted")


def place_of(objects: Objects) -> tuple[str, str]:
    """Kind and id of the object that a note is written to; raises `Refused`."""
    for kind in _PLACES:
        if object_id := getattr(objects, kind):
            return kind, object_id
    raise Refused(
        "I can't tell what the note is about. Reply to a message, or write it in a customer's room."
    )
