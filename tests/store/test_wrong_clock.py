"""A clock that was ahead and is set back: nothing rests until the time it thought it was."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bridge.model.clock import ManualClock
from bridge.model.outcome import Delivered
from bridge.store import lanes, outbox
from bridge.store.engine import Store
from bridge.store.lanes import Lane
from bridge.store.outbox import Delivery
from bridge.store.queue import Done, Item
from bridge.store.tables import lane
from bridge.worker import Pace, Worker

LEASE = timedelta(seconds=60)
AHEAD = timedelta(days=1)
PACE = Pace(
    lanes_at_once=4,
    lease=LEASE,
    poll=timedelta(seconds=30),
    backoff_first=timedelta(seconds=1),
    backoff_most=timedelta(seconds=60),
    attempts=3,
    give_up_after=timedelta(days=3),
)


async def put(store: Store, clock: ManualClock) -> None:
    async with store.begin() as tx:
        await outbox.enqueue(tx, [Delivery("room:a", "room", {}, 1)], clock.now())


async def claim(store: Store, clock: ManualClock) -> list[Lane]:
    async with store.begin() as tx:
        return await lanes.claim(tx, clock.now(), LEASE, 10)


async def realign(store: Store, clock: ManualClock, longest: timedelta) -> int:
    async with store.begin() as tx:
        return await lanes.realign(tx, clock.now(), LEASE, longest)


@pytest.mark.parametrize("longest", [timedelta(0), timedelta(hours=1)])
async def test_no_lane_rests_for_longer_than_it_may(
    longest: timedelta, store: Store, clock: ManualClock
) -> None:
    clock.advance(AHEAD)
    await put(store, clock)
    clock.advance(-AHEAD)
    assert await claim(store, clock) == []
    assert await realign(store, clock, longest) == 1
    clock.advance(longest)
    assert len(await claim(store, clock)) == 1


async def test_what_rests_no_longer_than_it_may_goes_on_resting(
    store: Store, clock: ManualClock
) -> None:
    clock.advance(timedelta(minutes=5))
    await put(store, clock)
    clock.advance(timedelta(minutes=-5))
    assert await realign(store, clock, timedelta(hours=1)) == 0
    assert await claim(store, clock) == []


async def test_no_lease_lasts_longer_than_leases_last(store: Store, clock: ManualClock) -> None:
    clock.advance(AHEAD)
    await put(store, clock)
    assert len(await claim(store, clock)) == 1
    clock.advance(-AHEAD)
    await realign(store, clock, timedelta(0))
    async with store.read() as tx:
        assert (await tx.run(select(lane.c.lease_until))).scalar_one() == clock.now() + LEASE
    clock.advance(LEASE)
    assert len(await claim(store, clock)) == 1


async def test_a_running_worker_notices_that_its_clock_was_set_back(
    store: Store, clock: ManualClock
) -> None:
    async def handler(_: Item) -> Done:
        work.stop()
        return Done(Delivered())

    work = Worker(store, clock, PACE, {"room": handler})
    clock.advance(AHEAD)
    await put(store, clock)
    work.beat_at = clock.now()
    clock.advance(-AHEAD)
    await work.run()
    async with store.read() as tx:
        assert (await tx.run(select(lane.c.due_at))).scalar_one() is None
