"""API keys and what each may do: restricted keys as a careful owner would cut them."""

import base64
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from .errors import StripeError, invalid
from .routes import Route

#: A writer does what people ask for in chat; the account's webhooks are not its business.
_NOT_FOR_WRITERS: Final = frozenset({"rak_webhook_write"})


@dataclass(frozen=True)
class ApiKey:
    name: str
    value: str
    reads: bool = True
    writes: bool = False
    denied: frozenset[str] = frozenset()
    #: When set, these and nothing else.
    granted: frozenset[str] | None = None

    def may(self, permission: str) -> bool:
        if self.granted is not None:
            return permission in self.granted
        side = self.writes if permission.endswith("_write") else self.reads
        return side and permission not in self.denied


@dataclass
class KeyRing:
    reader: ApiKey
    writer: ApiKey
    owner: ApiKey
    more: list[ApiKey] = field(default_factory=list)

    def cut(self, name: str, secret: str, granted: frozenset[str]) -> ApiKey:
        start = self.reader.value.partition("sandbox")[0]
        key = ApiKey(name, f"{start}{secret}", granted=granted)
        self.more.append(key)
        return key

    def find(self, authorization: str | None) -> ApiKey:
        if not authorization:
            raise StripeError(
                401,
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY').",
            )
        given = _given(authorization)
        for key in (self.reader, self.writer, self.owner, *self.more):
            if key.value == given:
                return key
        raise StripeError(401, f"Invalid API Key provided: {masked(given)}")


def _given(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        return rest.strip()
    # `curl -u KEY:` is how Stripe's own examples do it.
    with contextlib.suppress(ValueError):
        return base64.b64decode(rest).decode().partition(":")[0]
    return ""


def cut(*, livemode: bool) -> KeyRing:
    mode = "live" if livemode else "test"
    return KeyRing(
        reader=ApiKey("reader", f"rk_{mode}_sandbox_reader"),
        writer=ApiKey("writer", f"rk_{mode}_sandbox_writer", writes=True, denied=_NOT_FOR_WRITERS),
        owner=ApiKey("owner", f"sk_{mode}_sandbox_owner", writes=True),
    )


def grants(routes: Iterable[Route], allow: Mapping[str, str]) -> frozenset[str]:
    """`{"refunds": "write", "charges": "read"}` as permissions; who may write may read."""
    known = {_family(r.path): r.permission.rpartition("_")[0] for r in reversed(tuple(routes))}
    granted: set[str] = set()
    for family, level in allow.items():
        if family not in known:
            raise invalid(f"No such family: {family}; there are: {', '.join(sorted(known))}")
        if level not in {"read", "write"}:
            raise invalid(f"{family} can be given to read or to write, not to {level!r}.")
        granted |= {f"{known[family]}_{side}" for side in {"read", level}}
    return frozenset(granted)


def _family(path: str) -> str:
    """`/v1/checkout/sessions/{session}/expire` is of the family `checkout_sessions`."""
    return path.partition("/{")[0].split("/", 2)[2].replace("/", "_")


def check(key: ApiKey, permission: str, account: str) -> None:
    if not key.may(permission):
        raise StripeError(
            403,
            f"The provided key '{masked(key.value)}' does not have the required permissions for "
            f"this endpoint on account '{account}'. Having the '{permission}' permission would "
            "allow this request to continue.",
        )


def masked(key: str) -> str:
    return key if len(key) <= 12 else f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}"
