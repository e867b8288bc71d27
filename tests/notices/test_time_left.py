"""How much time is left is told in words that stay true until they are told anew."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from bridge.model.clock import ManualClock
from bridge.model.dispute import time_left_for
from bridge.store import rooms
from bridge.store.engine import Store
from bridge.store.rooms import BoundRoom, Trouble
from bridge.store.tables import lane, outbox
from bridge.watch.deadlines import keep_true

NOW = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DISPUTE = BoundRoom("acme/dispute/du_1", "!1:example.org", "acme", "dispute", "du_1", ())


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(days=8, hours=2), "8 days left"),
        (timedelta(days=2, hours=1), "2 days left"),
        (timedelta(days=2), "47 hours left"),
        (timedelta(hours=3), "2 hours left"),
        (timedelta(hours=2), "less than 2 hours left"),
        (timedelta(seconds=1), "less than 2 hours left"),
        (timedelta(0), "passed"),
        (-timedelta(days=3), "passed"),
    ],
)
def test_the_words(left: timedelta, told: str) -> None:
    assert time_left_for(HOUR, NOW + left, NOW) == told


@given(st.timedeltas(timedelta(hours=3), timedelta(days=60)), st.timedeltas(timedelta(0), HOUR))
def test_there_is_never_less_left_than_it_says(left: timedelta, later: timedelta) -> None:
    number, unit, _ = time_left_for(HOUR, NOW + left, NOW).split()
    assert timedelta(**{unit: int(number)}) <= left - later


async def asked(store: Store) -> int:
    async with store.read() as tx:
        return int((await tx.run(select(func.count()).select_from(outbox))).scalar_one())


async def test_open_disputes_are_looked_at_once_an_hour(store: Store) -> None:
    clock = ManualClock(NOW)
    over = replace(
        DISPUTE, subject="acme/dispute/du_2", room_id="!2:example.org", subject_id="du_2"
    )
    lost = replace(
        DISPUTE, subject="acme/dispute/du_3", room_id="!3:example.org", subject_id="du_3"
    )
    async with store.begin() as tx:
        for one in (DISPUTE, over, lost):
            await rooms.bind(tx, one, NOW)
        await rooms.shape(tx, replace(over, archived_at=NOW))
        await rooms.set_trouble(tx, lost.room_id, Trouble.ENCRYPTED)
    for _ in range(2):
        await keep_true(store, clock, "acme")
        await keep_true(store, clock, "other")
        async with store.begin() as tx:  # as if it had been done at once
            await tx.run(update(lane).values(due_at=None))
    assert await asked(store) == 1
    await keep_true(store, clock, "acme")
    async with store.read() as tx:
        assert (await tx.run(select(lane.c.due_at))).scalar_one() is None
    clock.advance(HOUR)
    await keep_true(store, clock, "acme")
    assert await asked(store) == 2
