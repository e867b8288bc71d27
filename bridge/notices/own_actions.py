"""Events that our own actions caused: they belong into the thread where somebody asked for it."""

from bridge.model.event import Event
from bridge.model.message import Message
from bridge.model.room_message import RoomMessage
from bridge.model.signal import SignalClass, Subject, SubjectKind
from bridge.store import actions, rooms
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.outbox import Delivery, to_room

#: The metadata key by which a refund names its action (see commands/refund.py).
ACTION_KEY = "chat_action"


async def action_of(tx: Tx, event: Event) -> Action | None:
    """The action behind the event: by the idempotency key of its API call, or by its object's metadata."""
    metadata = event.object.get("metadata")
    named = metadata.get(ACTION_KEY) if isinstance(metadata, dict) else None
    for action_id in (event.idempotency_key, named):
        if (
            isinstance(action_id, str)
            and len(action_id) == 32
            and (found := await actions.get(tx, action_id))
        ):
            return found
    return None


async def asked_in(tx: Tx, action: Action) -> str | None:
    """The key of the subject in whose room it was asked for."""
    bound = await rooms.of_id(tx, action.room_id)
    return bound.subject if bound else None


async def to_its_thread(tx: Tx, action: Action, event: Event, message: Message) -> list[Delivery]:
    """How a refund stands, told once for each of its states, whoever comes to tell it first."""
    if event.object.get("object") != "refund" or action.verb != "refund":
        return []
    bound = await rooms.of_id(tx, action.room_id)
    if bound is None:
        return []
    subject = Subject(bound.account, SubjectKind(bound.kind), bound.subject_id)
    wanted = RoomMessage(subject=subject, message=message, thread=action.thread)
    return [
        to_room(
            wanted, SignalClass.PAGE.urgency, f"action:{action.id}:{event.object.get('status')}"
        )
    ]
