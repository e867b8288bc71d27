"""What cannot wait, while much that can is waiting; and many events on few objects at once."""

import asyncio
import time
from statistics import median

from sqlalchemy import delete

from benchmarks.speed.cost import rss_mb
from benchmarks.speed.delivery import Ceiling
from benchmarks.speed.figures import Book
from benchmarks.speed.house import House
from bridge.model.clock import SystemClock
from bridge.model.message import Message
from bridge.model.room_message import RoomMessage
from bridge.model.signal import SignalClass, Subject, SubjectKind
from bridge.model.text import safe
from bridge.sandbox.cast import ACCOUNT
from bridge.store import outbox
from bridge.store.engine import open_store
from bridge.store.tables import is_ready
from bridge.store.tables import outbox as outbox_table

_PAGES = 8
_PAUSE = 0.3


async def page_under_storm(house: House, book: Book, waiting: int) -> None:
    """One round: pages on a quiet day, then pages while `waiting` calm deliveries wait."""
    idle = await _pages(house)
    store = open_store(house.store)
    try:
        async with store.begin() as tx:
            await outbox.enqueue(tx, _calm(house, waiting), SystemClock().now())
        await asyncio.sleep(2)  # every process has noticed, and is at work
        storm = await _pages(house)
        async with store.begin() as tx:
            await tx.run(delete(outbox_table).where(is_ready(outbox_table)))
    finally:
        await store.close()
    await house.settled()
    book.note("page_latency_under_storm", storm / idle)
    book.tell("page_latency_under_storm", idle_ms=1000 * idle, storm_ms=1000 * storm)


async def burst(house: House, ceiling: Ceiling, book: Book, events: int, objects: int) -> None:
    """One round: every object's first event, then every object's second, and so on, all at once."""
    rate = await ceiling.rate(200)
    customers = house.bag.customers
    invoices = [f"{house.bag.run}s{next(house.numbers):06d}" for _ in range(objects)]
    webhooks = [
        house.bag.attempt(customers[n % len(customers)], invoice, attempt)
        for attempt in range(1, events // objects + 1)
        for n, invoice in enumerate(invoices)
    ]
    start = time.monotonic()
    sent = await house.bring(webhooks)
    await house.settled()
    await house.watcher.sees([one.mark for one in webhooks])
    took = time.monotonic() - start
    book.note("burst_speedup", len(webhooks) / rate / took)
    book.tell(
        "burst_speedup", seconds=took, taken_per_second=sent.per_second, ceiling_per_second=rate
    )
    book.note("rss_mb", rss_mb(house.bridge.process.pid), "after the burst")


async def _pages(house: House) -> float:
    ways = []
    for _ in range(_PAGES):
        page = house.bag.payout_failed()
        start = time.monotonic()
        await house.bring([page])
        ways.append(await house.watcher.sees([page.mark]) - start)
        await asyncio.sleep(_PAUSE)
    return median(ways)


def _calm(house: House, number: int) -> list[outbox.Delivery]:
    customers = house.bag.customers
    return [
        outbox.to_room(
            RoomMessage(
                Subject(ACCOUNT, SubjectKind.CUSTOMER, customers[n % len(customers)]),
                Message(safe(f"Calm news number {n}"), SignalClass.GROUP),
            ),
            SignalClass.GROUP.urgency,
        )
        for n in range(number)
    ]
