"""What commands have changed about people, on top of the configuration."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from bridge.model.people import Brought, Changes
from bridge.store.engine import Tx
from bridge.store.tables import identity, link_code, person, person_role


@dataclass(frozen=True)
class LinkCode:
    """`person` asked for it with `identity`, in that thread."""

    hash: str
    person: str
    identity: str
    account: str
    room_id: str
    thread: str
    expires_at: datetime


async def changes(tx: Tx) -> Changes:
    """All of them: there are few."""
    linked = (await tx.run(select(identity.c.identity, identity.c.person))).all()
    roles = (await tx.run(select(person_role))).all()
    brought = (await tx.run(select(person))).all()
    return Changes(
        {row.identity: row.person for row in linked},
        {(row.person, row.role): row.given for row in roles},
        {row.name: Brought(row.given, row.identity) for row in brought},
    )


async def set_person(tx: Tx, name: str, who: str | None, given: bool, now: datetime) -> None:
    """Brought in, with the identity that is given, or sent away."""
    values = {"identity": who, "given": given, "changed_at": now}
    insert = tx.insert(person).values(name=name, **values)
    await tx.run(insert.on_conflict_do_update(index_elements=["name"], set_=values))


async def set_role(tx: Tx, who: str, role: str, given: bool, now: datetime) -> None:
    insert = tx.insert(person_role).values(person=who, role=role, given=given, changed_at=now)
    await tx.run(
        insert.on_conflict_do_update(
            index_elements=["person", "role"], set_={"given": given, "changed_at": now}
        )
    )


async def link(tx: Tx, new: str, who: str, now: datetime) -> bool:
    """Whether the identity was nobody's before."""
    insert = tx.insert(identity).values(identity=new, person=who, linked_at=now)
    return (await tx.run(insert.on_conflict_do_nothing(index_elements=["identity"]))).rowcount == 1


async def unlink(tx: Tx, old: str) -> bool:
    return (await tx.run(delete(identity).where(identity.c.identity == old))).rowcount == 1


async def add_code(tx: Tx, code: LinkCode) -> None:
    values = {name: getattr(code, name) for name in code.__dataclass_fields__}
    await tx.run(tx.insert(link_code).values(**values))


async def code(tx: Tx, code_hash: str) -> LinkCode | None:
    """One that was not used yet; it may be too old."""
    wanted = select(link_code).where(link_code.c.hash == code_hash, link_code.c.used.is_(False))
    row = (await tx.run(wanted)).one_or_none()
    if row is None:
        return None
    return LinkCode(*(getattr(row, name) for name in LinkCode.__dataclass_fields__))


async def use_code(tx: Tx, code_hash: str) -> bool:
    """Whether it was not used before."""
    spent = update(link_code).where(link_code.c.hash == code_hash, link_code.c.used.is_(False))
    return (await tx.run(spent.values(used=True))).rowcount == 1
