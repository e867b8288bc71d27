"""What an event means to people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bridge.model.money import Money
from bridge.model.text import SafeText


class SignalClass(StrEnum):
    """How much a signal may interrupt, most first."""

    PAGE = "page"
    NOTIFY = "notify"
    GROUP = "group"
    DIGEST = "digest"

    @property
    def urgency(self) -> int:
        """0 is the most urgent: workers take lanes in this order."""
        return list(SignalClass).index(self)


class SubjectKind(StrEnum):
    CUSTOMER = "customer"
    DISPUTE = "dispute"
    CHANNEL = "channel"


@dataclass(frozen=True)
class Subject:
    """What a room is about. `id` is Stripe's, or a channel's name."""

    account: str
    kind: SubjectKind
    id: str

    @property
    def key(self) -> str:
        return f"{self.account}/{self.kind}/{self.id}"


@dataclass(frozen=True)
class Objects:
    """The Stripe ids a signal is about, as far as they are known."""

    customer: str | None = None
    payment_intent: str | None = None
    charge: str | None = None
    invoice: str | None = None
    subscription: str | None = None
    dispute: str | None = None
    refund: str | None = None
    payout: str | None = None
    payment_link: str | None = None
    checkout_session: str | None = None


class CardKind(StrEnum):
    """A payment is the bill: its invoice, PaymentIntents, charges and refunds are one."""

    PAYMENT = "payment"
    SUBSCRIPTION = "subscription"
    DISPUTE = "dispute"
    PAYOUT = "payout"


@dataclass(frozen=True)
class Move:
    """What an event says of one money object, and so of its card.

    `state` is where it takes the card, empty if nowhere; `before` is what it was, where the event tells.
    """

    kind: CardKind
    key: str
    state: str = ""
    before: str = ""
    #: Of several events that say the same of a card, the one that weighs most is believed.
    weight: int = 0
    #: Whether it is worth a card where there is none, and a line in its thread.
    tells: bool = True
    #: Stripe's status of a refund, if the event is about one.
    refund: str = ""
    #: What became of something that is only beside the card's object: its dispute, a credit note.
    aside: str = ""


@dataclass(frozen=True)
class Fact:
    """One line of a message: `label: value`. Personal ones are masked or left out by profile."""

    label: str
    value: SafeText
    personal: bool = False


@dataclass(frozen=True)
class Signal:
    account: str
    event_id: str
    type: str
    signal_class: SignalClass
    title: SafeText
    facts: tuple[Fact, ...]
    objects: Objects
    #: Signals with one key tell one story: a target hears it once, the rest goes to its thread.
    dedup_key: str
    occurred_at: datetime
    livemode: bool
    #: Within a story: events with one turn say the same, however many of them Stripe makes.
    turn: str = ""
    money: Money | None = None
    #: Why, in a few words that stand behind the amount in a title.
    reason: SafeText | None = None
    deadline: datetime | None = None
    customer_name: SafeText | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: What a person would open in Stripe's dashboard, as a path (`payments/pi_1`).
    dashboard_path: str | None = None
    known: bool = True
    #: The cards it belongs to; the first is the one that tells it.
    moves: tuple[Move, ...] = ()
