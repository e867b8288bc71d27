"""The bridge with a homeserver that answers at once: what is left is its own cost."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from benchmarks.speed.bridges import ROOT
from benchmarks.speed.cost import cpu_seconds
from bridge.sandbox.ports import Port
from bridge.sandbox.process import Process


@dataclass(frozen=True)
class Counted:
    """`first` and `last` are monotonic seconds, of the messages since the last look."""

    messages: int
    first: float
    last: float


class ReadyHomeserver:
    """`rooms` is how many rooms it says the bridge is in."""

    def __init__(self, directory: Path, rooms: int = 0) -> None:
        self._port = Port()
        words = ["-m", "benchmarks.speed.ready_homeserver", str(self._port.number), str(rooms)]
        self.process = Process(
            "a ready homeserver",
            [sys.executable, *words],
            log=directory / f"homeserver-{rooms}.log",
            environment={"PYTHONPATH": str(ROOT)},
        )

    @property
    def url(self) -> str:
        return self._port.url

    async def __aenter__(self) -> Self:
        self.process.start()
        await self.process.answers(f"{self.url}/health")
        self._http = aiohttp.ClientSession(self.url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._http.close()
        self.process.stop()
        self._port.close()

    async def count(self) -> Counted:
        async with self._http.get("/count") as answer:
            found: dict[str, Any] = await answer.json()
        return Counted(**found)

    async def got(self, number: int, since: Counted, within: float = 300) -> Counted:
        """Until `number` messages have come after `since`."""
        first = 0.0
        async with asyncio.timeout(within):
            while True:
                found = await self.count()
                first = first or found.first
                if found.messages - since.messages >= number:
                    return Counted(found.messages, first, found.last)
                await asyncio.sleep(0.05)


async def calm(pids: Sequence[int], within: float = 120) -> None:
    """Until these processes have stopped working: a start looks after every room there is."""
    async with asyncio.timeout(within):
        while True:
            before = cpu_seconds(*pids)
            await asyncio.sleep(1)
            if cpu_seconds(*pids) - before < 0.1:
                return
