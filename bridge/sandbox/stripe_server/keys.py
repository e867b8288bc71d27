"""API keys and what each may do: restricted keys as a careful owner would cut them."""

import base64
import contextlib
from dataclasses import dataclass
from typing import Final

from .errors import StripeError

#: A writer does what people ask for in chat; the account's webhooks are not its business.
_NOT_FOR_WRITERS: Final = frozenset({"rak_webhook_write"})


@dataclass(frozen=True)
class ApiKey:
    name: str
    value: str
    reads: bool = True
    writes: bool = False
    denied: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        side = self.writes if permission.endswith("_write") else self.reads
        return side and permission not in self.denied


@dataclass(frozen=True)
class KeyRing:
    reader: ApiKey
    writer: ApiKey
    owner: ApiKey

    def find(self, authorization: str | None) -> ApiKey:
        if not authorization:
            raise StripeError(
                401,
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY').",
            )
        given = _given(authorization)
        for key in (self.reader, self.writer, self.owner):
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
