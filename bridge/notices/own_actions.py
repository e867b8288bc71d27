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
_ID_LENGTH = 32


async def action_of(tx: Tx, event: Event) -> Action | None:
    """The action behind the event: by the idempotency key of its API call, or by a refund's metadata.

    What happens later to an invoice or a subscription that carries an action's id is not its doing.
    """
    for name in (_called(event), _refunded(event)):
        if len(name) == _ID_LENGTH and (found := await actions.get(tx, name)):
            return found
    return None


def _called(event: Event) -> str:
    """An action of several calls has keys of its own for each: its id, and what the call is for."""
    return (event.idempotency_key or "").partition(":")[0]


def _refunded(event: Event) -> str:
    metadata = event.object.get("metadata")
    named = metadata.get(ACTION_KEY) if isinstance(metadata, dict) else None
    return named if isinstance(named, str) and event.object.get("object") == "refund" else ""


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
