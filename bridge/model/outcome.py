"""What became of one try. A handler returns one of these; the worker settles by it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Delivered:
    """Done. `ref` is the other side's id for it (a Matrix event id), where there is one."""

    ref: str | None = None


@dataclass(frozen=True)
class Retry:
    """Not done, and worth another try: after the lane's own back-off, or after what was asked.

    `outage` says that the target itself is away or asks to wait: that costs the delivery no attempt.
    """

    reason: str
    after: timedelta | None = None
    outage: bool = False


@dataclass(frozen=True)
class NotYet(Retry):
    """Not tried: the sender's own budget is spent until `after`. No failure, so nothing is counted or told."""


@dataclass(frozen=True)
class Unknown:
    """Nobody can tell. It is tried once more, and that message says it may be a repetition."""

    reason: str


@dataclass(frozen=True)
class Dead:
    """Not done, and no further try would change that."""

    reason: str


@dataclass(frozen=True)
class Refused(Dead):
    """The homeserver said no to this one; `code` is its `errcode`, or empty."""

    code: str = ""


Outcome = Delivered | Retry | Unknown | Dead


def word(outcome: Outcome) -> str:
    """`delivered`, `retry`, `unknown` or `dead`."""
    kinds = (Delivered, Retry, Unknown, Dead)
    return next(kind.__name__.lower() for kind in kinds if isinstance(outcome, kind))
