"""Payments of which one learns only later: a bank account is debited, and the bank takes days."""

from typing import Final

from .declines import decline, outcome_of_decline, outcome_of_success, payment_error
from .payments import captured, charged, succeeded
from .shapes import Json
from .world import Desk

#: What banks say of a debit that did not go through.
_RETURNED: Final = "insufficient_funds"


def process(desk: Desk, intent: Json, method: Json) -> Json:
    charge = charged(desk, intent, method, outcome_of_success(), status="pending")
    desk.emit("charge.pending", charge)
    return desk.change(
        intent, "payment_intent.processing", status="processing", latest_charge=charge["id"],
        payment_method=method["id"], payment_method_types=[method["type"]],
    )  # fmt: skip


def clear(desk: Desk, intent: Json) -> Json:
    charge, method = _of(desk, intent)
    charge = captured(desk, charge, charge["amount"])
    charge = desk.change(charge, "charge.succeeded", status="succeeded", paid=True)
    return succeeded(desk, intent, charge, method)


def bounce(desk: Desk, intent: Json) -> Json:
    charge, method = _of(desk, intent)
    charge = desk.change(
        charge, "charge.failed", status="failed", outcome=outcome_of_decline(_RETURNED),
        failure_code=_RETURNED, failure_message=decline(_RETURNED).message,
    )  # fmt: skip
    return desk.change(
        intent,
        "payment_intent.payment_failed",
        status="requires_payment_method",
        payment_method=None,
        last_payment_error=payment_error(_RETURNED, charge, method),
    )


def _of(desk: Desk, intent: Json) -> tuple[Json, Json]:
    charge = desk.get("charge", intent["latest_charge"])
    return charge, desk.get("payment_method", charge["payment_method"])
