"""Who takes care of an object, and who has seen what was told of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from bridge.store.engine import Tx
from bridge.store.tables import assignment, card, sighting


@dataclass(frozen=True)
class Assignment:
    """`person` is None if it was taken away from whoever had it."""

    account: str
    object_id: str
    customer: str | None
    person: str | None
    by: str
    source_event: str
    at: datetime


@dataclass(frozen=True)
class Sighting:
    person: str
    at: datetime


async def assign(tx: Tx, new: Assignment) -> None:
    """Once per message that asked for it."""
    values = {name: getattr(new, name) for name in new.__dataclass_fields__}
    insert = tx.insert(assignment).values(**values)
    await tx.run(insert.on_conflict_do_nothing(index_elements=["source_event"]))


async def assigned(tx: Tx, account: str, object_ids: Collection[str]) -> dict[str, str]:
    """Who has each of these objects now; those that nobody has are left out."""
    return await _newest(tx, account, assignment.c.object_id.in_(list(object_ids)))


async def assigned_of_customer(tx: Tx, account: str, customer: str) -> dict[str, str]:
    """Who has the customer, and whatever is theirs."""
    its = (assignment.c.customer == customer) | (assignment.c.object_id == customer)
    return await _newest(tx, account, its)


async def assignments(tx: Tx, account: str, object_ids: Collection[str]) -> list[Assignment]:
    """All that there ever were, in their order."""
    wanted = select(assignment).where(
        assignment.c.account == account, assignment.c.object_id.in_(list(object_ids))
    )
    rows = (await tx.run(wanted.order_by(assignment.c.id))).all()
    return [Assignment(*(getattr(r, n) for n in Assignment.__dataclass_fields__)) for r in rows]


async def see(
    tx: Tx, account: str, object_ids: Collection[str], source_event: str, new: Sighting
) -> None:
    for one in object_ids:
        values = {"source_event": source_event, "object_id": one, "account": account}
        insert = tx.insert(sighting).values(**values, person=new.person, at=new.at)
        await tx.run(insert.on_conflict_do_nothing())


async def seen(
    tx: Tx, account: str, object_ids: Collection[str], since: datetime | None = None
) -> Sighting | None:
    """The first who has seen any of these since that moment; the last of all without one."""
    wanted = select(sighting.c.person, sighting.c.at).where(
        sighting.c.account == account, sighting.c.object_id.in_(list(object_ids))
    )
    if since:
        wanted = wanted.where(sighting.c.at >= since)
    order = sighting.c.at if since else sighting.c.at.desc()
    row = (await tx.run(wanted.order_by(order).limit(1))).one_or_none()
    return Sighting(row.person, row.at) if row else None


async def sightings(tx: Tx, account: str, object_ids: Collection[str]) -> list[Sighting]:
    """All that there ever were, in their order."""
    wanted = select(sighting.c.person, sighting.c.at).where(
        sighting.c.account == account, sighting.c.object_id.in_(list(object_ids))
    )
    rows = (await tx.run(wanted.distinct().order_by(sighting.c.at))).all()
    return [Sighting(row.person, row.at) for row in rows]


async def news_at(tx: Tx, account: str, object_ids: Collection[str]) -> datetime | None:
    """When the newest event came that changed what is known of any of these."""
    wanted = select(card.c.updated_at).where(
        card.c.account == account, card.c.key.in_(list(object_ids))
    )
    row = (await tx.run(wanted.order_by(card.c.updated_at.desc()).limit(1))).one_or_none()
    return row.updated_at if row else None


async def _newest(tx: Tx, account: str, which: ColumnElement[bool]) -> dict[str, str]:
    last = (
        select(func.max(assignment.c.id))
        .where(assignment.c.account == account, which)
        .group_by(assignment.c.object_id)
    )
    wanted = select(assignment.c.object_id, assignment.c.person).where(
        assignment.c.id.in_(last), assignment.c.person.is_not(None)
    )
    return {row.object_id: row.person for row in (await tx.run(wanted.order_by(assignment.c.id)))}
