"""Lanes: who works on which queue, until when, and under which fencing token."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import ColumnElement, Table, case, func, or_, select, update

from bridge.model.errors import BridgeError
from bridge.store.engine import Tx
from bridge.store.tables import inbox, lane, outbox

#: Lanes of these kinds are queues of the inbox; all others of the outbox.
INBOX_KINDS = frozenset({"events", "chat"})
CALM = 9


class LeaseLost(BridgeError):
    """Another worker owns the lane by now: what was about to be written is theirs to decide."""


@dataclass(frozen=True)
class Lane:
    key: str
    kind: str
    token: str
    fails: int

    @property
    def queue(self) -> Table:
        return inbox if self.kind in INBOX_KINDS else outbox


@dataclass(frozen=True, order=True)
class Wake:
    """Something waits in this lane from now on."""

    key: str
    kind: str
    urgency: int


async def wake(tx: Tx, wakes: Iterable[Wake], now: datetime) -> None:
    """Mark lanes as due. Sorted, so that two transactions never wait for each other in a circle."""
    most: dict[str, Wake] = {}
    for one in sorted(wakes):
        most.setdefault(one.key, one)  # the most urgent sorts first
    if not most:
        return
    insert = tx.insert(lane)
    fresh = insert.excluded
    statement = insert.on_conflict_do_update(
        index_elements=[lane.c.key],
        set_={
            # A lane that backs off keeps its pause; one that sleeps is due now.
            "due_at": func.coalesce(lane.c.due_at, fresh.due_at),
            "urgency": _least(lane.c.urgency, fresh.urgency),
        },
    )
    rows = [
        {"key": w.key, "kind": w.kind, "urgency": w.urgency, "due_at": now} for w in most.values()
    ]
    await tx.run(statement, rows)
    tx.wakes.update(most)


async def claim(tx: Tx, now: datetime, lease: timedelta, limit: int) -> list[Lane]:
    """Up to `limit` due lanes nobody works on, the most urgent first, now ours."""
    free = or_(lane.c.lease_until.is_(None), lane.c.lease_until <= now)
    wanted = (
        select(lane.c.key, lane.c.kind, lane.c.fails)
        .where(lane.c.due_at <= now, free)
        .order_by(lane.c.urgency, lane.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = (await tx.run(wanted)).all()
    if not found:
        return []
    token = uuid4().hex
    keys = [row.key for row in found]
    await tx.run(
        update(lane).where(lane.c.key.in_(keys)).values(lease_until=now + lease, lease_token=token)
    )
    return [Lane(row.key, row.kind, token, row.fails) for row in found]


async def hold(tx: Tx, owned: Lane, now: datetime, lease: timedelta, **values: object) -> None:
    """Renew the lease; raises `LeaseLost` if the lane has gone to somebody else."""
    await _fenced(tx, owned, lease_until=now + lease, **values)


async def release(tx: Tx, owned: Lane, now: datetime, *, pause: timedelta | None = None) -> None:
    """Let go. The lane is locked first, then looked into: a row added meanwhile is never overlooked."""
    await _fenced(tx, owned, lease_until=None, lease_token=None)
    queue = owned.queue
    waiting = select(func.min(queue.c.urgency)).where(
        queue.c.lane == owned.key, queue.c.state == "ready"
    )
    urgency = (await tx.run(waiting)).scalar_one()
    due_at = None if urgency is None else now + (pause or timedelta(0))
    values = {"due_at": due_at, "urgency": CALM if urgency is None else urgency}
    await tx.run(update(lane).where(lane.c.key == owned.key).values(**values))
    if due_at is not None and not pause:
        tx.wakes.add(owned.key)


async def _fenced(tx: Tx, owned: Lane, **values: object) -> None:
    done = await tx.run(
        update(lane)
        .where(lane.c.key == owned.key, lane.c.lease_token == owned.token)
        .values(**values)
    )
    if done.rowcount != 1:
        raise LeaseLost(f"The lane {owned.key} is worked on by another process.")


def _least(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return case((one < other, one), else_=other)
