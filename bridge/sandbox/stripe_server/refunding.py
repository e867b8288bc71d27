"""Refund arithmetic and a refund's life, from asked for to settled."""

from typing import Any, Final

from .errors import StripeError, invalid
from .events import difference
from .fraud import stand_down
from .money import spoken
from .payments import book
from .shapes import Json
from .world import Desk, RefundOutcome

SUCCEEDED: Final = RefundOutcome("succeeded")
#: Refunds in these states hold money of the charge.
_HOLDING: Final = frozenset({"succeeded", "pending", "requires_action"})


def refundable(charge: Json) -> int:
    return int(charge["amount_captured"] - charge["amount_refunded"])


def refusal(charge: Json, amount: int | None, *, disputed: bool) -> StripeError | None:
    """Why this charge cannot be refunded by this much; None when it can."""
    name, currency, left = charge["id"], charge["currency"], refundable(charge)
    if charge["status"] != "succeeded":
        return invalid(f"Charge {name} is not refundable.", code="charge_not_refundable")
    if disputed:
        return invalid(
            f"Charge {name} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if charge["refunded"] or left <= 0:
        return invalid(f"Charge {name} has already been refunded.", code="charge_already_refunded")
    if amount is not None and amount < 1:
        return invalid(
            "Invalid positive integer: this value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    if amount is not None and amount > left:
        whole = left == charge["amount_captured"]
        what = "charge amount" if whole else "unrefunded amount on charge"
        return invalid(
            f"Refund amount ({spoken(amount, currency)}) is greater than {what} "
            f"({spoken(left, currency)})",
            param="amount",
        )
    return None


def next_outcome(desk: Desk) -> RefundOutcome:
    """What was arranged for the next refund, or that it succeeds."""
    arranged = desk.world.next_refunds
    return arranged.popleft() if arranged else SUCCEEDED


def after_refund(charge: Json, amount: int) -> Json:
    """The charge's fields once this much more (or, negative, less) of it is refunded."""
    total = charge["amount_refunded"] + amount
    return {"amount_refunded": total, "refunded": total == charge["amount_captured"]}


def refund(desk: Desk, charge: Json, amount: int, outcome: RefundOutcome, **fields: Any) -> Json:
    given = desk.new(
        "refund",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        customer=charge["customer"],
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        status="pending" if outcome.status == "failed" else outcome.status,
        **fields,
    )
    given = desk.change(given, **_particulars(desk, given, outcome))
    charge = desk.change(charge, **after_refund(charge, amount))
    desk.emit("charge.refunded", charge)
    desk.emit("refund.created", given)
    if outcome.status == "failed":
        return fail(desk, given, outcome.failure_reason or "unknown")
    if charge["refunded"]:
        stand_down(desk, charge)
    return given


def _particulars(desk: Desk, given: Json, outcome: RefundOutcome) -> Json:
    """What only a refund in this state has."""
    match outcome.status:
        case "succeeded":
            return {"balance_transaction": _booked(desk, given)}
        case "requires_action":
            email = {
                "email": None,
                "email_sent": {"email_sent_at": desk.stamp(), "email_sent_to": ""},
            }
            return {"next_action": {"type": "display_details", "display_details": email}}
        case _:
            return {"pending_reason": outcome.pending_reason or "processing"}


def _booked(desk: Desk, given: Json) -> str:
    entry = book(desk, given["id"], -given["amount"], given["currency"], "refund")
    return str(entry["id"])


def settle(desk: Desk, given: Json) -> Json:
    """A refund that was pending or waited for the customer reaches them."""
    booked = _booked(desk, given)
    return _move(desk, given, status="succeeded", pending_reason=None, balance_transaction=booked)


def cancel(desk: Desk, given: Json) -> Json:
    given = _move(desk, given, status="canceled")
    _give_back(desk, given)
    return given


def fail(desk: Desk, given: Json, reason: str) -> Json:
    """The money comes back to the balance; even a refund that had succeeded may fail later."""
    entry = None
    if given["balance_transaction"]:
        kind = "refund_failure"
        entry = book(desk, given["id"], given["amount"], given["currency"], kind)["id"]
    held = given["status"] in _HOLDING
    given = _move(
        desk, given, status="failed", failure_reason=reason, failure_balance_transaction=entry,
        pending_reason=None,
    )  # fmt: skip
    desk.emit("refund.failed", given)
    if held:
        _give_back(desk, given)
    return given


def _move(desk: Desk, given: Json, **fields: Any) -> Json:
    before = desk.get("refund", given["id"])
    given = desk.change(given, "refund.updated", **fields)
    # The older name of the same news; Stripe still sends both.
    desk.emit("charge.refund.updated", given, difference(before, given))
    return given


def _give_back(desk: Desk, given: Json) -> None:
    charge = desk.get("charge", given["charge"])
    desk.change(charge, "charge.updated", **after_refund(charge, -given["amount"]))
