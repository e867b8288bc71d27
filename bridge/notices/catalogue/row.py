"""What a row of the catalogue says about one event type."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bridge.model.money import Money
from bridge.model.signal import CardKind, Fact, SignalClass
from bridge.notices.catalogue.links import Lookup
from bridge.notices.catalogue.seen import Paths, Seen, Telling

#: A line of the message, or several, or none.
Line = Callable[[Seen], Iterable[Fact]]
#: The class of this very event, where it is another than the type's; None where it is not.
Calmer = Callable[[Seen], SignalClass | None]


def _never(_: Seen) -> None:
    return None


def _always(_: Seen) -> bool:
    return True


@dataclass(frozen=True)
class Kind:
    """One kind of Stripe object: where in it stands what every event about it needs."""

    name: str
    #: Fields of `Objects` and the paths to their ids.
    objects: Mapping[str, Paths] = field(default_factory=dict)
    money: Paths = "amount"
    currency: Paths = "currency"
    #: What a customer is called, and their address: personal.
    who: Paths = ""
    email: Paths = ""
    deadline: Callable[[Seen], datetime | None] = _never
    #: The page in Stripe's dashboard, with names as in `Seen.fill`; the first that can be filled.
    dashboard: tuple[str, ...] = ()
    #: The card that tells of it, and how much its events weigh there; see `Move`.
    card: CardKind | None = None
    weight: int = 0


@dataclass(frozen=True)
class Row:
    """`title` names no amount and no person: they are added where the reader may see them.

    `story` is the dedup key behind the account's name, with names as in `Seen.fill`.
    """

    type: str
    kind: Kind
    signal_class: SignalClass
    title: str | Telling
    story: str | Telling
    #: A few words behind the amount: why, or how much is left.
    reason: Telling | None = None
    lines: tuple[Line, ...] = ()
    #: What to do about it.
    next: str | Telling | None = None
    calmer: Calmer = _never
    needs: tuple[Lookup, ...] = ()
    #: What tells repeated events about one object apart, beside its status; as in `Seen.fill`.
    turn: str = ""
    #: The amount, if it is not the one the kind has.
    money: Paths | Callable[[Seen], Money | None] = ""
    #: Where it takes its card; None if it only adds to it.
    state: str | Telling | None = None
    #: What it says of another card than its kind's, which then tells it: `payment` and a state.
    bill: Telling | None = None
    #: What it says of something beside the card's object.
    aside: Telling | None = None
    #: Whether the payment's card knows of it too, by a fact and without a line in its thread.
    beside_payment: bool = False
    #: Whether it is worth a line in its card's thread.
    tells: Callable[[Seen], bool] = _always


def told(what: str | Telling | None, seen: Seen) -> str | None:
    return what(seen) if callable(what) else what
