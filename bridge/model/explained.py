"""Why an event came to where it came, or came to nobody."""

from dataclasses import dataclass
from datetime import datetime

from bridge.model.signal import SignalClass
from bridge.model.text import SafeText


@dataclass(frozen=True)
class Rule:
    """One route as it was looked at; `but` says why it did not match, empty if it did."""

    name: str
    but: str
    to: tuple[str, ...]


@dataclass(frozen=True)
class Explained:
    """What the configuration makes of an event now. `rules` in their order, up to the one that was last."""

    title: SafeText
    type: str
    signal_class: SignalClass
    occurred_at: datetime
    known: bool
    rules: tuple[Rule, ...]
    #: The keys of the cards it belongs to.
    cards: tuple[str, ...]
    #: The action whose call to Stripe caused it, if one did.
    action: str | None
    destinations: tuple[str, ...]
