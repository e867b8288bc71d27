"""Trouble on order: the next requests that match fail in a chosen way."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

from .errors import StripeError
from .shapes import Json

#: kind → what it does, for the help page and for checking what was asked.
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lock_timeout": "429: the object is locked; nothing done",
        "rate_limited": "429 with Stripe-Rate-Limited-Reason (`reason`); nothing done",
        "conflict": "409; nothing done",
        "error": "500; nothing done",
        "refused": "the connection is closed without an answer; nothing done",
        "hold": "waits before doing anything until released (its idempotency key is in use meanwhile)",
        "error_after": "500, but it WAS done (and the 500 is what the idempotency key replays)",
        "cut": "done, and the answer's body breaks off in the middle",
        "silent": "done, and no answer comes until released",
    }
)
#: The kinds that strike after the request was executed.
AFTER: Final = frozenset({"error_after", "cut", "silent"})


@dataclass(frozen=True)
class Fault:
    kind: str
    method: str = "*"
    path: str = "*"
    times: int = 1
    reason: str = "endpoint-rate"
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are: {', '.join(KINDS)}")

    def strikes(self, method: str, path: str) -> bool:
        return fnmatchcase(method, self.method.upper()) and fnmatchcase(path, self.path)

    def as_json(self) -> Json:
        return asdict(self)


class Faults:
    def __init__(self) -> None:
        self._coming: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._coming.append(fault)

    def clear(self) -> None:
        self._coming.clear()

    def coming(self) -> list[Fault]:
        return list(self._coming)

    def take(self, method: str, path: str) -> Fault | None:
        for at, fault in enumerate(self._coming):
            if fault.strikes(method, path):
                left = replace(fault, times=fault.times - 1)
                self._coming[at : at + 1] = [left] if left.times > 0 else []
                return fault
        return None


def refusal(fault: Fault) -> StripeError | None:
    """The error that a fault answers with instead of doing anything."""
    match fault.kind:
        case "lock_timeout":
            return StripeError(429, _LOCKED, code="lock_timeout", headers=fault.headers)
        case "rate_limited":
            headers = {"Stripe-Rate-Limited-Reason": fault.reason, **fault.headers}
            return StripeError(429, _TOO_MANY, code="rate_limit", headers=headers)
        case "conflict":
            return StripeError(409, _CONFLICT, type="api_error", headers=fault.headers)
        case "error":
            return unexpected(fault)
    return None


def unexpected(fault: Fault) -> StripeError:
    return StripeError(500, _UNKNOWN, type="api_error", headers=fault.headers)


_LOCKED: Final = (
    "This object cannot be accessed right now because another API request or Stripe process is "
    "currently accessing it. If you see this error intermittently, retry the request. If you see "
    "this error frequently and are making multiple concurrent requests to a single object, make "
    "your requests serially or at a lower rate."
)
_TOO_MANY: Final = "Request rate limit exceeded. Learn more about rate limits in the documentation."
_CONFLICT: Final = "The request conflicts with another request. Please try again."
_UNKNOWN: Final = "An unknown error occurred."
