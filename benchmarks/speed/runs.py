"""The measurements: what each needs around it, and its rounds."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.delivery import Ceiling, deliveries, latency
from benchmarks.speed.figures import Book
from benchmarks.speed.growth import Growth, Size
from benchmarks.speed.house import House
from benchmarks.speed.intake import Pair
from benchmarks.speed.peers import KINDS, Peer
from benchmarks.speed.scale import workers
from benchmarks.speed.storm import burst, page_under_storm
from bridge.sandbox.postgres import Postgres


@dataclass(frozen=True)
class Scale:
    """How much is measured. `quick` is for whoever changes something and wants to see it at once."""

    rounds: int = 5
    messages: int = 300
    latency_seconds: float = 8
    storm: int = 5_000
    burst_events: int = 5_000
    burst_objects: int = 200
    intake_seconds: float = 2
    small: Size = Size(1_000, 1_000)
    big: Size = Size(100_000, 1_000_000)
    growth_events: int = 400
    scale_events: int = 1_500


QUICK = Scale(
    rounds=2,
    messages=100,
    latency_seconds=4,
    storm=500,
    burst_events=1_000,
    burst_objects=40,
    intake_seconds=0.5,
    small=Size(100, 1_000),
    big=Size(5_000, 50_000),
    growth_events=150,
    scale_events=400,
)

Say = Callable[[str], None]
#: About how many requests a second an intake takes at 1, 16 and 64 connections: how many to send.
_PACE = {1: 1_000, 16: 3_000, 64: 4_000}


@dataclass(frozen=True)
class Run:
    """`keys` are the figures it brings."""

    keys: tuple[str, ...]
    measure: Callable[["Bench", set[str]], Awaitable[None]]


class Bench:
    def __init__(self, scale: Scale, book: Book, say: Say) -> None:
        self.scale = scale
        self.book = book
        self.say = say
        self.open = AsyncExitStack()
        self._postgres: Postgres | None = None

    async def run(self, wanted: set[str]) -> None:
        for one in RUNS:
            if not set(one.keys).isdisjoint(wanted):
                async with self.open:
                    await one.measure(self, wanted)
                self.open, self._postgres = AsyncExitStack(), None

    def directory(self) -> Path:
        return Path(self.open.enter_context(tempfile.TemporaryDirectory(prefix="speed-")))

    async def postgres(self) -> Postgres:
        if self._postgres is None:
            self._postgres = Postgres(self.directory(), durable=True)
            self.open.callback(self._postgres.close)
            await asyncio.to_thread(self._postgres.start)
        return self._postgres

    async def rounds(self, what: str, *measures: Callable[[], Awaitable[None]]) -> None:
        for number in range(1, self.scale.rounds + 1):
            self.say(f"{what}: round {number} of {self.scale.rounds}")
            for measure in measures:
                await measure()


async def _matrix(bench: Bench, wanted: set[str]) -> None:
    """Everything that needs a real homeserver, in one house."""
    scale, book = bench.scale, bench.book
    directory = bench.directory()
    house = await bench.open.enter_async_context(House(directory))
    ceiling = Ceiling(house)
    await ceiling.find(scale.messages)
    bench.say(f"the bare client is at its best with {ceiling.at_once} at once")
    kinds = [one for one in KINDS if f"delivery_vs_{one.key}" in wanted]
    peers = [await bench.open.enter_async_context(Peer(house, one, directory)) for one in kinds]
    if not wanted.isdisjoint({"delivery_vs_ceiling", "bridge_cpu_share"}) or peers:
        await bench.rounds(
            "delivery", lambda: deliveries(house, ceiling, peers, book, scale.messages)
        )
    if "latency_over_bare" in wanted:
        await bench.rounds("latency", lambda: latency(house, book, scale.latency_seconds))
    if "page_latency_under_storm" in wanted:
        await bench.rounds("pages", lambda: page_under_storm(house, book, scale.storm))
    if not wanted.isdisjoint({"burst_speedup", "rss_mb"}):
        events, objects = scale.burst_events, scale.burst_objects
        await bench.rounds("burst", lambda: burst(house, ceiling, book, events, objects))


async def _intake(bench: Bench, _wanted: set[str]) -> None:
    scale, directory = bench.scale, bench.directory()
    server = await bench.postgres()
    for name in ("ours", "theirs"):
        await asyncio.to_thread(server.create_database, name)
    files = [f"sqlite+aiosqlite:///{directory}/{name}.db" for name in ("ours", "theirs")]
    pairs = [
        Pair("sqlite", directory, files[0], files[1]),
        Pair("postgresql", directory, server.url("ours"), server.url("theirs")),
    ]
    for pair in pairs:
        await bench.open.enter_async_context(pair)
    requests = {one: int(pace * scale.intake_seconds) for one, pace in _PACE.items()}
    await bench.rounds(
        "intake", *(lambda pair=pair: pair.compare(bench.book, requests) for pair in pairs)
    )


async def _growth(bench: Bench, _wanted: set[str]) -> None:
    scale, directory = bench.scale, bench.directory()
    server = await bench.postgres()
    sizes = {"small": scale.small, "big": scale.big}
    for name in sizes:
        await asyncio.to_thread(server.create_database, name)
    files = {size: f"sqlite+aiosqlite:///{directory}/{name}.db" for name, size in sizes.items()}
    tables = {size: server.url(name) for name, size in sizes.items()}
    bench.say("growing the stores")
    growths = [Growth("sqlite", directory, files), Growth("postgresql", directory, tables, server)]
    for growth in growths:
        await bench.open.enter_async_context(growth)
    number = scale.growth_events
    await bench.rounds(
        "growth", *(lambda one=one: one.compare(bench.book, number) for one in growths)
    )


async def _scale(bench: Bench, _wanted: set[str]) -> None:
    directory, server = bench.directory(), await bench.postgres()
    events = bench.scale.scale_events
    await bench.rounds("workers", lambda: workers(server, directory, bench.book, events))


RUNS = (
    Run(
        (
            "delivery_vs_ceiling",
            "delivery_vs_matrix_webhook",
            "delivery_vs_maubot",
            "latency_over_bare",
            "bridge_cpu_share",
            "page_latency_under_storm",
            "burst_speedup",
            "rss_mb",
        ),
        _matrix,
    ),
    Run(("intake_vs_bare", "intake_p99_ms_over_bare"), _intake),
    Run(("flatness", "rss_mb"), _growth),
    Run(("workers_scale",), _scale),
)
