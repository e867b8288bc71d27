"""Lanes as an operator sees them: what waits in each, and since when; paused and let go on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, func, or_, select, update

from bridge.store.engine import Tx
from bridge.store.patterns import like
from bridge.store.tables import inbox, is_ready, lane, outbox

_CAME = {inbox.name: inbox.c.received_at, outbox.name: outbox.c.created_at}


@dataclass(frozen=True)
class Waiting:
    """`error` is why the first of what waits was not done at its last try."""

    key: str
    number: int
    oldest: datetime | None
    due_at: datetime | None
    leased_until: datetime | None
    fails: int
    paused_at: datetime | None
    error: str


async def of_interest(tx: Tx, patterns: Sequence[str] = ()) -> list[Waiting]:
    """Those in which something waits, or that are paused; the oldest first. Patterns may have `*`."""
    waits = [
        lane.c.key.in_(select(queue.c.lane).where(is_ready(queue))) for queue in (inbox, outbox)
    ]
    wanted = select(lane).where(or_(lane.c.paused_at.is_not(None), *waits), *_named(patterns))
    found = [await _waiting(tx, row) for row in await tx.run(wanted)]
    return sorted(found, key=lambda one: (one.oldest is None, one.oldest, one.key))


async def known(tx: Tx, patterns: Sequence[str]) -> list[str]:
    """All lanes that fit one of the patterns, whether or not anything waits in them."""
    rows = await tx.run(select(lane.c.key).where(*_named(patterns)).order_by(lane.c.key))
    return list(rows.scalars())


async def pause(tx: Tx, keys: Sequence[str], at: datetime | None) -> None:
    """Nobody takes them from now on; None lets them go on. What is under way is brought to its end."""
    for key in sorted(keys):
        await tx.run(update(lane).where(lane.c.key == key).values(paused_at=at))
        if at is None:
            tx.wakes.add(key)


async def _waiting(tx: Tx, row: Row[Any]) -> Waiting:
    number, oldest, error = 0, None, ""
    for queue in (inbox, outbox):
        waits = (await tx.run(_count(queue, row.key))).one()
        if waits.number:
            number, oldest = waits.number, waits.oldest
            error = (await tx.run(_first_error(queue, row.key))).scalar_one() or ""
    return Waiting(
        row.key, number, oldest, row.due_at, row.lease_until, row.fails, row.paused_at, error
    )


def _count(queue: Table, key: str) -> Select[int, datetime]:
    came = func.min(_CAME[queue.name])
    count = func.count().label("number")
    return select(count, came.label("oldest")).where(queue.c.lane == key, is_ready(queue))


def _first_error(queue: Table, key: str) -> Select[str]:
    return (
        select(queue.c.error)
        .where(queue.c.lane == key, is_ready(queue))
        .order_by(queue.c.id)
        .limit(1)
    )


def _named(patterns: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    if patterns:
        yield or_(*(like(lane.c.key, one) for one in patterns))
