"""`POST /stripe/webhook/{account}`: verified, committed, and only then answered with 200."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from aiohttp import web

from bridge import metrics
from bridge.edges.stripe_signature import check_envelope, parse, verify
from bridge.model.clock import Clock
from bridge.model.errors import BadRequest, StoreUnavailable
from bridge.model.event import Json

log = structlog.get_logger(__name__)

#: account, body, raw text; returns once the event is committed, raises `StoreUnavailable` if it is not.
Accept = Callable[[str, Json, str], Awaitable[None]]


@dataclass(frozen=True)
class Endpoint:
    """What one account's webhooks are held to."""

    secrets: tuple[str, ...]
    livemode: bool
    account_id: str | None
    tolerance: timedelta


@dataclass(frozen=True)
class StripeWebhook:
    endpoints: Mapping[str, Endpoint]
    accept: Accept
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/stripe/webhook/{account}", self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        account = request.match_info["account"]
        endpoint = self.endpoints.get(account)
        if endpoint is None:
            return _answer(404, "No account of that name is configured.")
        status, words = await self._take(request, account, endpoint)
        metrics.webhooks.labels(account, str(status)).inc()
        return _answer(status, words)

    async def _take(
        self, request: web.Request, account: str, endpoint: Endpoint
    ) -> tuple[int, str]:
        try:
            raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return 413, "The body is larger than this endpoint takes."
        try:
            used = verify(
                raw,
                request.headers.get("Stripe-Signature"),
                endpoint.secrets,
                self.clock.now(),
                endpoint.tolerance,
            )
            body = parse(raw)
            check_envelope(body, livemode=endpoint.livemode, account_id=endpoint.account_id)
            await self.accept(account, body, raw.decode())
        except BadRequest as refused:
            log.warning("webhook_refused", account=account, reason=str(refused), size=len(raw))
            return 400, str(refused)
        except StoreUnavailable as away:
            log.error("webhook_not_stored", account=account, reason=str(away))  # noqa: TRY400 - no traceback is needed
            return 503, "Not stored; please send it again."
        if used > 0:
            log.info("webhook_signed_with_an_older_secret", account=account, secret=used)
        return 200, "stored"


def _answer(status: int, words: str) -> web.Response:
    headers = {"Content-Type": "application/json"}
    if status == 503:
        headers["Retry-After"] = "5"
    return web.Response(
        body=json.dumps({"message": words}).encode(), status=status, headers=headers
    )
