"""One call to Stripe's API: plain JSON out, the bridge's own errors instead of the SDK's."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import stripe

from bridge.model.errors import (
    StripeAmbiguous,
    StripeBusy,
    StripeDeclined,
    StripeError,
    StripeRefused,
)
from bridge.model.event import Json, Written


class _Http(stripe.AIOHTTPClient):
    """As the SDK's, but a large body goes out piece by piece and does not hold up the event loop."""

    def _get_request_args_kwargs(
        self, method: str, url: str, headers: Any, post_data: Any
    ) -> tuple[Any, Any]:
        body = io.BytesIO(post_data) if isinstance(post_data, bytes) else post_data
        return super()._get_request_args_kwargs(method, url, headers, body)  # type: ignore[no-any-return]


class StripeCalls:
    """One key's connection. What can be asked with it is in the families that build on this.

    Nothing is retried in here: the lane or the person's patience decides that, and a write that
    was sent and not answered must become `StripeAmbiguous` at once.
    """

    def __init__(
        self, key: str, *, api_base: str, timeout: timedelta, account_id: str | None = None
    ) -> None:
        # Otherwise a live key would leave a file in the home directory of whoever runs this.
        stripe.enable_telemetry = False
        self._http = _Http(timeout=timeout.total_seconds())
        self._client = stripe.StripeClient(
            key,
            stripe_account=account_id,
            max_network_retries=0,
            http_client=self._http,
            base_addresses={
                "api": api_base,
                "files": files_base(api_base),
                "connect": api_base,
                "meter_events": api_base,
            },
        )

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def _get(self, call: Awaitable[Any]) -> Json:
        async with told_in_words(reading=True):
            return plain(await call)

    async def _write(self, call: Awaitable[Any]) -> Written:
        async with told_in_words(reading=False):
            answer = await call
        written = Written(plain(answer))
        response = getattr(answer, "last_response", None)
        written.request_id = response.request_id if response else None
        return written


def files_base(api_base: str) -> str:
    """Stripe itself takes uploads at an address of their own."""
    at_stripe = api_base.rstrip("/") == stripe.DEFAULT_API_BASE
    return stripe.DEFAULT_UPLOAD_API_BASE if at_stripe else api_base


def plain(answer: Any) -> Json:
    """Plain JSON of a typed object or of a raw answer."""
    if isinstance(answer, stripe.StripeObject):
        return answer.to_dict()
    return dict(answer.data)


@asynccontextmanager
async def told_in_words(*, reading: bool) -> AsyncIterator[None]:
    try:
        yield
    except stripe.StripeError as error:
        raise _translate(error, reading=reading) from error
    except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as cut:
        # With aiohttp a body that is cut while it is read escapes from the SDK as it is.
        raise _unanswered(reading=reading) from cut


def _translate(error: stripe.StripeError, *, reading: bool) -> StripeError:
    words, code, request_id = (
        error.user_message or "It gave no reason.",
        error.code,
        error.request_id,
    )
    match error:
        case stripe.RateLimitError():
            return StripeBusy("Stripe asks to wait a moment: too many requests.")
        case stripe.AuthenticationError():
            return StripeRefused(
                "Stripe does not accept the key.", code=code, request_id=request_id
            )
        case stripe.PermissionError():
            which = "reader" if reading else "writer"
            return StripeRefused(
                f"The {which} key may not do that. Stripe says: {words}",
                code=code,
                request_id=request_id,
            )
        case stripe.CardError():
            return StripeDeclined(words, code=code, request_id=request_id)
        case stripe.InvalidRequestError() | stripe.IdempotencyError():
            return StripeRefused(words, code=code, request_id=request_id)
    if error.http_status == 409:
        return StripeBusy("Stripe is still working on the same request.")
    return _unanswered(reading=reading)


def _unanswered(*, reading: bool) -> StripeError:
    if reading:
        return StripeBusy("Stripe does not answer just now.")
    return StripeAmbiguous("Stripe did not answer; it may or may not have been done.")
