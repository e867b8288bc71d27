"""Warnings before a dispute, reviews, and money that Stripe holds back."""

from bridge.model.signal import CardKind, SignalClass
from bridge.notices.catalogue.lines import code, deadline, line, words_for
from bridge.notices.catalogue.links import Lookup
from bridge.notices.catalogue.payments import PAYMENT_PAGE
from bridge.notices.catalogue.row import Kind, Row
from bridge.notices.catalogue.seen import Seen
from bridge.notices.phrases import FRAUD_TYPES, REVIEW_CLOSED, REVIEW_OPENED

WARNING = Kind(
    "radar.early_fraud_warning",
    objects={
        "charge": "charge",
        "payment_intent": "payment_intent charge.payment_intent",
        "customer": "charge.customer",
    },
    money="charge.amount",
    currency="charge.currency",
    dashboard=PAYMENT_PAGE,
    card=CardKind.PAYMENT,
)
REVIEW = Kind(
    "review",
    objects=WARNING.objects,
    money="charge.amount",
    currency="charge.currency",
    dashboard=PAYMENT_PAGE,
)
RESERVE_HOLD = Kind(
    "reserve.hold",
    objects={"charge": "source_charge", "payment_intent": "source_charge.payment_intent"},
    dashboard=("balance/overview",),
)
RESERVE_PLAN = Kind("reserve.plan", money="", dashboard=("balance/overview",))


def _warning_next(seen: Seen) -> str:
    if seen.at("actionable") is False:
        return "Nothing: it is refunded or disputed already."
    return "Reply `refund` in the room if it looks like fraud: most warnings become disputes, with a fee."


def _actionable(seen: Seen) -> str | None:
    return None if seen.at("actionable") is False else "actionable"


def _percent(seen: Seen) -> str | None:
    percent = seen.number("percent")
    return f"{percent} % of what comes in" if percent else None


def _released(seen: Seen) -> str | None:
    days = seen.number("rolling_release.days_after_charge")
    return {
        "fixed_release": "on a fixed day",
        "manual_release": "when Stripe decides",
        "rolling_release": f"{days or 'some'} days after each payment",
    }.get(seen.code("type"))


def _review_title(seen: Seen) -> str:
    return "Review closed" if seen.at("open") is False else "Review reopened"


_KIND = words_for("fraud_type", FRAUD_TYPES)

ROWS = (
    Row(
        "radar.early_fraud_warning.created",
        WARNING,
        SignalClass.PAGE,
        "Early fraud warning",
        "fraud_warning:{id}:created",
        reason=_KIND,
        next=_warning_next,
        needs=(Lookup.CHARGE, Lookup.INVOICE_OF_PAYMENT),
        aside=_actionable,
    ),
    Row(
        "radar.early_fraud_warning.updated",
        WARNING,
        SignalClass.GROUP,
        "Early fraud warning updated",
        "fraud_warning:{id}:{event}",
        reason=_KIND,
        next=_warning_next,
        needs=(Lookup.CHARGE, Lookup.INVOICE_OF_PAYMENT),
        aside=_actionable,
    ),
    Row(
        "review.opened",
        REVIEW,
        SignalClass.NOTIFY,
        "Payment waits for a review",
        "review:{id}:opened",
        reason=words_for("opened_reason", REVIEW_OPENED),
        next="Approve it, or refund it if it looks like fraud.",
        needs=(Lookup.CHARGE,),
    ),
    Row(
        "review.closed",
        REVIEW,
        SignalClass.GROUP,
        _review_title,
        "review:{id}:closed",
        reason=words_for("closed_reason reason", REVIEW_CLOSED),
        needs=(Lookup.CHARGE,),
    ),
    Row(
        "reserve.hold.created",
        RESERVE_HOLD,
        SignalClass.PAGE,
        "Stripe holds money back",
        "reserve:{id}:held",
        lines=(
            code("Because of", "reason", {"charge": "one payment", "standalone": "the account"}),
            deadline("Released after", "release_schedule.release_after"),
        ),
        next="Payouts are smaller until it is released. Ask Stripe if the reason is not clear.",
    ),
    Row(
        "reserve.plan.created",
        RESERVE_PLAN,
        SignalClass.PAGE,
        "Stripe starts to hold money back",
        "reserve:{id}:planned",
        reason=_percent,
        lines=(
            line("Released", _released),
            deadline("Released on", "fixed_release.release_after"),
        ),
        next="Plan for smaller payouts. Stripe's e-mail tells why.",
    ),
)
