"""Sends ready-made HTTP requests over a few kept connections, at almost no cost of its own."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from bridge.model.errors import BridgeError
from bridge.sandbox.ports import LOOPBACK

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Refusal(BridgeError):
    """An answer that was not 2xx."""


@dataclass
class Sent:
    """`begun` and `took` are seconds, in the order in which the requests began."""

    started: float
    ended: float = 0.0
    begun: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.took) / (self.ended - self.started)


async def send(port: int, requests: Iterable[bytes], connections: int) -> Sent:
    """Each connection sends its next request when its last one is answered."""
    waiting = deque(requests)
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(lambda: _Connection(waiting), LOOPBACK, port))[1]
        for _ in range(connections)
    ]
    sent = Sent(time.monotonic())
    for one in opened:
        one.go(sent)
    try:
        await asyncio.gather(*(one.done for one in opened))
    finally:
        for one in opened:
            one.close()
    sent.ended = time.monotonic()
    return sent


async def send_paced(port: int, requests: Iterable[bytes], per_second: float) -> list[float]:
    """Open loop: one after each interval, whether or not the last one is answered. When each began."""
    begun: list[float] = []
    tasks = []
    start = time.monotonic()
    for number, request in enumerate(requests):
        await asyncio.sleep(max(0.0, start + number / per_second - time.monotonic()))
        begun.append(time.monotonic())
        tasks.append(asyncio.create_task(send(port, [request], 1)))
    await asyncio.gather(*tasks)
    return begun


class _Connection(asyncio.Protocol):
    def __init__(self, waiting: deque[bytes]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        self._heard = b""
        self._begun = 0.0
        self._sent: Sent | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def go(self, sent: Sent) -> None:
        self._sent = sent
        self._next()

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, end, body = self._heard.partition(_END)
        if not end or len(body) < _length(head):
            return
        if not head.startswith(b"HTTP/1.1 2"):
            self._end(Refusal(f"{head[:60]!r}: {body[:200]!r}"))
            return
        if self._sent:
            self._sent.begun.append(self._begun)
            self._sent.took.append(time.monotonic() - self._begun)
        self._heard = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(Refusal(f"The connection ended ({exc})."))

    def _next(self) -> None:
        if not self._waiting or self._transport is None:
            self._end(None)
            return
        self._begun = time.monotonic()
        self._transport.write(self._waiting.popleft())

    def _end(self, trouble: Exception | None) -> None:
        with suppress(asyncio.InvalidStateError):
            if trouble:
                self.done.set_exception(trouble)
            else:
                self.done.set_result(None)


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next((int(line[len(_LENGTH) :]) for line in lines if line.startswith(_LENGTH)), 0)
