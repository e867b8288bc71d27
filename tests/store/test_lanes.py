"""Lanes keep their order, belong to one worker at a time, and lose nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bridge.model.clock import ManualClock
from bridge.model.outcome import Dead, Delivered, Outcome, Retry, Unknown
from bridge.store import lanes, outbox, queue
from bridge.store.engine import Store
from bridge.store.lanes import Lane, LeaseLost
from bridge.store.outbox import Delivery
from bridge.store.queue import Item
from bridge.store.tables import attempt
from bridge.store.tables import outbox as table

LEASE = timedelta(seconds=60)


def delivery(
    lane: str, number: int = 0, *, urgency: int = 1, dedup_key: str | None = None
) -> Delivery:
    return Delivery(f"room:{lane}", "room", {"number": number}, urgency, dedup_key)


async def put(store: Store, clock: ManualClock, *deliveries: Delivery) -> None:
    async with store.begin() as tx:
        await outbox.enqueue(tx, deliveries, clock.now())


async def claim(store: Store, clock: ManualClock, limit: int = 10) -> list[Lane]:
    async with store.begin() as tx:
        return await lanes.claim(tx, clock.now(), LEASE, limit)


async def waiting(store: Store, lane: Lane) -> list[Item]:
    async with store.read() as tx:
        return await queue.ready(tx, lane, 100)


async def settle(
    store: Store, clock: ManualClock, lane: Lane, item: Item, outcome: Outcome
) -> None:
    async with store.begin() as tx:
        await queue.settle(tx, lane, item, outcome, clock.now(), LEASE)


async def release(
    store: Store, clock: ManualClock, lane: Lane, pause: timedelta | None = None
) -> None:
    async with store.begin() as tx:
        await lanes.release(tx, lane, clock.now(), pause=pause)


async def test_a_lane_gives_its_items_in_their_order(store: Store, clock: ManualClock) -> None:
    await put(store, clock, *(delivery("a", number) for number in range(5)))
    (lane,) = await claim(store, clock)
    assert [item.payload["number"] for item in await waiting(store, lane)] == [0, 1, 2, 3, 4]


async def test_a_claimed_lane_is_nobody_elses_until_its_lease_ends(
    store: Store, clock: ManualClock
) -> None:
    await put(store, clock, delivery("a"))
    assert len(await claim(store, clock)) == 1
    assert await claim(store, clock) == []
    clock.advance(LEASE)
    assert len(await claim(store, clock)) == 1


async def test_a_worker_that_slept_past_its_lease_writes_nothing(
    store: Store, clock: ManualClock
) -> None:
    await put(store, clock, delivery("a"))
    (slept,) = await claim(store, clock)
    (item,) = await waiting(store, slept)
    clock.advance(LEASE)
    (awake,) = await claim(store, clock)
    with pytest.raises(LeaseLost):
        await settle(store, clock, slept, item, Dead("from the past"))
    with pytest.raises(LeaseLost):
        await release(store, clock, slept)
    await settle(store, clock, awake, item, Delivered("$1"))
    assert await waiting(store, awake) == []


async def test_the_most_urgent_lanes_are_claimed_first(store: Store, clock: ManualClock) -> None:
    await put(
        store,
        clock,
        delivery("calm", urgency=3),
        delivery("page", urgency=0),
        delivery("note", urgency=1),
    )
    claimed = [lane.key for _ in range(3) for lane in await claim(store, clock, limit=1)]
    assert claimed == ["room:page", "room:note", "room:calm"]


async def test_a_page_makes_its_whole_lane_urgent(store: Store, clock: ManualClock) -> None:
    await put(store, clock, delivery("a", urgency=3), delivery("b", urgency=2))
    await put(store, clock, delivery("a", urgency=0))
    assert [lane.key for lane in await claim(store, clock, limit=1)] == ["room:a"]


async def test_what_is_added_while_a_lane_is_worked_on_is_not_forgotten(
    store: Store, clock: ManualClock
) -> None:
    await put(store, clock, delivery("a", 0))
    (lane,) = await claim(store, clock)
    (item,) = await waiting(store, lane)
    await put(store, clock, delivery("a", 1))
    await settle(store, clock, lane, item, Delivered())
    await release(store, clock, lane)
    (again,) = await claim(store, clock)
    assert [one.payload["number"] for one in await waiting(store, again)] == [1]


async def test_a_lane_that_rests_is_not_woken_by_new_work(store: Store, clock: ManualClock) -> None:
    await put(store, clock, delivery("a"))
    (lane,) = await claim(store, clock)
    (item,) = await waiting(store, lane)
    await settle(store, clock, lane, item, Retry("away", outage=True))
    await release(store, clock, lane, pause=timedelta(seconds=30))
    await put(store, clock, delivery("a"))
    assert await claim(store, clock) == []
    clock.advance(timedelta(seconds=30))
    (again,) = await claim(store, clock)
    assert again.fails == 1
    assert len(await waiting(store, again)) == 2


async def test_an_empty_lane_sleeps(store: Store, clock: ManualClock) -> None:
    await put(store, clock, delivery("a"))
    (lane,) = await claim(store, clock)
    (item,) = await waiting(store, lane)
    await settle(store, clock, lane, item, Delivered())
    await release(store, clock, lane)
    clock.advance(timedelta(days=1))
    assert await claim(store, clock) == []


async def test_the_same_dedup_key_is_enqueued_once(store: Store, clock: ManualClock) -> None:
    await put(
        store,
        clock,
        delivery("a", 1, dedup_key="k"),
        delivery("a", 2, dedup_key="k"),
        delivery("a", 3),
    )
    await put(store, clock, delivery("a", 4, dedup_key="k"))
    (lane,) = await claim(store, clock)
    assert [item.payload["number"] for item in await waiting(store, lane)] == [1, 3]


@pytest.mark.parametrize(
    ("outcomes", "state", "attempts"),
    [
        ([Delivered("$x")], "delivered", 1),
        ([Dead("no such room")], "dead", 1),
        ([Retry("busy"), Delivered("$x")], "delivered", 2),
        ([Retry("away", outage=True), Retry("away", outage=True), Delivered("$x")], "delivered", 1),
        ([Unknown("timed out"), Delivered()], "delivered", 2),
        ([Unknown("timed out"), Unknown("timed out")], "unknown", 2),
    ],
)
async def test_each_outcome_leaves_its_state_and_its_history(
    store: Store, clock: ManualClock, outcomes: list[Outcome], state: str, attempts: int
) -> None:
    await put(store, clock, delivery("a"))
    (lane,) = await claim(store, clock)
    for outcome in outcomes:
        (item,) = await waiting(store, lane)
        await settle(store, clock, lane, item, outcome)
    assert await waiting(store, lane) == []
    async with store.read() as tx:
        row = (await tx.run(select(table))).one()
        history = (await tx.run(select(attempt.c.reason).order_by(attempt.c.id))).scalars().all()
    assert (row.state, row.attempts) == (state, attempts)
    assert list(history) == [
        outcome.reason for outcome in outcomes if not isinstance(outcome, Delivered)
    ]


async def test_a_second_try_after_an_unknown_one_says_so(store: Store, clock: ManualClock) -> None:
    await put(store, clock, delivery("a"))
    (lane,) = await claim(store, clock)
    (first,) = await waiting(store, lane)
    await settle(store, clock, lane, first, Unknown("timed out"))
    (second,) = await waiting(store, lane)
    assert (first.repeated, second.repeated) == (False, True)
