"""Calls to the homeserver: matrix-nio's client, and whatever goes wrong as an `Outcome`.

nio itself neither retries nor waits here: the lane, or the loop that called, decides.
"""

import asyncio
import json
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import aiohttp
from nio import AsyncClient, AsyncClientConfig
from nio.responses import ErrorResponse

from bridge.model.event import Json
from bridge.model.outcome import Dead, Delivered, Outcome, Refused, Retry

_TIMEOUT = 30
#: A file may come from another server, by way of ours.
_FOR_CONTENT = 60
_PIECE = 64 * 1024
_ERROR = 64 * 1024
_CLIENT = "/_matrix/client"
_MEDIA = "/_matrix/media/v3"
_AWAY = (
    aiohttp.ClientConnectionError,
    TimeoutError,
    asyncio.TimeoutError,
    aiohttp.ClientPayloadError,
)


class TokenRefused(Retry):
    """The homeserver does not know our token: nothing is wrong with the message."""


class _Nio(AsyncClient):  # type: ignore[misc]  # nio is not checked here
    #: Who acts, and with which device: what an appservice must say, and nio has no word for.
    acting: Mapping[str, str] = {}

    async def send(self, method: str, path: str, *args: Any, **kwargs: Any) -> Any:
        return await super().send(method, with_query(path, self.acting), *args, **kwargs)


class MatrixClient:
    """One user's client. `identity` makes it known to the homeserver before its first call."""

    def __init__(self, homeserver: str, user_id: str, identity: "Identity") -> None:
        config = AsyncClientConfig(
            encryption_enabled=False,
            store=None,
            store_sync_tokens=False,
            max_limit_exceeded=0,
            max_timeouts=0,
            request_timeout=_TIMEOUT,
        )
        self.nio = _Nio(homeserver, user_id, config=config)
        self.nio.user_id = user_id
        self.user_id = user_id
        self._identity = identity
        #: Whether its transaction ids belong to a device: only then they outlive the homeserver's process.
        self.has_device = True
        self._known = False
        self._starting = asyncio.Lock()

    @property
    def server_name(self) -> str:
        return self.user_id.partition(":")[2]

    def act(self, token: str, acting: Mapping[str, str] | None = None) -> None:
        self.nio.access_token = token
        self.nio.acting = acting or {}

    async def close(self) -> None:
        await self.nio.close()

    async def start(self) -> Outcome:
        """Make sure that the homeserver knows us; every call sees to it first."""
        async with self._starting:
            if self._known:
                return Delivered()
            outcome = await self._identity.establish(self)
            self._known = isinstance(outcome, Delivered)
            if isinstance(outcome, Dead):  # it is our set-up that is wrong, not any message
                return Retry(outcome.reason, outage=True)
            return outcome

    async def call(self, call: Awaitable[Any]) -> Outcome:
        """One of nio's own calls."""
        if not isinstance(started := await self.start(), Delivered):
            call.close()  # type: ignore[attr-defined]  # a coroutine that is not wanted any more
            return started
        try:
            answer = await call
        except _AWAY as away:
            return _away(away)
        if isinstance(answer, ErrorResponse):
            return self._watched(_failure(answer))
        return Delivered(getattr(answer, "event_id", None) or getattr(answer, "room_id", None))

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, **how: Any
    ) -> Json | Outcome:
        """A call that nio has no method for; `path` begins after the API's version."""
        if not isinstance(started := await self.start(), Delivered):
            return started
        answer = await self.raw(method, path, body, **how)
        return self._watched(answer) if isinstance(answer, Outcome) else answer

    async def raw(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - it is the request's own
        acting: bool = True,
        version: str = "v3",
    ) -> Json | Outcome:
        """As `ask`, for those who make the client known: they come before everything else."""
        data = None if body is None else json.dumps(body)
        send = self.nio.send if acting else super(_Nio, self.nio).send
        headers = {"Content-Type": "application/json", **self._authorization()}
        where = f"{_CLIENT}/{version}{path}"
        return await _answered(send(method, where, data, headers, timeout=timeout))

    async def upload(self, data: bytes, content_type: str, filename: str) -> Json | Outcome:
        """Into the homeserver's media repository."""
        if not isinstance(started := await self.start(), Delivered):
            return started
        path = with_query(f"{_MEDIA}/upload", {"filename": filename})
        headers = {"Content-Type": content_type, **self._authorization()}
        answer = await _answered(self.nio.send("POST", path, data, headers))
        return self._watched(answer) if isinstance(answer, Outcome) else answer

    async def content(self, path: str, most: int) -> bytes | Outcome | None:
        """What is kept there, as it came; None if it is more than `most` bytes, of which no more are read."""
        if not isinstance(started := await self.start(), Delivered):
            return started
        url = f"{_CLIENT}/v1{path}"
        try:
            answer = await self.nio.send(
                "GET", url, headers=self._authorization(), timeout=_FOR_CONTENT
            )
            async with answer:
                if answer.status < 300:
                    return await _at_most(answer.content, most)
                told = await _at_most(answer.content, _ERROR) or b""
        except _AWAY as away:
            return _away(away)
        return self._watched(_judged(answer, told.decode(errors="replace")))

    def _authorization(self) -> dict[str, str]:
        token = self.nio.access_token
        return {"Authorization": f"Bearer {token}"} if token else {}

    def _watched(self, outcome: Outcome) -> Outcome:
        """A refused token is looked after before the next call."""
        if isinstance(outcome, TokenRefused):
            self._known = False
        return outcome


async def _answered(sending: Awaitable[Any]) -> Json | Outcome:
    try:
        answer = await sending
        text = await answer.text(errors="replace")
    except _AWAY as away:
        return _away(away)
    return _object(text) if answer.status < 300 else _judged(answer, text)


class Identity(Protocol):
    async def establish(self, client: MatrixClient) -> Outcome:
        """`Delivered` once the homeserver knows the client's user, token and device."""


def judge(status: int, code: str, words: str, after: timedelta | None) -> Outcome:
    reason = f"The homeserver answered {status} {code}: {words[:500]}"
    if status == 429:
        return Retry(reason, after=after or timedelta(seconds=5), outage=True)
    if status == 401:
        return TokenRefused(reason, outage=True)
    if status in (0, 408, 502, 503, 504):
        return Retry(reason, after=after, outage=True)
    if status >= 500:
        return Retry(reason, after=after)
    return Refused(reason, code)


def _judged(answer: aiohttp.ClientResponse, text: str) -> Outcome:
    found = _object(text)
    wait = _wait(answer.headers.get("Retry-After"), found.get("retry_after_ms"))
    words = str(found.get("error") or text[:200])
    return judge(answer.status, str(found.get("errcode", "")), words, wait)


async def _at_most(stream: aiohttp.StreamReader, most: int) -> bytes | None:
    """Counted as it comes: what the other side announces about its length proves nothing."""
    read = bytearray()
    async for piece in stream.iter_chunked(_PIECE):
        read += piece
        if len(read) > most:
            return None
    return bytes(read)


def with_query(path: str, query: Mapping[str, str]) -> str:
    if not query:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(query)}"


def part(text: str) -> str:
    """As one part of a path."""
    return quote(text, safe="")


def _away(error: BaseException) -> Retry:
    return Retry(f"The homeserver is away ({type(error).__name__}).", outage=True)


def _failure(answer: ErrorResponse) -> Outcome:
    transport = answer.transport_response
    status = transport.status if transport is not None else 0
    header = transport.headers.get("Retry-After") if transport is not None else None
    after = _wait(header, answer.retry_after_ms)
    return judge(status, str(answer.status_code or ""), str(answer.message), after)


def _wait(header: str | None, milliseconds: object) -> timedelta | None:
    """`Retry-After` in seconds comes first; the body's field is the older way."""
    if header and header.isascii() and header.isdigit():
        return timedelta(seconds=min(int(header), 3600))
    if isinstance(milliseconds, int) and milliseconds > 0:
        return timedelta(milliseconds=min(milliseconds, 3_600_000))
    return None


def _object(text: str) -> Json:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
