"""Accounts whose money actions are stopped, by whom and why."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from bridge.store.engine import Tx
from bridge.store.tables import frozen


@dataclass(frozen=True)
class Freeze:
    account: str
    id: str
    person: str
    reason: str
    frozen_at: datetime


async def add(tx: Tx, new: Freeze) -> bool:
    """Whether it was not frozen before."""
    values = {name: getattr(new, name) for name in new.__dataclass_fields__}
    insert = tx.insert(frozen).values(**values)
    return (await tx.run(insert.on_conflict_do_nothing(index_elements=["account"]))).rowcount == 1


async def of(tx: Tx, account: str) -> Freeze | None:
    row = (await tx.run(select(frozen).where(frozen.c.account == account))).one_or_none()
    return Freeze(row.account, row.id, row.person, row.reason, row.frozen_at) if row else None


async def lift(tx: Tx, freeze_id: str) -> bool:
    """This freeze, and not one that came after it."""
    return (await tx.run(delete(frozen).where(frozen.c.id == freeze_id))).rowcount == 1
