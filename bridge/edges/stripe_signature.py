"""Is it from Stripe, is it now, and is it an event of this account?"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from stripe import SignatureVerificationError, WebhookSignature

from bridge.model.errors import BadRequest
from bridge.model.event import Json

_TIMESTAMP = re.compile(r"(?:^|,)\s*t=(\d{1,12})(?:,|$)")
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_EVENT_TYPE = re.compile(r"[a-z0-9_.]{1,200}")
_HEADER_CAP = 4096


def verify(
    raw: bytes, header: str | None, secrets: Sequence[str], now: datetime, tolerance: timedelta
) -> int:
    """Index of the secret that signed the body; raises `BadRequest`.

    The time is checked here and not by the SDK: it has no limit into the future and no clock to set.
    """
    if not header or len(header) > _HEADER_CAP or not header.isascii():
        raise BadRequest("There is no usable Stripe-Signature header.")
    compact = header.replace(", ", ",")
    _check_time(compact, now, tolerance)
    for index, secret in enumerate(secrets):
        if _signed_with(raw, compact, secret):
            return index
    raise BadRequest("No signing secret of this account fits the signature.")


def parse(raw: bytes) -> Json:
    """The body of a signed request as a JSON object; raises `BadRequest`."""
    try:
        body = _DECODER.decode(raw.decode())
    except (ValueError, RecursionError) as odd:
        raise BadRequest("The body is not JSON.") from odd
    if not isinstance(body, dict):
        raise BadRequest("The body is not a JSON object.")
    return body


def check_envelope(body: Json, *, livemode: bool, account_id: str | None) -> None:
    """It is an event, of the mode and the account this endpoint is for; raises `BadRequest`."""
    if body.get("object") not in ("event", "v2.core.event"):
        raise BadRequest("The body is not a Stripe event.")
    if not _fits(_EVENT_ID, body.get("id")) or not _fits(_EVENT_TYPE, body.get("type")):
        raise BadRequest("The event has no usable id or type.")
    if body.get("livemode") is not livemode:
        mode = "live" if livemode else "test"
        raise BadRequest(f"The event is of the other mode; this endpoint takes {mode} events.")
    if account_id and body.get("account", body.get("context")) not in (None, account_id):
        raise BadRequest("The event is of another account.")


def _check_time(header: str, now: datetime, tolerance: timedelta) -> None:
    found = _TIMESTAMP.search(header)
    if not found:
        raise BadRequest("The Stripe-Signature header has no timestamp.")
    signed_at = datetime.fromtimestamp(int(found[1]), UTC) if len(found[1]) <= 11 else None
    if signed_at is None or abs(now - signed_at) > tolerance:
        raise BadRequest(
            "The signature's time is too far from now: check the clock of this machine."
        )


def _signed_with(raw: bytes, header: str, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(raw, header, secret))
    except (SignatureVerificationError, UnicodeDecodeError, TypeError, ValueError):
        return False


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


#: `json.loads` would make one for each body.
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _fits(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
