"""Invoices: made payable, paid or not."""

from typing import Any, Final

from . import balances
from .errors import StripeError, card_declined, invalid
from .payments import attempt, cancel, intend, refuse, take
from .people import default_card
from .shapes import Json
from .world import Desk

RETRY_AFTER_DAYS: Final = 3
#: States of a PaymentIntent in which it may still be paid.
_PAYABLE: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


def subscription_of(invoice: Json) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    name: str | None = details.get("subscription")
    return name


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
        invoice, status="open", effective_at=desk.stamp(), status_transitions=moments,
        number=_number(desk, invoice), **_addresses(desk, invoice),
    )  # fmt: skip
    invoice = _balanced(desk, invoice)
    desk.emit("invoice.finalized", invoice)
    if not invoice["amount_due"]:
        return mark_paid(desk, invoice)
    _ask(desk, invoice)
    return invoice


def _number(desk: Desk, invoice: Json) -> str:
    customer = desk.get("customer", invoice["customer"])
    serial = customer["next_invoice_sequence"]
    desk.change(customer, next_invoice_sequence=serial + 1)
    return f"{customer['invoice_prefix']}-{serial:04d}"


def _balanced(desk: Desk, invoice: Json) -> Json:
    """What the customer has to their credit pays first; an invoice below zero adds to it."""
    before, total = desk.get("customer", invoice["customer"])["balance"], invoice["total"]
    moved = total if total < 0 else min(total, max(-before, 0))
    if moved:
        kind = "applied_to_invoice" if moved > 0 else "invoice_too_small"
        balances.move(
            desk, invoice["customer"], moved, invoice["currency"], type=kind, invoice=invoice["id"]
        )
    owed = dict.fromkeys(("amount_due", "amount_remaining"), max(total - moved, 0))
    return desk.change(invoice, starting_balance=before, ending_balance=before + moved, **owed)


def _ask(desk: Desk, invoice: Json) -> None:
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


def payment_of(desk: Desk, invoice: Json) -> Json | None:
    payments = desk.world.store.newest_first("invoice_payment")
    return next((p for p in payments if p["invoice"] == invoice["id"]), None)


def intent_of(desk: Desk, invoice: Json) -> Json:
    payment = payment_of(desk, invoice)
    if payment is None:
        raise invalid(f"Invoice {invoice['id']} has no payment.")
    return desk.get("payment_intent", payment["payment"]["payment_intent"])


def release(desk: Desk, invoice: Json) -> None:
    """Nobody shall pay this invoice any more."""
    payment = payment_of(desk, invoice)
    if payment is None or payment["status"] != "open":
        return
    moments = {**payment["status_transitions"], "canceled_at": desk.stamp()}
    desk.change(payment, status="canceled", status_transitions=moments)
    intent = intent_of(desk, invoice)
    if intent["status"] in _PAYABLE:
        cancel(desk, intent, "void_invoice")


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


def collect_in_vain(
    desk: Desk, invoice: Json, card: Json, code: str, *, last: bool = False
) -> Json:
    return close_try(desk, invoice, refuse(desk, intent_of(desk, invoice), card, code), last=last)


def collect_surely(desk: Desk, invoice: Json, card: Json) -> Json:
    return close_try(desk, invoice, take(desk, intent_of(desk, invoice), card))


def close_try(desk: Desk, invoice: Json, intent: Json, *, last: bool = False) -> Json:
    tried = {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    if intent["status"] == "succeeded":
        return _paid(desk, invoice, tried)
    automatic = invoice["collection_method"] == "charge_automatically" and not last
    again = desk.stamp(days=RETRY_AFTER_DAYS) if automatic else None
    invoice = desk.change(invoice, "invoice.updated", next_payment_attempt=again, **tried)
    needs = intent["last_payment_error"]["code"] == "authentication_required"
    desk.emit("invoice.payment_failed", invoice)
    if needs:
        desk.emit("invoice.payment_action_required", invoice)
    return invoice


def _paid(desk: Desk, invoice: Json, tried: Json) -> Json:
    payment = payment_of(desk, invoice)
    if payment:
        moments = {**payment["status_transitions"], "paid_at": desk.stamp()}
        desk.change(
            payment, "invoice_payment.paid", status="paid",
            amount_paid=payment["amount_requested"], status_transitions=moments,
        )  # fmt: skip
    return mark_paid(desk, invoice, **tried)


def mark_paid(desk: Desk, invoice: Json, **tried: Any) -> Json:
    moments = {**invoice["status_transitions"], "paid_at": desk.stamp()}
    invoice = desk.change(
        invoice, "invoice.updated", status="paid", amount_paid=invoice["amount_due"], amount_remaining=0,
        next_payment_attempt=None, status_transitions=moments, auto_advance=False, **tried,
    )  # fmt: skip
    desk.emit("invoice.paid", invoice)
    desk.emit("invoice.payment_succeeded", invoice)
    return invoice


def end(desk: Desk, invoice: Json, word: str, *, status: str) -> Json:
    """Voided, or marked uncollectible."""
    moments = {**invoice["status_transitions"], f"{word}_at": desk.stamp()}
    return desk.change(
        invoice, f"invoice.{word}", status=status, status_transitions=moments,
        next_payment_attempt=None, auto_advance=False,
    )  # fmt: skip


def declined(desk: Desk, invoice: Json) -> StripeError | None:
    if invoice["status"] == "paid":
        return None
    return card_declined(intent_of(desk, invoice)["last_payment_error"])
