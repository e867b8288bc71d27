"""What people wrote down about an object, in full; Stripe's metadata holds only the beginning."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from bridge.store.engine import Tx
from bridge.store.tables import note


@dataclass(frozen=True)
class Note:
    account: str
    object_id: str
    customer: str | None
    author: str
    text: str
    source_event: str
    written_at: datetime


async def add(tx: Tx, new: Note) -> None:
    """Once per message that asked for it."""
    values = {name: getattr(new, name) for name in new.__dataclass_fields__}
    await tx.run(
        tx.insert(note).values(**values).on_conflict_do_nothing(index_elements=["source_event"])
    )


async def count(tx: Tx, account: str, object_id: str) -> int:
    wanted = select(func.count()).where(note.c.account == account, note.c.object_id == object_id)
    return int((await tx.run(wanted)).scalar_one())


async def latest(tx: Tx, account: str, object_ids: list[str], limit: int = 3) -> list[Note]:
    wanted = select(note).where(note.c.account == account, note.c.object_id.in_(object_ids))
    rows = (await tx.run(wanted.order_by(note.c.id.desc()).limit(limit))).all()
    return [
        Note(r.account, r.object_id, r.customer, r.author, r.text, r.source_event, r.written_at)
        for r in rows
    ]


async def of_customer(tx: Tx, account: str, customer: str, limit: int = 3) -> list[Note]:
    """Newest first, about the customer and whatever is theirs."""
    its = (note.c.customer == customer) | (note.c.object_id == customer)
    wanted = select(note).where(note.c.account == account, its)
    rows = (await tx.run(wanted.order_by(note.c.id.desc()).limit(limit))).all()
    return [
        Note(r.account, r.object_id, r.customer, r.author, r.text, r.source_event, r.written_at)
        for r in rows
    ]
