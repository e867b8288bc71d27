"""Invoices: drawn up, made payable, paid or not."""

from typing import Any, Final

from .errors import StripeError, card_declined, invalid
from .payments import attempt, intend, refuse, take
from .people import default_card
from .shapes import Json
from .world import PERIOD, Desk

RETRY_AFTER_DAYS: Final = 3


def bill(
    desk: Desk, customer: Json, amount: int, currency: str, *, line: Json, **fields: Any
) -> Json:
    """A draft invoice of one line."""
    serial = customer["next_invoice_sequence"]
    invoice = desk.new(
        "invoice",
        customer=customer["id"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_address=customer["address"],
        customer_phone=customer["phone"],
        currency=currency,
        number=f"{customer['invoice_prefix']}-{serial:04d}",
        **{**dict.fromkeys(_TOTALS, amount), **fields},
    )
    desk.change(customer, next_invoice_sequence=serial + 1)
    invoice = desk.change(invoice, lines=_lines(desk, invoice, **line), **_addresses(desk, invoice))
    desk.emit("invoice.created", invoice)
    return invoice


_TOTALS: Final = (
    "amount_due", "amount_remaining", "subtotal", "subtotal_excluding_tax", "total",
    "total_excluding_tax",
)  # fmt: skip


def subscription_of(invoice: Json) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    name: str | None = details.get("subscription")
    return name


def _lines(desk: Desk, invoice: Json, **line: Any) -> Json:
    only = desk.new(
        "line_item",
        amount=invoice["total"],
        subtotal=invoice["total"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        **line,
        period={"start": desk.stamp(), "end": int((desk.now() + PERIOD).timestamp())},
    )
    url = f"/v1/invoices/{invoice['id']}/lines"
    return {"object": "list", "data": [only], "has_more": False, "total_count": 1, "url": url}


def _addresses(desk: Desk, invoice: Json) -> Json:
    page = f"https://invoice.stripe.com/i/{desk.world.account['id']}/{invoice['id']}"
    return {"hosted_invoice_url": page, "invoice_pdf": f"{page}/pdf"}


def finalise(desk: Desk, invoice: Json) -> Json:
    """The invoice becomes payable, with the PaymentIntent that will pay it."""
    if invoice["status"] != "draft":
        raise invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice."
        )
    moments = {**invoice["status_transitions"], "finalized_at": desk.stamp()}
    invoice = desk.change(
        invoice, status="open", auto_advance=True, effective_at=desk.stamp(),
        status_transitions=moments,
    )  # fmt: skip
    desk.emit("invoice.finalized", invoice)
    if invoice["amount_due"]:
        intent = intend(
            desk, invoice["amount_due"], invoice["currency"], customer=invoice["customer"],
            description=f"Payment for Invoice {invoice['number']}",
        )  # fmt: skip
        desk.new(
            "invoice_payment",
            invoice=invoice["id"],
            amount_requested=invoice["amount_due"],
            currency=invoice["currency"],
            payment={"type": "payment_intent", "payment_intent": intent["id"]},
        )
    return invoice


def payment_of(desk: Desk, invoice: Json) -> Json:
    payments = desk.world.store.newest_first("invoice_payment")
    return next(p for p in payments if p["invoice"] == invoice["id"])


def intent_of(desk: Desk, invoice: Json) -> Json:
    return desk.get("payment_intent", payment_of(desk, invoice)["payment"]["payment_intent"])


def collect(desk: Desk, invoice: Json, card: Json | None = None) -> Json:
    """Try to have an open invoice paid, and tell everyone whom the outcome concerns."""
    card = card or default_card(desk, invoice["customer"])
    if card is None:
        raise invalid(
            "There is no `default_payment_method` set on this Customer or Invoice. Please set either "
            "field before attempting to pay the invoice.",
            code="invoice_payment_intent_requires_action",
        )
    intent = attempt(desk, intent_of(desk, invoice), card)
    return close_try(desk, invoice, intent)


def collect_in_vain(desk: Desk, invoice: Json, card: Json, code: str) -> Json:
    return close_try(desk, invoice, refuse(desk, intent_of(desk, invoice), card, code))


def collect_surely(desk: Desk, invoice: Json, card: Json) -> Json:
    return close_try(desk, invoice, take(desk, intent_of(desk, invoice), card))


def close_try(desk: Desk, invoice: Json, intent: Json) -> Json:
    tried = {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    if intent["status"] == "succeeded":
        return _paid(desk, invoice, tried)
    again = desk.stamp(days=RETRY_AFTER_DAYS)
    invoice = desk.change(invoice, next_payment_attempt=again, **tried)
    needs = intent["last_payment_error"]["code"] == "authentication_required"
    desk.emit("invoice.payment_failed", invoice)
    if needs:
        desk.emit("invoice.payment_action_required", invoice)
    return invoice


def _paid(desk: Desk, invoice: Json, tried: Json) -> Json:
    payment = payment_of(desk, invoice)
    moments = {**payment["status_transitions"], "paid_at": desk.stamp()}
    desk.change(
        payment, "invoice_payment.paid", status="paid",
        amount_paid=payment["amount_requested"], status_transitions=moments,
    )  # fmt: skip
    return mark_paid(desk, invoice, **tried)


def mark_paid(desk: Desk, invoice: Json, **tried: Any) -> Json:
    moments = {**invoice["status_transitions"], "paid_at": desk.stamp()}
    invoice = desk.change(
        invoice, status="paid", amount_paid=invoice["amount_due"], amount_remaining=0,
        next_payment_attempt=None, status_transitions=moments, auto_advance=False, **tried,
    )  # fmt: skip
    desk.emit("invoice.paid", invoice)
    desk.emit("invoice.payment_succeeded", invoice)
    return invoice


def declined(desk: Desk, invoice: Json) -> StripeError | None:
    if invoice["status"] == "paid":
        return None
    return card_declined(intent_of(desk, invoice)["last_payment_error"])
