"""What an operator sees of lanes, and what a pause does."""

from datetime import timedelta

from bridge.model.clock import ManualClock
from bridge.model.outcome import Delivered, Retry
from bridge.store import lane_list, lanes, outbox, queue
from bridge.store.engine import Store
from bridge.store.lanes import Lane
from bridge.store.outbox import Delivery

LEASE = timedelta(seconds=60)


async def put(store: Store, clock: ManualClock, key: str) -> None:
    async with store.begin() as tx:
        await outbox.enqueue(tx, [Delivery(key, "room", {}, 1)], clock.now())


async def claim(store: Store, clock: ManualClock) -> list[Lane]:
    async with store.begin() as tx:
        return await lanes.claim(tx, clock.now(), LEASE, 10)


async def pause(store: Store, clock: ManualClock, pattern: str, *, on: bool) -> list[str]:
    async with store.begin() as tx:
        keys = await lane_list.known(tx, [pattern])
        await lane_list.pause(tx, keys, clock.now() if on else None)
    return keys


async def test_a_paused_lane_keeps_everything_and_goes_on_where_it_was(
    store: Store, clock: ManualClock
) -> None:
    await put(store, clock, "room:a_1")
    await put(store, clock, "room:a%1")
    assert await pause(store, clock, "room:a_*", on=True) == ["room:a_1"]
    await put(store, clock, "room:a_1")
    assert [one.key for one in await claim(store, clock)] == ["room:a%1"]
    await pause(store, clock, "*", on=False)
    (taken,) = await claim(store, clock)
    async with store.begin() as tx:
        assert (taken.key, len(await queue.ready(tx, taken, 10))) == ("room:a_1", 2)


async def test_a_pause_lets_what_is_under_way_end(store: Store, clock: ManualClock) -> None:
    await put(store, clock, "room:a")
    (owned,) = await claim(store, clock)
    await pause(store, clock, "room:a", on=True)
    async with store.begin() as tx:
        (item,) = await queue.ready(tx, owned, 10)
        await queue.settle(tx, owned, item, Delivered("$1"), clock.now(), LEASE)
        await lanes.let_go(tx, owned, clock.now())
    await put(store, clock, "room:a")
    assert await claim(store, clock) == []


async def test_the_list_tells_since_when_and_why(store: Store, clock: ManualClock) -> None:
    await put(store, clock, "room:idle")
    async with store.begin() as tx:
        (idle,) = await lanes.claim(tx, clock.now(), LEASE, 10)
        (item,) = await queue.ready(tx, idle, 10)
        await queue.settle(tx, idle, item, Delivered("$1"), clock.now(), LEASE)
        await lanes.let_go(tx, idle, clock.now())
    began = clock.now()
    await put(store, clock, "room:slow")
    (slow,) = await claim(store, clock)
    async with store.begin() as tx:
        (item,) = await queue.ready(tx, slow, 10)
        await queue.settle(tx, slow, item, Retry("away"), clock.now(), LEASE)
        await lanes.let_go(tx, slow, clock.now(), pause=LEASE)
    clock.advance(timedelta(seconds=1))
    await put(store, clock, "room:slow")
    async with store.read() as tx:
        (found,) = await lane_list.of_interest(tx)
    assert (found.key, found.number, found.oldest) == ("room:slow", 2, began)
    assert (found.error, found.fails, found.due_at) == ("away", 1, began + LEASE)
