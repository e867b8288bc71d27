"""A local HTTP receiver: what Apprise's `json://` sends arrives here."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bridge.model.errors import BridgeError
from bridge.sandbox.ports import LOOPBACK, Port


class NotReceived(BridgeError):
    pass


@dataclass(frozen=True)
class Notification:
    path: str
    title: str
    body: str
    #: Apprise's own word: `info`, `success`, `warning` or `failure`.
    kind: str


Notified = Callable[[Notification], None]


class Receiver:
    """`answer_next` makes it refuse; what it refuses is not among `received`, nor `heard`."""

    def __init__(self, *, heard: Notified | None = None) -> None:
        self.received: list[Notification] = []
        self._heard = heard
        self._port = Port()
        self._news = asyncio.Condition()
        self._answers: deque[int] = deque()

    def apprise_url(self, path: str) -> str:
        return f"json://{LOOPBACK}:{self._port.number}/{path}"

    def answer_next(self, *statuses: int) -> None:
        self._answers.extend(statuses)

    async def receives(
        self,
        where: Callable[[Notification], bool],
        *,
        within: float = 10,
        what: str = "what was awaited",
    ) -> Notification:
        """The first notification of which `where` is true; raises `NotReceived` after `within` seconds."""
        try:
            async with asyncio.timeout(within), self._news:
                while not (found := next(filter(where, self.received), None)):
                    await self._news.wait()
                return found
        except TimeoutError:
            raise NotReceived(self._unseen(what, within)) from None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port.number).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        self._port.close()

    async def _take(self, request: web.Request) -> web.Response:
        status = self._answers.popleft() if self._answers else 200
        if status == 200:
            notification = _notification(request.match_info["path"], await request.json())
            if self._heard:
                self._heard(notification)
            async with self._news:
                self.received.append(notification)
                self._news.notify_all()
        return web.Response(status=status)

    def _unseen(self, what: str, within: float) -> str:
        came = "; ".join(f"{n.path}: {n.title!r}" for n in self.received[-5:]) or "nothing"
        return f"The receiver did not get {what} (waited {within:g} s). It got: {came}"


def _notification(path: str, body: dict[str, Any]) -> Notification:
    return Notification(path, str(body["title"]), str(body["message"]), str(body["type"]))
