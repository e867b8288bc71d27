"""What a second process brings, on PostgreSQL, when nothing outside is slow."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.speed.bridges import BridgeProcess, Setting
from benchmarks.speed.cost import cpu_seconds, family
from benchmarks.speed.figures import Book
from benchmarks.speed.quiet import ReadyHomeserver
from benchmarks.speed.webhooks import Postbag
from bridge.model.clock import SystemClock
from bridge.sandbox.cast import ACCOUNT
from bridge.sandbox.homeserver import Appservice
from bridge.sandbox.ports import Port
from bridge.sandbox.postgres import Postgres
from bridge.store.engine import open_store
from bridge.store.inbox import Arrival, accept

_LANES = 16


async def workers(server: Postgres, directory: Path, book: Book, events: int) -> None:
    """One round: the same work for one process, then for two."""
    one = await _rate(server, directory, book, 1, events)
    two = await _rate(server, directory, book, 2, events)
    book.note("workers_scale", two / one)
    book.tell("workers_scale", one_per_second=one, two_per_second=two)


async def _rate(
    server: Postgres, directory: Path, book: Book, processes: int, events: int
) -> float:
    """Events a second: they are in the store before they may begin, so that nothing else takes part."""
    name = f"scale{processes}x{Postbag().run}"
    url = await asyncio.to_thread(server.create_database, name)
    place = directory / name
    place.mkdir()
    async with AsyncExitStack() as open_:
        homeserver = await open_.enter_async_context(ReadyHomeserver(place))
        appservice = Appservice("bench", open_.enter_context(Port()), "stripe", "stripe_")
        setting = Setting(place, homeserver.url, homeserver.url, appservice, url)
        bridges = [
            await open_.enter_async_context(BridgeProcess(setting, f"bridge-{n}"))
            for n in range(processes)
        ]
        bag = Postbag()
        since = await homeserver.count()
        await _put(url, bag, len(bag.customers))  # the rooms are made
        await homeserver.got(len(bag.customers), since)
        await asyncio.sleep(1)
        since = await homeserver.count()
        pids: list[list[int | None]] = [
            [one.process.pid for one in bridges],
            [*family(server.process.pid)],
        ]
        before = [cpu_seconds(*some) for some in pids]
        await _put(url, bag, events)
        done = await homeserver.got(events, since)
        ours, theirs = (
            1000 * (cpu_seconds(*some) - was) / events
            for some, was in zip(pids, before, strict=True)
        )
        book.tell(
            "workers_scale",
            **{f"{processes}: bridge ms": ours, f"{processes}: database ms": theirs},
        )
    await asyncio.to_thread(server.drop_database, name)
    return events / (done.last - done.first)


async def _put(url: str, bag: Postbag, number: int) -> None:
    store = open_store(url)
    arrivals = [
        Arrival(
            f"stripe:{ACCOUNT}",
            one.event_id,
            "invoice.payment_failed",
            one.body.decode(),
            f"events:{ACCOUNT}:{n % _LANES}",
            "events",
            1,
        )
        for n, one in enumerate(bag.over_rooms(number))
    ]
    try:
        async with store.begin() as tx:
            await accept(tx, arrivals, SystemClock().now())
    finally:
        await store.close()
