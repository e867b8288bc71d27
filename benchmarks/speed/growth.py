"""Whether an event costs more in a store that has grown for years."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.speed.bridges import BridgeProcess, Setting
from benchmarks.speed.cost import cpu_seconds, family, rss_mb
from benchmarks.speed.figures import Book
from benchmarks.speed.grown import customers, grow
from benchmarks.speed.load import send
from benchmarks.speed.quiet import ReadyHomeserver, calm
from benchmarks.speed.webhooks import Postbag
from bridge.sandbox.homeserver import SERVER_NAME, Appservice
from bridge.sandbox.ports import Port
from bridge.sandbox.postgres import Postgres

_PEOPLE = f"@watcher:{SERVER_NAME}"
_ROOMS = 20
_AT_ONCE = 16


@dataclass(frozen=True)
class Size:
    rooms: int
    events: int


@dataclass(frozen=True)
class Side:
    """One bridge, with its store and its homeserver."""

    bridge: BridgeProcess
    homeserver: ReadyHomeserver
    bag: Postbag


class Growth:
    """`url` is where the store of each size is to be made; `server` does its work, if one does."""

    def __init__(
        self, name: str, directory: Path, urls: dict[Size, str], server: Postgres | None = None
    ) -> None:
        self.name = name
        self._directory = directory
        self._urls = urls
        self._server = server
        self._sides: list[Side] = []
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            for size, url in self._urls.items():
                self._sides.append(await self._side(size, url))
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def compare(self, book: Book, number: int) -> None:
        """One round: the small store's events, then the big one's."""
        small, big = [await self._cost(side, number) for side in self._sides]
        book.note("flatness", big / small, self.name)
        book.tell(
            "flatness",
            **{f"{self.name}: ms, small": 1000 * small, f"{self.name}: ms, big": 1000 * big},
        )
        for side, size in zip(self._sides, self._urls, strict=True):
            part = f"{self.name}, {size.rooms:,} rooms"
            book.note("rss_mb", rss_mb(side.bridge.process.pid), part)

    async def _cost(self, side: Side, number: int) -> float:
        """CPU seconds of an event, from its webhook to its message, the database's work included."""
        requests = [side.bridge.signer.request(one) for one in side.bag.over_rooms(number)]
        since, before = await side.homeserver.count(), self._spent(side)
        await send(side.bridge.port, requests, _AT_ONCE)
        await side.homeserver.got(number, since)
        await asyncio.sleep(0.5)  # what comes after the last message
        return (self._spent(side) - before) / number

    def _spent(self, side: Side) -> float:
        server = family(self._server.process.pid) if self._server else []
        return cpu_seconds(side.bridge.process.pid, *server)

    async def _side(self, size: Size, url: str) -> Side:
        directory = self._directory / f"{self.name}-{size.rooms}"
        directory.mkdir()
        homeserver = ReadyHomeserver(directory, size.rooms)
        await self._open.enter_async_context(homeserver)
        appservice = Appservice("bench", self._open.enter_context(Port()), "stripe", "stripe_")
        setting = Setting(directory, homeserver.url, homeserver.url, appservice, url, (_PEOPLE,))
        bridge = BridgeProcess(setting, port=appservice.port)
        await bridge.make_store()
        await grow(url, rooms=size.rooms, events=size.events, people=_PEOPLE)
        await self._open.enter_async_context(bridge)
        pid = bridge.process.pid
        await calm([pid] if pid else [])
        side = Side(bridge, homeserver, Postbag(customers(_ROOMS)))
        await self._cost(side, 2 * _ROOMS)  # warm
        return side
