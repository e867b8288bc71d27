"""What the homeserver tells the bridge: transactions of events, committed before they are answered."""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog
from aiohttp import web

from bridge.edges.matrix_client import MatrixClient, part
from bridge.edges.matrix_events import chat_messages, room_changes
from bridge.model.errors import StoreUnavailable
from bridge.model.outcome import Outcome, Retry
from bridge.model.ports import Told

log = structlog.get_logger(__name__)

#: Returns once what the homeserver told is committed.
Accept = Callable[[Told], Awaitable[None]]
_TXN_CAP = 255
_KNOCK_AGAIN = timedelta(seconds=10)


@dataclass(frozen=True)
class MatrixAppservice:
    hs_token: str
    own: str
    accept: Accept
    #: A homeserver sends up to a hundred events of 64 KiB at once, and sends them again until they are taken.
    max_body_bytes: int = 16 * 1024 * 1024

    def routes(self) -> list[web.RouteDef]:
        base = "/_matrix/app/v1"
        return [
            web.put(base + "/transactions/{txn_id}", self.transaction),
            web.post(base + "/ping", self.ping),
            web.get(base + "/users/{user_id}", self.unknown),
            web.get(base + "/rooms/{alias}", self.unknown),
        ]

    async def transaction(self, request: web.Request) -> web.Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        txn_id = request.match_info["txn_id"]
        try:
            body = json.loads(await request.clone(client_max_size=self.max_body_bytes).read())
        except (ValueError, RecursionError):
            return _error(400, "M_NOT_JSON", "The body is not JSON.")
        except web.HTTPRequestEntityTooLarge:
            return _error(413, "M_TOO_LARGE", "The transaction is larger than the bridge takes.")
        if not isinstance(body, dict) or len(txn_id) > _TXN_CAP:
            return _error(400, "M_BAD_JSON", "The body is not a transaction.")
        try:
            await self.accept(self._told(txn_id, body.get("events")))
        except StoreUnavailable as away:
            log.error("transaction_not_stored", reason=str(away))  # noqa: TRY400 - no traceback is needed
            return _error(503, "M_UNKNOWN", "Not stored; please send it again.")
        return web.json_response({})

    def _told(self, txn_id: str, events: object) -> Told:
        return Told(
            tuple(chat_messages(events, own=self.own)),
            tuple(room_changes(events, own=self.own)),
            transaction=txn_id,
        )

    async def ping(self, request: web.Request) -> web.Response:
        return self._refusal(request) or web.json_response({})

    async def unknown(self, request: web.Request) -> web.Response:
        """The bridge makes its user and rooms itself: nothing comes into being by being asked for."""
        return self._refusal(request) or _error(
            404, "M_NOT_FOUND", "There is no such user or room."
        )

    def _refusal(self, request: web.Request) -> web.Response | None:
        """None if the request carries the homeserver's token, everywhere it carries one."""
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        tokens = [shown] if scheme.lower() == "bearer" else []
        tokens += request.query.getall("access_token", [])
        if not tokens:
            return _error(401, "M_UNAUTHORIZED", "The homeserver's token is missing.")
        if all(hmac.compare_digest(token.encode(), self.hs_token.encode()) for token in tokens):
            return None
        return _error(403, "M_FORBIDDEN", "That is not the homeserver's token.")


@dataclass(frozen=True)
class Knock:
    """At the start the homeserver is asked to call: it has waited ever longer for a bridge that was away."""

    client: MatrixClient
    appservice_id: str

    async def run(self, stop: asyncio.Event) -> None:
        """Until it has called, or said why it cannot; that is told in the log and harms nothing."""
        path = f"/appservice/{part(self.appservice_id)}/ping"
        while not stop.is_set():
            answer = await self.client.ask("POST", path, {}, version="v1")
            if not isinstance(answer, Outcome):
                return
            log.warning("homeserver_does_not_call", reason=getattr(answer, "reason", ""))
            if not isinstance(answer, Retry):
                return
            with suppress(TimeoutError):
                async with asyncio.timeout((answer.after or _KNOCK_AGAIN).total_seconds()):
                    await stop.wait()


def _error(status: int, code: str, words: str) -> web.Response:
    return web.json_response({"errcode": code, "error": words}, status=status)
