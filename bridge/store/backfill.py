"""How far a backfill has come, and how much of what it made still waits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select

from bridge.store.engine import Tx
from bridge.store.tables import backfill, outbox


@dataclass(frozen=True)
class Position:
    """`after` is the last object that is done with, newest first; None at the beginning."""

    since: datetime
    after: str | None = None


async def position(tx: Tx, account: str, scope: str) -> Position | None:
    row = (await tx.run(select(backfill).where(*_is(account, scope)))).one_or_none()
    return Position(row.since, row.after) if row else None


async def keep(tx: Tx, account: str, scope: str, now: Position, at: datetime) -> None:
    values = {"since": now.since, "after": now.after, "updated_at": at}
    insert = tx.insert(backfill).values(account=account, scope=scope, **values)
    await tx.run(insert.on_conflict_do_update(index_elements=["account", "scope"], set_=values))


async def finished(tx: Tx, account: str, scope: str) -> None:
    await tx.run(delete(backfill).where(*_is(account, scope)))


async def waiting(tx: Tx) -> int:
    """Deliveries to rooms that nobody has sent yet."""
    wanted = (outbox.c.state == "ready", outbox.c.lane.like("room:%"))
    return int((await tx.run(select(func.count()).where(*wanted))).scalar_one())


def _is(account: str, scope: str) -> tuple[ColumnElement[bool], ...]:
    return (backfill.c.account == account, backfill.c.scope == scope)
