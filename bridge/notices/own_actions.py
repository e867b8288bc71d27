"""Events that our own actions caused: they belong into the thread where somebody asked for it."""

from collections.abc import Callable

from bridge.model.event import Event, id_of
from bridge.model.message import Message
from bridge.model.room_message import RoomMessage
from bridge.model.signal import Signal, SignalClass, Subject, SubjectKind
from bridge.notices.asked_payments import in_words, is_its_payment, key, turn_of
from bridge.store import actions, rooms
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.outbox import Delivery, to_room

#: The metadata key by which what an action has made names it (see commands/finding.py).
ACTION_KEY = "chat_action"
_ID_LENGTH = 32
_CARRIERS = {"checkout.session", "refund"}
Tell = Callable[[Signal, Subject], Message]


async def action_of(tx: Tx, event: Event) -> Action | None:
    """The action behind the event: by the idempotency key of its API call, or by the metadata of what
    it made: a refund, or a page to pay at.

    What happens later to an invoice or a subscription that carries an action's id is not its doing.
    """
    for name in (_called(event), _carried(event)):
        if len(name) == _ID_LENGTH and (found := await actions.get(tx, name)):
            return found
    return await _made_by_note(tx, event)


async def _made_by_note(tx: Tx, event: Event) -> Action | None:
    """The refund of a credit note carries no name; it is known by its id once the action is done."""
    refund = id_of(event.object)
    if event.object.get("object") != "refund" or not refund:
        return None
    return await actions.that_made(tx, event.account, refund, "refund")


def _called(event: Event) -> str:
    """An action of several calls has keys of its own for each: its id, and what the call is for."""
    return (event.idempotency_key or "").partition(":")[0]


def _carried(event: Event) -> str:
    metadata = event.object.get("metadata")
    named = metadata.get(ACTION_KEY) if isinstance(metadata, dict) else None
    return named if isinstance(named, str) and event.object.get("object") in _CARRIERS else ""


def tells_itself(action: Action | None, event: Event) -> bool:
    """Whether what the action answers in its room says the same as the event."""
    return action is not None and event.object.get("object") == "dispute"


async def asked_in(tx: Tx, action: Action) -> str | None:
    """The key of the subject in whose room it was asked for."""
    bound = await rooms.of_id(tx, action.room_id)
    return bound.subject if bound else None


async def to_its_thread(
    tx: Tx, action: Action, event: Event, signal: Signal, tell: Tell
) -> list[Delivery]:
    """How a refund or an asked payment stands, told once for each of its states, whoever tells it first."""
    bound = await rooms.of_id(tx, action.room_id)
    told = await _told(tx, action, event, signal)
    if bound is None or told is None:
        return []
    once, telling = told
    subject = Subject(bound.account, SubjectKind(bound.kind), bound.subject_id)
    wanted = RoomMessage(
        subject=subject,
        message=tell(telling, subject),
        thread=action.thread,
        objects=telling.objects,
    )
    return [to_room(wanted, SignalClass.PAGE.urgency, once)]


async def _told(tx: Tx, action: Action, event: Event, signal: Signal) -> tuple[str, Signal] | None:
    """The key under which it is told once, and what is told."""
    if action.verb == "refund" and event.object.get("object") == "refund":
        return f"action:{action.id}:{event.object.get('status')}", signal
    if is_its_payment(action, event) and (turn := await turn_of(tx, action, event)):
        return key(action, turn), in_words(turn, action, signal)
    return None
