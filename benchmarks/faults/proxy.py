"""A proxy that passes HTTP on to whoever is up, and spoils what it is told to spoil."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from random import Random
from types import TracebackType
from typing import Self

from benchmarks.faults.wire import MOST_HEAD, Message, answer, read_answer, read_request
from bridge.sandbox.ports import LOOPBACK, Port

#: How long a request waits for a server that is up.
_PATIENCE = 15.0
_PAUSE = 0.05
_JSON = "application/json"
_SEND = "/send/"


class Blow(StrEnum):
    CUT_REQUEST = "the request was cut in its middle"
    CUT_ANSWER = "it was done, and the answer was cut in its middle"
    NO_ANSWER = "it was done, and no answer came"
    TOO_MANY = "429, nothing done"
    BAD_GATEWAY = "502, nothing done"
    BAD_GATEWAY_AFTER = "502, but it was done"


CUTS = (Blow.CUT_REQUEST, Blow.CUT_ANSWER, Blow.NO_ANSWER)
REFUSALS = (Blow.TOO_MANY, Blow.BAD_GATEWAY, Blow.BAD_GATEWAY_AFTER)


@dataclass(frozen=True)
class Mood:
    """`share` of the requests that begin with `only` meet one of `blows`; answers may be `slow` (seconds)."""

    blows: tuple[Blow, ...] = ()
    share: float = 0.0
    only: str = ""
    slow: float = 0.0


CALM = Mood()


class Proxy:
    """Listens on `port`; `upstreams` are asked in turn, those that are down being left out.

    Requests that begin with `again` are asked again when their answer breaks off.
    """

    def __init__(self, port: Port, upstreams: list[int], rng: Random, *, again: str = "") -> None:
        self.url = port.url
        self.mood = CALM
        #: How often each blow fell.
        self.blows: Counter[Blow] = Counter()
        #: Messages that are with the homeserver, or whose answers are on their way.
        self.sending = 0
        self._port = port
        self._upstreams = upstreams
        self._rng = rng
        self._again = again
        self._turn = count()
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept, LOOPBACK, self._port.number, limit=MOST_HEAD
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection, until either side ends it or a blow falls."""
        try:
            while request := await read_request(reader):
                if not await self._pass(request, writer):
                    break
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass  # whoever is cut off notices it
        finally:
            writer.transport.abort()

    async def _pass(self, request: Message, writer: StreamWriter) -> bool:
        """Whether the connection may go on."""
        blow = self._blow(request)
        if blow in {Blow.TOO_MANY, Blow.BAD_GATEWAY}:
            return await _write(writer, _refusal(blow, self._rng))
        if blow is Blow.CUT_REQUEST:
            await self._ask(request.half(), answered=False)
            return False
        sends = _SEND in request.first_line
        self.sending += sends
        try:
            answered = await self._answer(request)
            await asyncio.sleep(self._rng.uniform(0, self.mood.slow))
        finally:
            self.sending -= sends
        if answered is None:
            return await _write(writer, _refusal(Blow.BAD_GATEWAY, self._rng))
        return await self._bring(answered, blow, writer)

    async def _answer(self, request: Message) -> Message | None:
        """From whoever is up; what may be asked again is, if its answer breaks off."""
        until = asyncio.get_running_loop().time() + _PATIENCE
        while True:
            try:
                return await self._ask(request.whole())
            except (OSError, EOFError):
                again = self._again and request.first_line.startswith(self._again)
                if not again or asyncio.get_running_loop().time() > until:
                    raise

    async def _ask(self, data: bytes, *, answered: bool = True) -> Message | None:
        """None if nobody is up, or no answer is wanted."""
        connection = await self._connect()
        if connection is None:
            return None
        upstream, sink = connection
        try:
            sink.write(data)
            await sink.drain()
            return await read_answer(upstream) if answered else None
        finally:
            sink.close()

    async def _bring(self, answered: Message, blow: Blow | None, writer: StreamWriter) -> bool:
        match blow:
            case Blow.NO_ANSWER:
                return False
            case Blow.CUT_ANSWER:
                return await _write(writer, answered.half(), last=True)
            case Blow.BAD_GATEWAY_AFTER:
                return await _write(writer, _refusal(blow, self._rng))
        return await _write(writer, answered.whole())

    def _blow(self, request: Message) -> Blow | None:
        mood = self.mood
        if not request.first_line.startswith(mood.only) or self._rng.random() >= mood.share:
            return None
        blow = self._rng.choice(mood.blows)
        self.blows[blow] += 1
        return blow

    async def _connect(self) -> tuple[StreamReader, StreamWriter] | None:
        until = asyncio.get_running_loop().time() + _PATIENCE
        while asyncio.get_running_loop().time() < until:
            for _ in self._upstreams:
                port = self._upstreams[next(self._turn) % len(self._upstreams)]
                try:
                    return await asyncio.open_connection(LOOPBACK, port, limit=MOST_HEAD)
                except OSError:
                    continue
            await asyncio.sleep(_PAUSE)
        return None


async def _write(writer: StreamWriter, data: bytes, *, last: bool = False) -> bool:
    writer.write(data)
    await writer.drain()
    if last:
        writer.close()  # what was written still arrives
        await writer.wait_closed()
    return not last


def _refusal(blow: Blow, rng: Random) -> bytes:
    """As a homeserver or the proxy before it says it: the wait in the header, in the body, or in both."""
    if blow is not Blow.TOO_MANY:
        page = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
        return answer("502 Bad Gateway", {"Content-Type": "text/html"}, page)
    seconds, where = rng.choice((1, 1, 2)), rng.choice(("header", "body", "both"))
    body: dict[str, object] = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests"}
    headers = {"Content-Type": _JSON}
    if where != "header":
        body["retry_after_ms"] = seconds * 1000
    if where != "body":
        headers["Retry-After"] = str(seconds)
    return answer("429 Too Many Requests", headers, json.dumps(body).encode())
