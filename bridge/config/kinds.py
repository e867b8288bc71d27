"""The kinds of values in the configuration: names, addresses, durations, secrets."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, BeforeValidator, SecretStr

from bridge.model.verbs import VERBS

#: In place of a role: all people.
EVERYONE = "*"

_DURATION = re.compile(r"^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$", re.ASCII)
_DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


@dataclass(frozen=True)
class Form:
    """What a text must look like, as a pattern for the program and in words for people."""

    pattern: str
    words: str
    longest: int = 255

    def __call__(self, text: str) -> str:
        if len(text) > self.longest or not re.fullmatch(self.pattern, text):
            raise ValueError(f"should be {self.words}")
        return text


def _duration(value: object) -> object:
    """`1h30m` as a `timedelta`; ISO texts (`PT90S`) and timedeltas are left to Pydantic."""
    if isinstance(value, timedelta) or (isinstance(value, str) and value.startswith("P")):
        return value
    parts = _DURATION.match(value) if isinstance(value, str) and value else None
    if parts is None:
        raise ValueError("should be a duration like 90s, 10m, 2h or 1d")
    days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise ValueError("is longer than anything lasts") from None


def _one_word(secret: SecretStr) -> SecretStr:
    """Keys and tokens travel in HTTP headers: a stray space or line break would be sent along."""
    if not re.fullmatch(r"[!-~]+", secret.get_secret_value()):
        raise ValueError(
            "should be one word of printable ASCII characters: it is empty, or has spaces or line breaks"
        )
    return secret


def _not_empty(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("is empty")
    return secret


def _store_url(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    driver, _, rest = url.partition("://")
    if driver not in _DRIVERS:
        raise ValueError("should begin with `sqlite+aiosqlite:///` or `postgresql+asyncpg://`")
    if driver == "sqlite+aiosqlite" and (
        ":memory:" in rest or not rest.removeprefix("/").split("?")[0]
    ):
        raise ValueError(
            "names no file: a store in memory would forget everything (`sqlite+aiosqlite:///stripe-bridge.db`)"
        )
    if driver == "postgresql+asyncpg" and not _has_database(url):
        raise ValueError(
            "names no database: write `postgresql+asyncpg://user:password@host/database`"
        )
    return secret


def _has_database(url: str) -> bool:
    try:
        return len(urlsplit(url).path) > 1
    except ValueError:
        return False


def _no_slash_at_the_end(url: str) -> str:
    return url.rstrip("/")


def _locale(text: str) -> str:
    try:
        Locale.parse(text)
    except (UnknownLocaleError, ValueError):
        raise ValueError("is not a known locale; write one like `en_GB` or `de_DE`") from None
    return text


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        raise ValueError(
            "is not a known time zone; write one like `Europe/Berlin` or `UTC`"
        ) from None
    return text


_NAME = "a name of at most 40 small letters, digits and dashes"


def _text(pattern: str, words: str, longest: int = 255) -> AfterValidator:
    return AfterValidator(Form(pattern, words, longest))


Name = Annotated[str, _text(r"[a-z0-9][a-z0-9-]*", _NAME, 40)]
Role = Name
RoleOrEveryone = Annotated[str, _text(r"\*|[a-z0-9][a-z0-9-]*", "the name of a role, or `*`", 40)]
Verb = Annotated[str, _text("|".join(VERBS), f"one of the verbs {', '.join(VERBS)}")]
AccountId = Annotated[str, _text(r"acct_[A-Za-z0-9]+", "an account's id like `acct_…`")]
MatrixId = Annotated[
    str, _text(r"@[!-9;-~]+:[A-Za-z0-9.:\[\]-]+", "a Matrix id like `@anna:example.org`")
]
Identity = Annotated[
    str,
    _text(
        r"[a-z]+:[!-~]+", "a platform and an id on it, like `slack:T0123/U4567` or `telegram:123`"
    ),
]
ServerName = Annotated[str, _text(r"[A-Za-z0-9.\[\]:-]+", "a server name like `example.org`", 230)]
Localpart = Annotated[
    str, _text(r"[a-z0-9._=/-]+", "small letters, digits and `._=/-`, at most 60", 60)
]
AliasPrefix = Annotated[
    str, _text(r"[a-z0-9._-]+", "small letters, digits and `._-`, at most 40", 40)
]
Url = Annotated[
    str,
    _text(
        r"https?://[^\s/?#@]+(/[^\s?#]*)?",
        "an address like `https://example.org`, with no login or query",
        2000,
    ),
    AfterValidator(_no_slash_at_the_end),
]
#: Where a message may go.
Destination = Annotated[
    str,
    _text(r"room|(#|@|tag:)[a-z0-9][a-z0-9-]*", "`room`, `#channel`, `@target` or `tag:word`", 44),
]
#: Where the heads of audit trails may go: not to a room of a customer.
Outside = Annotated[
    str, _text(r"(#|@|tag:)[a-z0-9][a-z0-9-]*", "`#channel`, `@target` or `tag:word`", 44)
]
EventTypes = Annotated[
    str, _text(r"[a-z0-9_.*\[\]]+", "an event type like `charge.failed` or `charge.*`")
]
Currency = Annotated[str, _text(r"[a-z]{3}", "a currency's three small letters, like `eur`")]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Token = Annotated[SecretStr, AfterValidator(_one_word)]
SecretText = Annotated[SecretStr, AfterValidator(_not_empty)]
StoreUrl = Annotated[SecretStr, AfterValidator(_store_url)]
LocaleName = Annotated[str, AfterValidator(_locale)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
