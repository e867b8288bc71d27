"""Dead letters can be read, sent again and dropped; what is done with is forgotten in its time."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bridge.config.schema import Retention
from bridge.model.clock import ManualClock
from bridge.model.outcome import Dead, Delivered, Outcome
from bridge.store import dead, inbox, lanes, outbox, queue
from bridge.store.engine import Store
from bridge.store.inbox import Arrival
from bridge.store.outbox import Delivery
from bridge.store.tables import inbox as inbox_table
from bridge.store.tables import lane as lane_table
from bridge.store.tables import outbox as outbox_table
from bridge.watch.retention import Forgetting

LEASE = timedelta(seconds=60)


async def put(store: Store, clock: ManualClock, lane: str, title: str = "Hello") -> None:
    async with store.begin() as tx:
        payload = {"message": {"title": title}}
        await outbox.enqueue(tx, [Delivery(lane, "room", payload, 1)], clock.now())


async def arrive(store: Store, clock: ManualClock, event_id: str, urgency: int) -> None:
    async with store.begin() as tx:
        one = Arrival("stripe:acme", event_id, "a.b", "{}", "events:1", "events", urgency)
        await inbox.accept(tx, [one], clock.now())


async def work(store: Store, clock: ManualClock, outcome: Outcome) -> int:
    """Settles whatever is due with this outcome; how much there was."""
    done = 0
    async with store.begin() as tx:
        claimed = await lanes.claim(tx, clock.now(), LEASE, 10)
    for lane in claimed:
        async with store.begin() as tx:
            for item in await queue.ready(tx, lane, 100):
                await queue.settle(tx, lane, item, outcome, clock.now(), LEASE)
                done += 1
            await lanes.release(tx, lane, clock.now())
    return done


async def all_dead(store: Store, **filters: str) -> list[dead.DeadLetter]:
    async with store.read() as tx:
        return await dead.letters(tx, lane_like=filters.get("lane"))


async def test_a_dead_letter_has_its_whole_history(store: Store, clock: ManualClock) -> None:
    await put(store, clock, "room:a", "Dispute opened")
    await work(store, clock, Dead("M_FORBIDDEN"))
    (letter,) = await all_dead(store)
    assert (letter.lane, letter.title, letter.reason) == ("room:a", "Dispute opened", "M_FORBIDDEN")
    async with store.read() as tx:
        assert [one.reason for one in await dead.history(tx, letter.name)] == ["M_FORBIDDEN"]
        assert "Dispute opened" in (await dead.payload(tx, letter.name) or "")


async def test_replayed_letters_are_tried_again_with_their_history_kept(
    store: Store, clock: ManualClock
) -> None:
    await put(store, clock, "room:a")
    await arrive(store, clock, "evt_1", 1)
    assert await work(store, clock, Dead("no")) == 2
    async with store.begin() as tx:
        await dead.replay(tx, await dead.letters(tx), clock.now())
    assert await work(store, clock, Delivered("$1")) == 2
    assert await all_dead(store) == []
    async with store.read() as tx:
        assert len(await dead.history(tx, "out-1")) == 1


async def test_dropped_letters_are_gone_from_the_list_and_not_tried(
    store: Store, clock: ManualClock
) -> None:
    await put(store, clock, "room:a")
    await work(store, clock, Dead("no"))
    async with store.begin() as tx:
        await dead.drop(tx, await dead.letters(tx), clock.now())
    assert await all_dead(store) == []
    clock.advance(timedelta(hours=1))
    assert await work(store, clock, Delivered()) == 0


@pytest.mark.parametrize(
    ("pattern", "found"), [("room:*", 2), ("room:a_1", 1), ("*%*", 0), ("x", 0)]
)
async def test_lanes_are_chosen_by_pattern(
    store: Store, clock: ManualClock, pattern: str, found: int
) -> None:
    await put(store, clock, "room:a_1")
    await put(store, clock, "room:ab1")
    await work(store, clock, Dead("no"))
    assert len(await all_dead(store, lane=pattern)) == found


@pytest.mark.parametrize("name", ["", "out", "out-", "out-x", "out-99", "in--1", "out-" + "9" * 40])
async def test_odd_names_find_nothing(store: Store, name: str) -> None:
    async with store.read() as tx:
        assert await dead.letters(tx, names=[name]) == []
        assert await dead.history(tx, name) == []


async def counts(store: Store) -> tuple[int, int]:
    async with store.read() as tx:
        found = [
            (await tx.run(select(func.count()).select_from(t))).scalar_one()
            for t in (inbox_table, outbox_table)
        ]
    return found[0], found[1]


async def test_what_is_done_with_goes_by_age_and_class_and_what_waits_stays(
    store: Store, clock: ManualClock
) -> None:
    keep = Retention()
    for urgency in range(4):
        await arrive(store, clock, f"evt_{urgency}", urgency)
    for number in range(1200):
        await put(store, clock, f"room:{number % 3}")
    while await work(store, clock, Delivered()):
        pass
    await arrive(store, clock, "evt_waiting", 3)
    await put(store, clock, "room:waiting")
    forgetting = Forgetting(store, clock, keep)
    assert await forgetting.forget() == 0
    clock.advance(keep.deliveries + timedelta(minutes=1))
    await forgetting.forget()
    assert await counts(store) == (5, 1)
    clock.advance(keep.events.digest)
    await forgetting.forget()
    assert await counts(store) == (4, 1)
    clock.advance(keep.events.page)
    await forgetting.forget()
    assert await counts(store) == (1, 1)


async def test_a_lost_wake_up_is_made_good(store: Store, clock: ManualClock) -> None:
    await put(store, clock, "room:a")
    async with store.begin() as tx:
        await tx.run(update(lane_table).values(due_at=None))
    assert await work(store, clock, Delivered()) == 0
    async with store.begin() as tx:
        assert await lanes.rearm(tx, clock.now()) == 1
    assert await work(store, clock, Delivered()) == 1
    async with store.begin() as tx:
        assert await lanes.rearm(tx, clock.now()) == 0
