"""A card: what is known of one money object, as a set of what Stripe's events said of it. Pure.

Everything a card shows follows from that set. So it is the same whatever order the events come in,
and however often: a late one fills in what was missing and moves nothing back.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from bridge.model.money import Money
from bridge.model.signal import CardKind, Fact, Move, Objects, Signal, SignalClass
from bridge.model.text import SafeText
from bridge.notices.card_states import Reached, stage, state_of

#: A subscription lives for years: what is older than so many tellings has told its part.
MOST = 60
_TRY = re.compile(r"^invoice\.payment_failed:.*:(\d+)$")


@dataclass(frozen=True)
class Said:
    """What one event said; `news` is what it is news of: events with one `news` say the same."""

    event: str
    type: str
    turn: str
    news: str
    at: datetime
    weight: int
    tells: bool
    state: str
    before: str
    signal_class: SignalClass
    title: SafeText
    reason: SafeText | None
    money: Money | None
    who: SafeText | None
    facts: tuple[Fact, ...]
    objects: Objects
    refund: str
    page: str | None
    aside: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            **vars(self),
            "at": self.at.isoformat(),
            "money": dict(vars(self.money)) if self.money else None,
            "facts": [dict(vars(fact)) for fact in self.facts],
            "objects": dict(vars(self.objects)),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        money = data["money"]
        return cls(
            **{
                **data,
                "at": datetime.fromisoformat(data["at"]),
                "signal_class": SignalClass(data["signal_class"]),
                "money": Money(**money) if money else None,
                "facts": tuple(Fact(**fact) for fact in data["facts"]),
                "objects": Objects(**data["objects"]),
            }
        )


@dataclass(frozen=True)
class Card:
    """`said` is in Stripe's order, with each turn once."""

    account: str
    kind: CardKind
    key: str
    livemode: bool
    said: tuple[Said, ...]

    @cached_property
    def state(self) -> str:
        return state_of(
            self.kind,
            (Reached(one.at, one.state, one.before, one.turn) for one in self.said if one.state),
        )

    @cached_property
    def objects(self) -> Objects:
        """Of each kind the newest: a retry has another charge. A payment's dispute has its own card."""
        known: dict[str, str | None] = {}
        for one in sorted(self.said, key=lambda one: (one.at, bool(one.state), one.weight)):
            known |= {name: value for name, value in vars(one.objects).items() if value}
        if self.kind is CardKind.PAYMENT:
            known.pop("dispute", None)
        return Objects(**known)

    @cached_property
    def history(self) -> tuple[Said, ...]:
        """What is worth a line, each news once and in the words of the event that knows best."""
        best: dict[str, Said] = {}
        for one in self.said:
            known = best.get(one.news)
            if one.tells and (known is None or one.weight > known.weight):
                best[one.news] = one
        return tuple(best.values())

    def to_json(self) -> dict[str, Any]:
        return {"livemode": self.livemode, "said": [one.to_json() for one in self.said]}

    @classmethod
    def from_json(cls, account: str, kind: str, key: str, data: Mapping[str, Any]) -> Self:
        said = tuple(Said.from_json(one) for one in data["said"])
        return cls(account, CardKind(kind), key, data["livemode"], said)


def advance(card: Card | None, signal: Signal, move: Move) -> Card:
    """The card with what the signal says of it; the same card if that was known."""
    if card is None:
        card = Card(signal.account, move.kind, move.key, signal.livemode, ())
    return replace(card, said=_merged(card.kind, [*card.said, _said(signal, move)]))


def _merged(kind: CardKind, said: Iterable[Said]) -> tuple[Said, ...]:
    """Two events of one turn say the same: the first of them stands for both."""
    ordered = sorted(said, key=lambda one: (one.at, *_place(kind, one), one.turn, one.event))
    once: dict[str, Said] = {}
    for one in ordered:
        once.setdefault(one.turn, one)
    return tuple(once.values())[-MOST:]


def _place(kind: CardKind, said: Said) -> tuple[bool, int, int]:
    """Within a second: what happened to the bill before what its subscription made of it."""
    foreign = kind is CardKind.PAYMENT and said.type.startswith("customer.subscription.")
    return foreign, stage(kind, said.state), said.weight


def _said(signal: Signal, move: Move) -> Said:
    return Said(
        event=signal.event_id,
        type=signal.type,
        turn=signal.turn or signal.event_id,
        news=_news(signal, move),
        at=signal.occurred_at,
        weight=move.weight,
        tells=move.tells and not _is_an_invoices(signal, move),
        state=move.state,
        before=move.before,
        signal_class=signal.signal_class,
        title=signal.title,
        reason=signal.reason,
        money=signal.money,
        who=signal.customer_name,
        facts=signal.facts,
        objects=signal.objects,
        refund=move.refund,
        page=signal.dashboard_path,
        aside=move.aside,
    )


def _is_an_invoices(signal: Signal, move: Move) -> bool:
    """That a bill is paid is told by the bill itself, not by each of its payments."""
    paid = move.state == "paid" or signal.type == "invoice_payment.paid"
    own = signal.type.startswith(("invoice.", "customer."))
    return paid and signal.objects.invoice is not None and not own


def _news(signal: Signal, move: Move) -> str:
    """Charge and PaymentIntent of one try say the same; of being paid, all say the same."""
    if signal.type.startswith("customer.subscription."):
        return signal.turn or signal.event_id
    if move.kind is CardKind.PAYMENT:
        tried = _TRY.match(signal.turn)
        match move.state:
            case "paid" | "open" | "voided" | "canceled":
                return move.state
            case "failed" | "given-up" if tried:
                return f"failed:try:{tried[1]}"
            case "failed" if signal.objects.charge:
                return f"failed:{signal.objects.charge}"
        if signal.objects.refund:
            return signal.dedup_key
    if move.kind is CardKind.PAYOUT and move.state:
        return move.state
    return signal.turn or signal.event_id
