"""Invoices, what is paid of them, and credit notes."""

from bridge.model.signal import CardKind, SignalClass
from bridge.notices.catalogue.lines import amount, code, day, line, text, words_for
from bridge.notices.catalogue.links import INVOICE_LINKS, Lookup
from bridge.notices.catalogue.payments import FAILED, PAID
from bridge.notices.catalogue.row import Kind, Row
from bridge.notices.catalogue.seen import Seen, dig, moment_in, money_in
from bridge.notices.phrases import CREDIT_REASONS

INVOICE = Kind(
    "invoice",
    objects=INVOICE_LINKS,
    money="amount_due",
    who="customer_name customer_email",
    email="customer_email",
    dashboard=("invoices/{invoice}",),
    card=CardKind.PAYMENT,
    weight=5,
)
INVOICE_PAYMENT = Kind(
    "invoice_payment",
    objects={
        "invoice": "invoice",
        "payment_intent": "payment.payment_intent",
        "charge": "payment.charge",
        "customer": "invoice.customer",
    },
    money="amount_paid amount_requested",
    dashboard=("invoices/{invoice}",),
    card=CardKind.PAYMENT,
    weight=4,
)
CREDIT_NOTE = Kind(
    "credit_note",
    objects={"customer": "customer", "invoice": "invoice", "refund": "refund refunds.0.refund"},
    money="total amount",
    dashboard=("credit_notes/{id}", "invoices/{invoice}"),
    card=CardKind.PAYMENT,
)


def _gave_up(seen: Seen) -> bool:
    """No further try is planned after at least one that failed before."""
    automatic = seen.code("collection_method") != "send_invoice"
    return automatic and seen.number("attempt_count") > 1 and not seen.moment(_NEXT_TRY)


def _failed(seen: Seen) -> str:
    if _gave_up(seen):
        return "Payment failed for the last time"
    renewal = seen.code("billing_reason") == "subscription_cycle"
    return "Renewal failed" if renewal else "Invoice payment failed"


def _failed_story(seen: Seen) -> str:
    return f"{FAILED}:given-up" if _gave_up(seen) else FAILED


def _failed_state(seen: Seen) -> str:
    return "given-up" if _gave_up(seen) else "failed"


def _paid(seen: Seen) -> str:
    renewal = seen.code("billing_reason") == "subscription_cycle"
    return "Renewal paid" if renewal else "Invoice paid"


def _failed_next(seen: Seen) -> str:
    if _gave_up(seen):
        return "Stripe won't try again. Ask the customer to pay, or let the subscription end."
    if seen.moment(_NEXT_TRY):
        return "Stripe tries again by itself; a new card from the customer helps."
    return "Ask the customer to pay, another way if need be."


def _note_state(seen: Seen) -> str:
    return seen.code("status")


def _tries(seen: Seen) -> str | None:
    """How many there will be is known only with the last one: Stripe plans from one to the next."""
    tries, again = seen.number("attempt_count"), seen.moment(_NEXT_TRY)
    if not tries:
        return None
    if _gave_up(seen):
        return f"{tries} of {tries}"
    return f"{tries}; next try {seen.words.moment(again)}" if again else str(tries)


def _at_stake(seen: Seen) -> str | None:
    """What a period of the subscription brings, as the invoice's line has it."""
    line = seen.at("lines.data.0")
    start, end = (moment_in(dig(line, f"period.{side}")) for side in ("start", "end"))
    price = money_in(line, "amount", "currency")
    if not seen.objects.subscription or price is None or start is None or end is None:
        return None
    often = next((word for days, word in _PERIODS if (end - start).days in days), "")
    return f"{seen.words.money(price)} {often}".strip()


def _overpaid_by(seen: Seen) -> str | None:
    more = seen.amount("amount_overpaid")
    return f"{more} too much" if more else None


#: How long months and years are.
_PERIODS = (
    (range(7, 8), "each week"),
    (range(28, 32), "each month"),
    (range(365, 367), "each year"),
)
_NEXT_TRY = "next_payment_attempt"
_NUMBER = text("Invoice", "number")
_FOR = text("For", "lines.data.0.description description")
_DUE = day("Due", "due_date")
_ATTEMPT = line("Attempt", _tries)

ROWS = (
    Row(
        "invoice.payment_failed",
        INVOICE,
        SignalClass.NOTIFY,
        _failed,
        _failed_story,
        lines=(_NUMBER, _FOR, _ATTEMPT, line("At stake", _at_stake)),
        next=_failed_next,
        money="amount_remaining amount_due",
        turn="{try}",
        state=_failed_state,
    ),
    Row(
        "invoice.payment_action_required",
        INVOICE,
        SignalClass.NOTIFY,
        "Customer must confirm a payment",
        "payment:{bill}:action",
        lines=(_NUMBER, _FOR, _ATTEMPT),
        next="Until the customer confirms with their bank, the invoice stays unpaid. "
        "Send them the invoice's page.",
        money="amount_remaining amount_due",
        turn="{try}",
        state="action",
    ),
    Row(
        "invoice.payment_attempt_required",
        INVOICE,
        SignalClass.NOTIFY,
        "Invoice must be charged by you",
        "invoice:{invoice}:attempt",
        lines=(_NUMBER, _FOR, _DUE),
        next="Stripe does not collect this one by itself: start the payment.",
        money="amount_remaining amount_due",
        state="open",
    ),
    Row(
        "invoice.finalization_failed",
        INVOICE,
        SignalClass.NOTIFY,
        "Invoice could not be issued",
        "invoice:{invoice}:unissued",
        reason=words_for("last_finalization_error.code", {}),
        lines=(text("Stripe says", "last_finalization_error.message"), _FOR),
        next="Mend what Stripe names, then finalise the invoice. Until then nobody is charged.",
        turn="{event}",
        state="unissued",
    ),
    Row(
        "invoice.finalized",
        INVOICE,
        SignalClass.DIGEST,
        "Invoice issued",
        "invoice:{invoice}:issued",
        lines=(_NUMBER, _FOR, _DUE),
        state="open",
    ),
    Row(
        "invoice.sent",
        INVOICE,
        SignalClass.GROUP,
        "Invoice sent",
        "invoice:{invoice}:issued",
        lines=(_NUMBER, _FOR, _DUE),
        state="open",
    ),
    Row(
        "invoice.paid",
        INVOICE,
        SignalClass.DIGEST,
        _paid,
        PAID,
        lines=(_NUMBER, _FOR),
        money="amount_paid",
        state="paid",
    ),
    Row(
        "invoice.payment_succeeded",
        INVOICE,
        SignalClass.DIGEST,
        _paid,
        PAID,
        lines=(_NUMBER, _FOR),
        money="amount_paid",
        state="paid",
    ),
    Row(
        "invoice_payment.paid",
        INVOICE_PAYMENT,
        SignalClass.DIGEST,
        "Payment of an invoice received",
        PAID,
        needs=(Lookup.INVOICE,),
    ),
    Row(
        "invoice.overdue",
        INVOICE,
        SignalClass.NOTIFY,
        "Invoice overdue",
        "invoice:{invoice}:overdue",
        lines=(_NUMBER, _FOR, day("Was due", "due_date")),
        next="Remind the customer.",
        money="amount_remaining",
        state="overdue",
    ),
    Row(
        "invoice.will_be_due",
        INVOICE,
        SignalClass.GROUP,
        "Invoice due soon",
        "invoice:{invoice}:due",
        lines=(_NUMBER, _FOR, _DUE),
        money="amount_remaining",
        state="open",
    ),
    Row(
        "invoice.overpaid",
        INVOICE,
        SignalClass.NOTIFY,
        "Invoice overpaid",
        "invoice:{invoice}:overpaid",
        reason=_overpaid_by,
        lines=(_NUMBER, amount("Asked for", "amount_due")),
        next="Pay the difference back, or credit it to the customer.",
        money="amount_paid",
    ),
    Row(
        "invoice.voided",
        INVOICE,
        SignalClass.GROUP,
        "Invoice voided",
        "invoice:{invoice}:voided",
        lines=(_NUMBER, _FOR),
        state="voided",
    ),
    Row(
        "invoice.marked_uncollectible",
        INVOICE,
        SignalClass.NOTIFY,
        "Invoice given up as uncollectible",
        "invoice:{invoice}:uncollectible",
        lines=(_NUMBER, _FOR),
        money="amount_remaining",
        state="uncollectible",
    ),
    Row(
        "credit_note.created",
        CREDIT_NOTE,
        SignalClass.GROUP,
        "Credit note issued",
        "credit_note:{id}:issued",
        reason=words_for("reason", CREDIT_REASONS),
        lines=(text("Credit note", "number"), text("Memo", "memo", personal=True)),
        aside=_note_state,
    ),
    Row(
        "credit_note.updated",
        CREDIT_NOTE,
        SignalClass.DIGEST,
        "Credit note updated",
        "credit_note:{id}:updated:{event}",
        lines=(text("Credit note", "number"), text("Memo", "memo", personal=True)),
        aside=_note_state,
    ),
    Row(
        "credit_note.voided",
        CREDIT_NOTE,
        SignalClass.GROUP,
        "Credit note voided",
        "credit_note:{id}:voided",
        lines=(
            text("Credit note", "number"),
            code("Reason", "reason", CREDIT_REASONS),
        ),
        aside=_note_state,
    ),
)
