"""An event is kept once, whole, and durably before anybody is told."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from bridge.model.clock import ManualClock
from bridge.model.errors import StoreUnavailable
from bridge.store import inbox
from bridge.store.engine import Store, open_store
from bridge.store.inbox import Arrival
from bridge.store.intake import Intake
from bridge.store.tables import inbox as table

ONE = Arrival(
    "stripe:acme", "evt_1", "charge.failed", '{"id": "evt_1"}', "events:acme:1", "events", 1
)


async def _rows(store: Store) -> list[tuple[str, str]]:
    async with store.read() as tx:
        found = (await tx.run(select(table.c.source, table.c.event_id).order_by(table.c.id))).all()
    return [(row.source, row.event_id) for row in found]


async def test_the_same_event_is_kept_once_for_each_account(
    store: Store, clock: ManualClock
) -> None:
    other = replace(ONE, source="stripe:other")
    for arrivals in ([ONE, ONE], [ONE, other]):
        async with store.begin() as tx:
            await inbox.accept(tx, arrivals, clock.now())
    assert await _rows(store) == [("stripe:acme", "evt_1"), ("stripe:other", "evt_1")]


async def test_requests_that_arrive_together_are_all_kept(store: Store, clock: ManualClock) -> None:
    intake = Intake(store, clock)
    many = [replace(ONE, event_id=f"evt_{n % 60}") for n in range(120)]
    await asyncio.gather(*(intake.accept([one]) for one in many))
    assert len(await _rows(store)) == 60


async def test_one_that_the_store_refuses_does_not_hurt_the_others(
    store: Store, clock: ManualClock
) -> None:
    async with store.begin() as tx:
        await tx.run(text("CREATE UNIQUE INDEX one_type ON inbox (type)"))
    intake = Intake(store, clock)
    arrivals = [replace(ONE, event_id=f"evt_{n}", type="a" if n < 2 else "b") for n in range(3)]
    answers = await asyncio.gather(
        *(intake.accept([one]) for one in arrivals), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [type(None), StoreUnavailable, type(None)]
    assert len(await _rows(store)) == 2


async def test_a_store_that_is_not_there_is_said_to_be_unavailable(clock: ManualClock) -> None:
    store = open_store("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(StoreUnavailable):
        await Intake(store, clock).accept([ONE])
    await store.close()


async def test_a_transaction_of_the_homeserver_counts_once(
    store: Store, clock: ManualClock
) -> None:
    async with store.begin() as tx:
        assert not await inbox.seen_transaction(tx, "t1", clock.now())
        assert await inbox.seen_transaction(tx, "t1", clock.now())


async def test_a_failed_transaction_leaves_nothing(store: Store, clock: ManualClock) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.begin() as tx:
            await inbox.accept(tx, [ONE], clock.now())
            raise ZeroDivisionError
    assert await _rows(store) == []


async def test_commits_survive_power_loss(store: Store) -> None:
    if store.dialect != "sqlite":
        async with store.read() as tx:
            assert (
                await tx.run(select(func.current_setting("synchronous_commit")))
            ).scalar_one() == "on"
        return
    async with store.read() as tx:
        assert (await tx.run(text("PRAGMA synchronous"))).scalar_one() == 2
        assert (await tx.run(text("PRAGMA journal_mode"))).scalar_one() == "wal"
