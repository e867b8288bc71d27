"""Which room belongs to which subject, and which message in it says what."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from bridge.model.signal import Objects
from bridge.store.engine import Tx
from bridge.store.tables import posted, room


@dataclass(frozen=True)
class BoundRoom:
    """`subject` is the subject's key; `invited` are the Matrix ids asked in so far."""

    subject: str
    room_id: str
    account: str
    kind: str
    subject_id: str
    invited: tuple[str, ...]


@dataclass(frozen=True)
class Posted:
    """`story` is the dedup key of what it tells; `thread` its thread's root if it is not one."""

    event_id: str
    room_id: str
    account: str
    story: str | None
    objects: Objects
    action_id: str | None
    thread: str | None

    @property
    def root(self) -> str:
        return self.thread or self.event_id


async def find(tx: Tx, subject: str) -> BoundRoom | None:
    row = (await tx.run(select(room).where(room.c.subject == subject))).one_or_none()
    return _bound(row) if row else None


async def of_id(tx: Tx, room_id: str) -> BoundRoom | None:
    row = (await tx.run(select(room).where(room.c.room_id == room_id))).one_or_none()
    return _bound(row) if row else None


async def bind(tx: Tx, bound: BoundRoom, now: datetime) -> None:
    """Remember the subject's room; a binding that is there already is brought up to date."""
    values = {**asdict(bound), "invited": list(bound.invited), "created_at": now}
    fresh = tx.insert(room).values(**values)
    await tx.run(
        fresh.on_conflict_do_update(
            index_elements=["subject"],
            set_={"room_id": bound.room_id, "invited": list(bound.invited)},
        )
    )


async def set_invited(tx: Tx, subject: str, invited: Sequence[str]) -> None:
    await tx.run(update(room).where(room.c.subject == subject).values(invited=list(invited)))


async def add_posted(tx: Tx, message: Posted, now: datetime) -> None:
    values = {**asdict(message), "posted_at": now}
    insert = tx.insert(posted).values(**values)
    await tx.run(insert.on_conflict_do_nothing(index_elements=["event_id"]))


async def posted_by_id(tx: Tx, event_id: str) -> Posted | None:
    row = (await tx.run(select(posted).where(posted.c.event_id == event_id))).one_or_none()
    return _posted(row) if row else None


async def story_root(tx: Tx, room_id: str, story: str) -> Posted | None:
    """The first message of the story in that room."""
    wanted = select(posted).where(
        posted.c.room_id == room_id, posted.c.story == story, posted.c.thread.is_(None)
    )
    row = (await tx.run(wanted.order_by(posted.c.posted_at).limit(1))).one_or_none()
    return _posted(row) if row else None


def _bound(row: Row[Any]) -> BoundRoom:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name
    return BoundRoom(
        values["subject"],
        values["room_id"],
        values["account"],
        values["kind"],
        values["subject_id"],
        tuple(values["invited"]),
    )


def _posted(row: Row[Any]) -> Posted:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name
    return Posted(
        event_id=values["event_id"],
        room_id=values["room_id"],
        account=values["account"],
        story=values["story"],
        objects=Objects(**values["objects"]),
        action_id=values["action_id"],
        thread=values["thread"],
    )
