"""Refunds: made, still under way, failed."""

from bridge.model.money import Money
from bridge.model.signal import CardKind, SignalClass
from bridge.notices.catalogue.lines import code, line, text, words_for
from bridge.notices.catalogue.links import CHARGE_LINKS, EMAIL, NAME, Lookup
from bridge.notices.catalogue.payments import PAYMENT_PAGE
from bridge.notices.catalogue.row import Kind, Row
from bridge.notices.catalogue.seen import Seen, money_in
from bridge.notices.phrases import REFUND_FAILURES, REFUND_REASONS, REFUND_WAITS

REFUND = Kind(
    "refund",
    objects={
        "refund": "id",
        "charge": "charge",
        "payment_intent": "payment_intent charge.payment_intent",
        "customer": "customer charge.customer",
    },
    dashboard=PAYMENT_PAGE,
    card=CardKind.PAYMENT,
    weight=1,
)
REFUNDED_CHARGE = Kind(
    "charge",
    objects={**CHARGE_LINKS, "refund": "refunds.data.0"},
    who=NAME,
    email=EMAIL,
    dashboard=PAYMENT_PAGE,
    card=CardKind.PAYMENT,
)

#: Pending and succeeded are one story: `charge.refunded` comes with either and does not say which.
MADE = "refund:{refund}:made"
_TITLES = {
    "pending": "Refund under way",
    "requires_action": "Refund waits for the customer",
    "failed": "Refund failed",
    "canceled": "Refund cancelled",
}


def _title(seen: Seen) -> str:
    return _TITLES.get(seen.code("status"), "Refunded")


def _story(seen: Seen) -> str:
    ended = seen.code("status") in {"failed", "canceled"}
    return "refund:{refund}:{status}" if ended else MADE


def _failed_pages(seen: Seen) -> SignalClass | None:
    return None if seen.code("status") == "failed" else SignalClass.GROUP


def _next(seen: Seen) -> str | None:
    return {
        "failed": "The customer has no money, your balance has it again. "
        "Agree on another way to pay it back.",
        "requires_action": "The customer must give their bank details: Stripe has asked by e-mail.",
    }.get(seen.code("status"))


def _why(seen: Seen) -> str | None:
    if seen.code("status") == "failed":
        return words_for("failure_reason", REFUND_FAILURES)(seen)
    return words_for("reason", REFUND_REASONS)(seen)


def _this_time(seen: Seen) -> Money | None:
    """What this refund moved; the charge itself only has the sum of all."""
    total, before = seen.number("amount_refunded"), seen.before("amount_refunded")
    minor = total - before if isinstance(before, int) else total
    return money_in({"amount": minor, "currency": seen.at("currency")}, "amount", "currency")


def _of_how_much(seen: Seen) -> str | None:
    whole = seen.amount("amount")
    if seen.is_true("refunded"):
        return f"all of {whole} is paid back" if whole else None
    back = seen.amount("amount_refunded")
    return f"{back} of {whole} is paid back" if whole and back else None


_WAITS = code("Why it takes time", "pending_reason", REFUND_WAITS)


def _refunded_because(seen: Seen) -> str | None:
    """Where the title tells why it failed."""
    failed = seen.code("status") == "failed"
    return words_for("reason", REFUND_REASONS)(seen) if failed else None


_REASON = line("Refunded because", _refunded_because)


def _refund_row(event_type: str) -> Row:
    return Row(
        event_type,
        REFUND,
        SignalClass.PAGE,
        _title,
        _story,
        reason=_why,
        lines=(_WAITS, _REASON),
        next=_next,
        calmer=_failed_pages,
        needs=(Lookup.CHARGE, Lookup.INVOICE_OF_PAYMENT),
    )


ROWS = (
    _refund_row("refund.created"),
    _refund_row("refund.updated"),
    _refund_row("refund.failed"),
    _refund_row("charge.refund.updated"),
    Row(
        "charge.refunded",
        REFUNDED_CHARGE,
        SignalClass.GROUP,
        "Refunded",
        MADE,
        lines=(line("So far", _of_how_much), text("For", "description")),
        needs=(Lookup.REFUNDS_OF_CHARGE, Lookup.INVOICE_OF_PAYMENT),
        money=_this_time,
    ),
)
