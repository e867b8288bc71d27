"""`note text`: kept in full here, and its beginning in the metadata of the Stripe object."""

from functools import partial
from uuid import uuid4

from bridge.commands.desk import Ask, Desk, Reply, Result, action_delivery, say
from bridge.model.action import ActionState, params_hash
from bridge.model.errors import Refused
from bridge.model.signal import Objects
from bridge.model.text import safe
from bridge.store import actions, notes
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.notes import Note
from bridge.store.outbox import Delivery, enqueue

#: Stripe's limits are 50 keys of 40 characters with values of 500.
RING = 5
VALUE_CAP = 500
_TEXT_CAP = 10_000
#: Where a note belongs when several objects are known: where people look in Stripe's dashboard.
_PLACES = ("dispute", "payment_intent", "charge", "invoice", "subscription", "customer")


async def perform(desk: Desk, ask: Ask) -> Reply:
    text = safe(ask.command.rest, cap=_TEXT_CAP, lines=True)
    if not text:
        raise Refused("What should the note say? Write it behind `note`.")
    kind, object_id = place_of(ask.objects)
    now = desk.clock.now()
    note = Note(
        ask.subject.account,
        object_id,
        ask.objects.customer,
        ask.actor.name,
        text,
        ask.said.event_id,
        now,
    )
    if ask.subject.account not in desk.writers:
        return Reply(
            say("Noted here. This account has no key for actions, so not in Stripe."),
            write=partial(_keep, note, None, None),
        )
    params = {
        "kind": kind,
        "object": object_id,
        "line": f"{now:%Y-%m-%d} {ask.actor.name}: {text}"[:VALUE_CAP],
    }
    action = Action(
        id=uuid4().hex,
        account=ask.subject.account,
        verb="note",
        object_id=object_id,
        params=params,
        params_hash=params_hash(params),
        state=ActionState.CONFIRMED,  # it moves no money: asking for it is enough
        asked_by=ask.actor.matrix,
        asked_event=ask.said.event_id,
        room_id=ask.said.room_id,
        thread=ask.thread,
        created_at=now,
        expires_at=now + desk.config.commands.confirm_within,
    )
    return Reply(None, write=partial(_keep, note, action, action_delivery(action, ask.subject)))


async def execute(desk: Desk, action: Action) -> Result:
    """Writes the line into one of a few keys in turn: the oldest gives way to the newest."""
    kind, object_id = action.params["kind"], action.params["object"]
    async with desk.store.read() as tx:
        number = await notes.count(tx, action.account, object_id)
    key = f"chat_note_{(number - 1) % RING + 1}"
    await desk.writers[action.account].set_metadata(
        kind=kind, object_id=object_id, metadata={key: action.params["line"]}, key=action.id
    )
    return Result(ActionState.SUCCEEDED, say("Noted, here and in Stripe."), object_id, "noted")


async def find(desk: Desk, action: Action) -> Result | None:
    """Writing the same line once more does no harm, so nothing needs to be looked up."""
    del desk, action
    return None


def place_of(objects: Objects) -> tuple[str, str]:
    """Kind and id of the object that a note is written to; raises `Refused`."""
    for kind in _PLACES:
        if object_id := getattr(objects, kind):
            return kind, object_id
    raise Refused(
        "I can't tell what the note is about. Reply to a message, or write it in a customer's room."
    )


async def _keep(note: Note, action: Action | None, delivery: Delivery | None, tx: Tx) -> None:
    await notes.add(tx, note)
    if action and delivery:
        await actions.propose(tx, action)
        await enqueue(tx, [delivery], note.written_at)
