"""What becomes of a payment that was asked for in chat (`pay`), for the thread where it was.

Only `payment_status` says whether it is paid: a completed checkout may still wait for its money.
"""

from dataclasses import dataclass, replace

from bridge.model.event import Event
from bridge.model.signal import Fact, Signal
from bridge.model.text import safe
from bridge.store import outbox
from bridge.store.actions import Action
from bridge.store.engine import Tx

PAID = "paid"
_UNPAID = "unpaid"


@dataclass(frozen=True)
class Turn:
    """`name` makes it impossible to tell it twice; `title` says it, `next` what can be done."""

    name: str
    title: str
    next: str = ""


_TURNS = {
    PAID: Turn(PAID, "Paid"),
    _UNPAID: Turn(
        _UNPAID,
        "Not paid yet, the customer's bank takes its time",
        "Wait: you will hear here whether the money comes.",
    ),
    "failed": Turn(
        "failed",
        "Not paid, the customer's bank refused",
        "Ask anew with `pay` if it is still wanted.",
    ),
    "expired": Turn(
        "expired", "Not paid, the checkout has ended", "Ask anew with `pay` if it is still wanted."
    ),
}


def is_its_payment(action: Action, event: Event) -> bool:
    """Whether the event is of a customer's doing, with what the action has made."""
    return action.verb == "pay" and event.idempotency_key != action.id


async def turn_of(tx: Tx, action: Action, event: Event) -> Turn | None:
    """What is new in it; None if there is nothing to say."""
    if event.object.get("object") != "checkout.session":
        return None
    turn = _TURNS.get(_state(event))
    if turn is None:
        return None
    if turn.name != PAID and await outbox.was_told(tx, key(action, _TURNS[PAID])):
        return None  # it came late: the money was faster
    return turn


def key(action: Action, turn: Turn) -> str:
    return f"action:{action.id}:{turn.name}"


def in_words(turn: Turn, action: Action, signal: Signal) -> Signal:
    """The event's signal, as an answer to who asked for the payment."""
    facts = [Fact(label, safe(text)) for label, text in _lines(turn, action) if text]
    return replace(signal, title=safe(turn.title), facts=tuple(facts))


def _lines(turn: Turn, action: Action) -> list[tuple[str, str]]:
    return [("For", str(action.params.get("purpose") or "")), ("Next", turn.next)]


def _state(event: Event) -> str:
    status = str(event.object.get("payment_status"))
    match event.type:
        case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
            return PAID if status in {"paid", "no_payment_required"} else status
        case "checkout.session.async_payment_failed":
            return "failed"
        case "checkout.session.expired" if not event.object.get("payment_link"):
            return "expired"  # a link outlives those who only looked at it
    return ""
