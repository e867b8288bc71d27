"""What can become of a money object, and so of its card: one state machine a kind. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from bridge.model.signal import CardKind

#: Of several states within one second, the one that stands further down was reached later.
_ORDER: Mapping[CardKind, tuple[str, ...]] = {
    CardKind.PAYMENT: (
        "unissued",
        "open",
        "overdue",
        "authorised",
        "processing",
        "action",
        "failed",
        "given-up",
        "uncollectible",
        "canceled",
        "expired",
        "voided",
        "paid",
    ),
    CardKind.DISPUTE: (
        "warning_needs_response",
        "warning_under_review",
        "warning_closed",
        "needs_response",
        "under_review",
        "charge_refunded",
        "prevented",
        "lost",
        "appeal_needs_response",
        "appeal_under_review",
        "won",
    ),
    CardKind.PAYOUT: ("pending", "in_transit", "canceled", "paid", "failed"),
    CardKind.SUBSCRIPTION: (
        "incomplete",
        "trialing",
        "active",
        "past_due",
        "unpaid",
        "paused",
        "incomplete_expired",
        "canceled",
    ),
}
_ANY = frozenset[str]()
_AFTER_AN_INQUIRY = frozenset({"needs_response", "under_review", "won", "lost", "charge_refunded"})
#: States that cannot be left for every other: where they may still lead. All others may lead anywhere.
_ONLY_TO: Mapping[CardKind, Mapping[str, frozenset[str]]] = {
    CardKind.PAYMENT: {
        "given-up": frozenset({"processing", "action", "uncollectible", "voided", "paid"}),
        "uncollectible": frozenset({"voided", "paid"}),
        "canceled": frozenset({"voided", "paid"}),
        "expired": _ANY,
        "voided": _ANY,
        "paid": _ANY,
    },
    CardKind.DISPUTE: {
        "warning_under_review": _AFTER_AN_INQUIRY | {"warning_closed", "prevented"},
        "warning_closed": _AFTER_AN_INQUIRY,
        "needs_response": _AFTER_AN_INQUIRY | {"prevented"},
        "under_review": frozenset({"won", "lost", "charge_refunded", "prevented"}),
        "charge_refunded": frozenset({"won", "lost"}),
        "prevented": _ANY,
        # A bank may give in late, and some let an appeal be made.
        "lost": frozenset({"won", "appeal_needs_response", "appeal_under_review"}),
        "appeal_needs_response": frozenset({"appeal_under_review", "won", "lost"}),
        "appeal_under_review": frozenset({"won", "lost"}),
        "won": _ANY,
    },
    CardKind.PAYOUT: {
        "in_transit": frozenset({"canceled", "paid", "failed"}),
        "canceled": _ANY,
        # The bank may send it back days after it was paid.
        "paid": frozenset({"failed"}),
        "failed": _ANY,
    },
    CardKind.SUBSCRIPTION: {"canceled": _ANY, "incomplete_expired": _ANY},
}


#: Nothing follows by itself any more; what still may come is the world's exception.
_OVER: Mapping[CardKind, frozenset[str]] = {
    CardKind.PAYMENT: frozenset({"uncollectible", "canceled", "expired", "voided", "paid"}),
    CardKind.DISPUTE: frozenset({"warning_closed", "charge_refunded", "prevented", "lost", "won"}),
    CardKind.PAYOUT: frozenset({"canceled", "paid", "failed"}),
    CardKind.SUBSCRIPTION: frozenset({"incomplete_expired", "canceled"}),
}


@dataclass(frozen=True)
class Reached:
    """An event's word on the state, and on the one before where it tells; `event` breaks ties."""

    at: datetime
    state: str
    before: str
    event: str


def stage(kind: CardKind, state: str) -> int:
    """How far on in its life; -1 for what is not known to be part of it."""
    return _ORDER[kind].index(state) if state in _ORDER[kind] else -1


def is_over(kind: CardKind, state: str) -> bool:
    return state in _OVER[kind]


def may_follow(kind: CardKind, old: str, new: str) -> bool:
    only = _ONLY_TO[kind].get(old)
    return only is None or new in only


def state_of(kind: CardKind, all_reached: Iterable[Reached]) -> str:
    """Whatever order they came in, and however often: empty if none tells a state."""
    state = ""
    for reached in _in_order(kind, all_reached):
        if reached.state != state and (not state or may_follow(kind, state, reached.state)):
            state = reached.state
    return state


def _in_order(kind: CardKind, all_reached: Iterable[Reached]) -> list[Reached]:
    """By Stripe's clock, which counts seconds; within one, by what each says was before it."""
    waiting = sorted(
        all_reached, key=lambda one: (one.at, stage(kind, one.state), one.state, one.event)
    )
    ordered: list[Reached] = []
    for _, together in groupby(waiting, key=lambda one: one.at):
        ordered += _of_a_second(list(together))
    return ordered


def _of_a_second(waiting: list[Reached]) -> list[Reached]:
    ordered: list[Reached] = []
    while waiting:
        later = {one.event for one in waiting if _follows_another(one, waiting)}
        first = next((one for one in waiting if one.event not in later), waiting[0])
        ordered.append(first)
        waiting.remove(first)
    return ordered


def _follows_another(one: Reached, waiting: list[Reached]) -> bool:
    return bool(one.before) and any(other.state == one.before != one.state for other in waiting)
