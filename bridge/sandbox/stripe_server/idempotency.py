"""Idempotency keys: the same request again gets the same answer again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .errors import StripeError, invalid
from .shapes import Json

_KEPT_FOR: Final = timedelta(hours=24)
_LONGEST: Final = 255


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json
    request: str


@dataclass(frozen=True)
class _Entry:
    asked: tuple[str, str, str]
    at: datetime
    answer: Answer | None = None


class Idempotency:
    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def recall(self, key: str, asked: tuple[str, str, str], now: datetime) -> Answer | None:
        """The answer given before; None for a key never seen (or seen more than a day ago)."""
        if len(key) > _LONGEST:
            raise invalid(f"Idempotency keys can have up to {_LONGEST} characters.")
        entry = self._entries.get(key)
        if entry is None or now - entry.at > _KEPT_FOR:
            return None
        if entry.asked != asked:
            raise StripeError(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
                type="idempotency_error",
            )
        if entry.answer is None:
            raise in_use(key)
        return entry.answer

    def forget(self, key: str | None = None) -> int:
        """End the life of one key, or of all of them; what is still being worked on stays."""
        ended = [k for k, e in self._entries.items() if key in {None, k} and e.answer is not None]
        for name in ended:
            del self._entries[name]
        return len(ended)

    def begin(self, key: str, asked: tuple[str, str, str], now: datetime) -> None:
        self._entries[key] = _Entry(asked, now)

    def finish(self, key: str, answer: Answer) -> None:
        entry = self._entries[key]
        self._entries[key] = _Entry(entry.asked, entry.at, answer)


def in_use(key: str) -> StripeError:
    return StripeError(
        409,
        "There is currently another in-progress request using this Idempotent Key (that probably "
        "means you submitted twice, and the other request is still going through): "
        f"{key}. Please try again later.",
        type="idempotency_error",
        code="idempotency_key_in_use",
    )
