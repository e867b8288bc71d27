"""The loop: in order, once, with pauses, around poison and around targets that are away."""

import asyncio
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bridge.model.clock import ManualClock
from bridge.model.outcome import Delivered, Outcome, Retry
from bridge.store import outbox
from bridge.store.engine import Store, Tx
from bridge.store.outbox import Delivery
from bridge.store.queue import Done, Item
from bridge.store.tables import outbox as table
from bridge.worker import Handler, Pace, Worker

PACE = Pace(
    lanes_at_once=4,
    lease=timedelta(seconds=60),
    poll=timedelta(seconds=30),
    backoff_first=timedelta(seconds=1),
    backoff_most=timedelta(seconds=60),
    attempts=3,
    give_up_after=timedelta(hours=1),
)


class Target:
    """Notes what it is given and answers as it is told, in each lane."""

    def __init__(self) -> None:
        self.got: dict[str, list[int]] = defaultdict(list)
        self.answers: dict[str, list[Outcome | Exception]] = defaultdict(list)

    async def __call__(self, item: Item) -> Done:
        self.got[item.lane].append(item.payload["number"])
        answers = self.answers[item.lane]
        answer = answers.pop(0) if answers else Delivered(f"${item.uid}")
        if isinstance(answer, Exception):
            raise answer
        return Done(answer)


@pytest.fixture
def target() -> Target:
    return Target()


def worker(store: Store, clock: ManualClock, handler: Handler, pace: Pace = PACE) -> Worker:
    return Worker(store, clock, pace, {"room": handler})


async def put(store: Store, clock: ManualClock, lane: str, *numbers: int) -> None:
    async with store.begin() as tx:
        await outbox.enqueue(
            tx, [Delivery(lane, "room", {"number": n}, 1) for n in numbers], clock.now()
        )


async def states(store: Store) -> list[str]:
    async with store.read() as tx:
        return list((await tx.run(select(table.c.state).order_by(table.c.id))).scalars())


async def test_everything_is_handled_in_the_order_of_its_lane(
    store: Store, clock: ManualClock, target: Target
) -> None:
    for number in range(60):
        await put(store, clock, f"lane {number % 3}", number)
    await worker(store, clock, target).settle_all()
    assert target.got == {f"lane {lane}": list(range(lane, 60, 3)) for lane in range(3)}


async def test_a_failing_lane_delays_no_other_and_keeps_its_order(
    store: Store, clock: ManualClock, target: Target
) -> None:
    await put(store, clock, "bad", 1, 2)
    await put(store, clock, "good", 3, 4)
    target.answers["bad"] = [Retry("away", outage=True)]
    work = worker(store, clock, target)
    await work.settle_all()
    assert target.got == {"bad": [1], "good": [3, 4]}
    clock.advance(timedelta(seconds=1))
    await work.settle_all()
    assert target.got["bad"] == [1, 1, 2]


async def test_poison_is_put_aside_and_the_lane_goes_on(
    store: Store, clock: ManualClock, target: Target
) -> None:
    await put(store, clock, "a", 1, 2)
    target.answers["a"] = [ValueError("ours"), Retry("500"), ValueError("ours")]
    work = worker(store, clock, target)
    for _ in range(4):
        await work.settle_all()
        clock.advance(timedelta(minutes=1))
    assert target.got["a"] == [1, 1, 1, 2]
    assert await states(store) == ["dead", "delivered"]


async def test_an_outage_costs_no_attempts_but_has_an_end(
    store: Store, clock: ManualClock, target: Target
) -> None:
    await put(store, clock, "a", 1)
    target.answers["a"] = [Retry("away", outage=True)] * 100
    work = worker(store, clock, target)
    for _ in range(10):
        await work.settle_all()
        clock.advance(timedelta(minutes=5))
    assert await states(store) == ["ready"]
    clock.advance(timedelta(hours=1))
    await work.settle_all()
    assert await states(store) == ["dead"]


async def test_a_target_that_asks_to_wait_is_left_alone_for_that_long(
    store: Store, clock: ManualClock, target: Target
) -> None:
    await put(store, clock, "a", 1)
    target.answers["a"] = [Retry("429", after=timedelta(seconds=20), outage=True)]
    work = worker(store, clock, target)
    await work.settle_all()
    clock.advance(timedelta(seconds=19))
    await work.settle_all()
    assert target.got["a"] == [1]
    clock.advance(timedelta(seconds=1))
    await work.settle_all()
    assert target.got["a"] == [1, 1]


async def test_what_is_written_with_the_outcome_is_committed_with_it(
    store: Store, clock: ManualClock
) -> None:
    async def handler(item: Item) -> Done:
        async def write(tx: Tx) -> None:
            if item.payload["number"] == 1:
                await outbox.enqueue(tx, [Delivery("next", "room", {"number": 2}, 1)], clock.now())

        return Done(Delivered(), write)

    await put(store, clock, "a", 1)
    await worker(store, clock, handler).settle_all()
    assert await states(store) == ["delivered", "delivered"]


async def test_a_failing_write_leaves_the_item_unsettled(store: Store, clock: ManualClock) -> None:
    tries: list[int] = []

    async def handler(item: Item) -> Done:
        async def write(tx: Tx) -> None:
            tries.append(1)
            if len(tries) == 1:
                raise ZeroDivisionError

        return Done(Delivered(), write)

    await put(store, clock, "a", 1)
    work = worker(store, clock, handler)
    await work.settle_all()
    assert await states(store) == ["ready"]
    clock.advance(PACE.lease)
    await work.settle_all()
    assert await states(store) == ["delivered"]


async def test_two_workers_share_the_lanes_and_double_nothing(
    store: Store, clock: ManualClock, target: Target
) -> None:
    for number in range(80):
        await put(store, clock, f"lane {number % 8}", number)
    await asyncio.gather(*(worker(store, clock, target).settle_all() for _ in range(2)))
    for lane in range(8):
        assert target.got[f"lane {lane}"] == list(range(lane, 80, 8))


async def test_new_work_wakes_a_running_worker_and_stop_waits_for_it(
    store: Store, clock: ManualClock
) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()

    async def handler(item: Item) -> Done:
        begun.set()
        await finish.wait()
        return Done(Delivered())

    work = worker(store, clock, handler)
    running = asyncio.create_task(work.run())
    await put(store, clock, "a", 1)
    async with asyncio.timeout(10):
        await begun.wait()
        work.stop()
        finish.set()
        await running
    assert await states(store) == ["delivered"]


@pytest.mark.parametrize(
    ("fails", "least", "most"), [(0, 0.8, 1), (1, 1.6, 2), (5, 25.6, 32), (50, 48, 60)]
)
def test_pauses_double_up_to_the_longest_with_jitter(fails: int, least: float, most: float) -> None:
    assert PACE.backoff(fails, 0.0).total_seconds() == pytest.approx(most)
    assert PACE.backoff(fails, 0.999).total_seconds() == pytest.approx(least, rel=0.01)


async def test_a_lane_that_no_part_of_the_process_takes_is_kept(
    store: Store, clock: ManualClock
) -> None:
    await put(store, clock, "a", 1)
    await Worker(store, clock, replace(PACE, attempts=1), {}).settle_all()
    assert await states(store) == ["ready"]
