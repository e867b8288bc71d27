"""A payment's life: an intent, the charge of each try, the money that moves on the balance."""

from typing import Any, Final

from .declines import decline, outcome_of_decline, outcome_of_success, payment_error
from .shapes import Json
from .world import Desk

#: How long a card's issuer holds what was authorised.
_HELD_FOR_DAYS: Final = 7


def intend(desk: Desk, amount: int, currency: str, **fields: Any) -> Json:
    """A new PaymentIntent; with a payment method it waits to be confirmed."""
    status = "requires_confirmation" if fields.get("payment_method") else "requires_payment_method"
    intent = desk.new(
        "payment_intent", amount=amount, currency=currency, **{"status": status, **fields}
    )
    secret = f"{intent['id']}_secret_{desk.world.ids.new('secret')}"
    intent = desk.change(intent, client_secret=secret)
    desk.emit("payment_intent.created", intent)
    return intent


def attempt(desk: Desk, intent: Json, card: Json) -> Json:
    """Try to take the money; whether it comes depends on the card and on what was arranged."""
    arranged = desk.world.next_declines
    code = arranged.popleft() if arranged else desk.world.declines.get(card["id"])
    return refuse(desk, intent, card, code) if code else take(desk, intent, card)


def take(desk: Desk, intent: Json, card: Json) -> Json:
    if intent["capture_method"] == "manual":
        return _authorise(desk, intent, card)
    charge = charged(desk, intent, card, outcome_of_success(), status="succeeded", paid=True)
    charge = captured(desk, charge, charge["amount"])
    desk.emit("charge.succeeded", charge)
    return succeeded(desk, intent, charge, card)


def _authorise(desk: Desk, intent: Json, card: Json) -> Json:
    charge = charged(desk, intent, card, outcome_of_success(), status="succeeded", paid=True)
    details = charge["payment_method_details"]
    face = details["card"] | {"capture_before": desk.stamp(days=_HELD_FOR_DAYS)}
    charge = desk.change(charge, payment_method_details=details | {"card": face})
    desk.emit("charge.succeeded", charge)
    return desk.change(
        intent,
        "payment_intent.amount_capturable_updated",
        status="requires_capture",
        amount_capturable=intent["amount"],
        latest_charge=charge["id"],
        payment_method=card["id"],
    )


def cancel(desk: Desk, intent: Json, reason: str | None) -> Json:
    """Nobody can pay it any more; what was authorised is let go."""
    if intent["status"] == "requires_capture":
        charge = desk.get("charge", intent["latest_charge"])
        desk.change(charge, "charge.refunded", refunded=True, amount_refunded=charge["amount"])
    return desk.change(
        intent, "payment_intent.canceled", status="canceled", amount_capturable=0,
        canceled_at=desk.stamp(), cancellation_reason=reason,
    )  # fmt: skip


def capture(desk: Desk, intent: Json, amount: int) -> Json:
    charge = desk.get("charge", intent["latest_charge"])
    charge = captured(desk, charge, amount)
    desk.emit("charge.captured", charge)
    card = desk.get("payment_method", charge["payment_method"])
    return succeeded(desk, intent, charge, card)


def refuse(desk: Desk, intent: Json, card: Json, code: str) -> Json:
    why = decline(code)
    charge = charged(
        desk, intent, card, outcome_of_decline(code),
        status="failed", failure_code=why.code, failure_message=why.message,
    )  # fmt: skip
    desk.emit("charge.failed", charge)
    return desk.change(
        intent,
        "payment_intent.payment_failed",
        status="requires_payment_method",
        latest_charge=charge["id"],
        payment_method=None,
        last_payment_error=payment_error(code, charge, card),
    )


def charged(desk: Desk, intent: Json, card: Json, outcome: Json, **fields: Any) -> Json:
    return desk.new(
        "charge",
        amount=intent["amount"],
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        metadata=intent["metadata"],
        receipt_email=intent["receipt_email"],
        payment_intent=intent["id"],
        payment_method=card["id"],
        payment_method_details=_face(desk, intent, card),
        billing_details=card["billing_details"],
        outcome=outcome,
        **fields,
    )


def _face(desk: Desk, intent: Json, method: Json) -> Json:
    """What the charge shows of the means it was paid with."""
    if method["type"] != "card":
        shown = {k: v for k, v in method[method["type"]].items() if k != "generated_from"}
        return {"type": method["type"], method["type"]: shown | {"mandate": None}}
    details: Json = desk.world.shapes.fresh("charge")["payment_method_details"]
    face = {k: v for k, v in method["card"].items() if k in details["card"]}
    details["card"] |= face | {"amount_authorized": intent["amount"], "network": face["brand"]}
    return details


def captured(desk: Desk, charge: Json, amount: int) -> Json:
    entry = book(desk, charge["id"], amount, charge["currency"], "charge", fee=fee(amount))
    return desk.change(
        charge, captured=True, amount_captured=amount, balance_transaction=entry["id"]
    )


def succeeded(desk: Desk, intent: Json, charge: Json, card: Json) -> Json:
    return desk.change(
        intent,
        "payment_intent.succeeded",
        status="succeeded",
        amount_received=charge["amount_captured"],
        amount_capturable=0,
        latest_charge=charge["id"],
        payment_method=card["id"],
        last_payment_error=None,
    )


def fee(amount: int) -> int:
    return amount * 29 // 1000 + 30


def book(desk: Desk, source: str, amount: int, currency: str, kind: str, *, fee: int = 0) -> Json:
    """One entry on the balance; negative when money leaves."""
    return desk.new(
        "balance_transaction",
        amount=amount,
        available_on=desk.stamp(days=2),
        currency=currency,
        fee=fee,
        net=amount - fee,
        reporting_category=kind,
        source=source,
        type=kind,
    )
