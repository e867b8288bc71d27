"""Subscriptions. One event type, `customer.subscription.updated`, tells many different turns."""

from collections.abc import Callable
from dataclasses import dataclass

from bridge.model.money import Money
from bridge.model.signal import CardKind, SignalClass
from bridge.model.words import Words
from bridge.notices.catalogue.lines import changed, code, day, line, text
from bridge.notices.catalogue.payments import FAILED, PAID
from bridge.notices.catalogue.row import Kind, Row
from bridge.notices.catalogue.seen import Seen, dig, first, first_id, first_text, money_in
from bridge.notices.phrases import CANCELLATIONS, FEEDBACK, SUBSCRIPTION_STATUS

SUBSCRIPTION = Kind(
    "subscription",
    objects={"subscription": "id", "customer": "customer", "invoice": "latest_invoice"},
    who="customer.name customer.email",
    email="customer.email",
    dashboard=("subscriptions/{subscription}",),
    card=CardKind.SUBSCRIPTION,
)
_ENDED = "subscription:{subscription}:ended"
_EACH_CHANGE = "subscription:{subscription}:{event}"


@dataclass(frozen=True)
class Turn:
    """What an update can mean; the first that is so is told."""

    is_so: Callable[[Seen], bool]
    title: str
    signal_class: SignalClass = SignalClass.NOTIFY
    story: str = _EACH_CHANGE
    next: str | None = None


def _became(*statuses: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.changed("status") and seen.code("status") in statuses


def _recovered(seen: Seen) -> bool:
    failed = seen.code_before("status") in {"past_due", "unpaid"}
    return failed and seen.code("status") == "active"


def _leaving(seen: Seen) -> bool:
    return seen.is_true("cancel_at_period_end") or seen.moment("cancel_at") is not None


def _leaving_changed(seen: Seen) -> bool:
    return seen.changed("cancel_at_period_end") or seen.changed("cancel_at")


def _collection_changed(seen: Seen) -> bool:
    return seen.changed("pause_collection")


def _collects(seen: Seen) -> bool:
    return seen.at("pause_collection") is None


def _plan_changed(seen: Seen) -> bool:
    """A renewal also changes the items: their period, not what is bought."""
    return seen.changed("items") and _bought(seen.before("items.data")) != _bought(
        seen.at("items.data")
    )


def _bought(items: object) -> list[tuple[str | None, int]]:
    each = items if isinstance(items, list) else []
    return [(first_id(item, "price plan"), _quantity(item)) for item in each]


def _quantity(item: object) -> int:
    quantity = dig(item, "quantity")
    return quantity if isinstance(quantity, int) else 1


TURNS = (
    Turn(
        _became("past_due"),
        "Subscription is behind with its payment",
        story=FAILED,
        next="Ask the customer for a card that works, before the tries run out.",
    ),
    Turn(
        _became("unpaid"),
        "Subscription unpaid",
        next="Stripe has stopped trying. Decide whether the customer keeps what they have.",
    ),
    Turn(_became("canceled", "incomplete_expired"), "Subscription ended", story=_ENDED),
    Turn(_recovered, "Subscription is paid again", SignalClass.GROUP, story=PAID),
    Turn(_became("active"), "Subscription is active", SignalClass.GROUP),
    Turn(_became("paused"), "Subscription paused", story="subscription:{subscription}:paused"),
    Turn(lambda seen: _leaving_changed(seen) and _leaving(seen), "Cancellation planned"),
    Turn(_leaving_changed, "Cancellation withdrawn"),
    Turn(
        lambda seen: _collection_changed(seen) and _collects(seen), "Payments are collected again"
    ),
    Turn(_collection_changed, "Collecting payments is paused"),
    Turn(_plan_changed, "Plan changed"),
    Turn(lambda seen: seen.changed("default_payment_method"), "Card for renewals changed"),
    Turn(lambda _: True, "Subscription updated", SignalClass.DIGEST),
)


def turn(seen: Seen) -> Turn:
    return next(one for one in TURNS if one.is_so(seen))


def price(seen: Seen) -> Money | None:
    """What one period costs, if a single item says so."""
    items = seen.at("items.data")
    return _price(items[0]) if isinstance(items, list) and len(items) == 1 else None


def _price(item: object) -> Money | None:
    each = first(item, "price.unit_amount plan.amount")
    if not isinstance(each, int):
        return None
    total = each * _quantity(item)
    return money_in({"m": total, "c": first(item, "price.currency plan.currency")}, "m", "c")


_COUNT = "price.recurring.interval_count"


def period(item: object) -> str | None:
    """`each month`, `every 3 months`."""
    unit, count = first_text(item, "price.recurring.interval"), dig(item, _COUNT)
    if unit not in {"day", "week", "month", "year"}:
        return None
    several = isinstance(count, int) and count > 1
    return f"every {count} {unit}s" if several else f"each {unit}"


def _how_often(seen: Seen) -> str | None:
    return period(seen.at("items.data.0")) if price(seen) else None


def _plan_change(seen: Seen) -> str | None:
    if not _plan_changed(seen):
        return None
    old, new = seen.before("items.data"), seen.at("items.data")
    told = tuple(_plans(items, seen.words) for items in (old, new))
    return None if told[0] == told[1] else " → ".join(told)


def _plans(items: object, words: Words) -> str:
    plans = [_plan(item, words) for item in items[:3]] if isinstance(items, list) else []
    return ", ".join(plans) or "nothing"


def _plan(item: object, words: Words) -> str:
    money, often = _price(item), period(item)
    name = dig(item, "price.nickname")
    shown = [
        name if isinstance(name, str) else None,
        words.money(money) if money else None,
        often,
    ]
    return " ".join(part for part in shown if part) or "a plan"


def _ends(seen: Seen) -> str | None:
    at = seen.moment("cancel_at") or seen.moment(
        "current_period_end items.data.0.current_period_end"
    )
    return seen.words.day(at) if at and _leaving(seen) else None


_PLAN = text("Plan", "items.data.0.price.nickname plan.nickname description")
_STATUS = changed("Status", "status", phrases=SUBSCRIPTION_STATUS)
_WHY = code("Why", "cancellation_details.reason", CANCELLATIONS)
_FEEDBACK = code("The customer says", "cancellation_details.feedback", FEEDBACK)
_COMMENT = text("In their words", "cancellation_details.comment", personal=True)


def _state(seen: Seen) -> str:
    return "canceled" if seen.event.type.endswith(".deleted") else seen.code("status")


def _bill(seen: Seen) -> str | None:
    """A renewal's failure, and its end, belong to the bill that is not paid."""
    return {FAILED: "failed", PAID: "paid"}.get(turn(seen).story)


def _tells(seen: Seen) -> bool:
    """A renewal moves the period: nothing that anybody must be told."""
    return turn(seen).signal_class is not SignalClass.DIGEST


ROWS = (
    Row(
        "customer.subscription.created",
        SUBSCRIPTION,
        SignalClass.GROUP,
        "New subscription",
        "subscription:{subscription}:created",
        reason=_how_often,
        lines=(
            _PLAN,
            code("Status", "status", SUBSCRIPTION_STATUS),
            day("On trial until", "trial_end"),
        ),
        money=price,
        state=_state,
    ),
    Row(
        "customer.subscription.updated",
        SUBSCRIPTION,
        SignalClass.NOTIFY,
        lambda seen: turn(seen).title,
        lambda seen: turn(seen).story,
        reason=_how_often,
        lines=(
            _PLAN,
            _STATUS,
            line("Change", _plan_change),
            line("Ends", _ends),
            day("Paused until", "pause_collection.resumes_at"),
            _FEEDBACK,
            _COMMENT,
        ),
        next=lambda seen: turn(seen).next,
        calmer=lambda seen: turn(seen).signal_class,
        money=price,
        state=_state,
        turn="{event}",
        bill=_bill,
        tells=_tells,
    ),
    Row(
        "customer.subscription.deleted",
        SUBSCRIPTION,
        SignalClass.NOTIFY,
        "Subscription ended",
        _ENDED,
        reason=_how_often,
        lines=(_PLAN, _WHY, _FEEDBACK, _COMMENT),
        money=price,
        state=_state,
    ),
    Row(
        "customer.subscription.paused",
        SUBSCRIPTION,
        SignalClass.NOTIFY,
        "Subscription paused",
        "subscription:{subscription}:paused",
        reason=_how_often,
        lines=(_PLAN,),
        next="The trial ended without a card: ask the customer for one.",
        money=price,
        state=_state,
        turn="{event}",
    ),
    Row(
        "customer.subscription.resumed",
        SUBSCRIPTION,
        SignalClass.GROUP,
        "Subscription goes on",
        _EACH_CHANGE,
        reason=_how_often,
        lines=(_PLAN,),
        money=price,
        state=_state,
    ),
    Row(
        "customer.subscription.trial_will_end",
        SUBSCRIPTION,
        SignalClass.GROUP,
        "Trial ends soon",
        "subscription:{subscription}:trial",
        reason=_how_often,
        lines=(_PLAN, day("Trial ends", "trial_end")),
        next="Check that a card is there for the first payment.",
        money=price,
        state=_state,
    ),
    Row(
        "customer.subscription.pending_update_applied",
        SUBSCRIPTION,
        SignalClass.DIGEST,
        "Planned change of a subscription made",
        _EACH_CHANGE,
        reason=_how_often,
        lines=(_PLAN,),
        money=price,
        state=_state,
    ),
    Row(
        "customer.subscription.pending_update_expired",
        SUBSCRIPTION,
        SignalClass.NOTIFY,
        "Planned change of a subscription lapsed",
        _EACH_CHANGE,
        reason=_how_often,
        lines=(_PLAN,),
        next="The payment for the change never came: the old plan stays.",
        money=price,
        state=_state,
    ),
)
