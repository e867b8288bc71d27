"""Which room belongs to which subject, and which message in it says what."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update

from bridge.model.signal import Objects, SubjectKind
from bridge.store.engine import Tx, Upsert
from bridge.store.often import Often
from bridge.store.tables import posted, room


class Trouble(StrEnum):
    """Why nothing is sent to a room. One that is `gone` is made again when there is something to say."""

    GONE = "gone"
    ENCRYPTED = "encrypted"


@dataclass(frozen=True)
class BoundRoom:
    """`subject` is the subject's key; `invited` are the Matrix ids asked in so far.

    `name` and `topic` are the subject's, without the mark of an archived room; `avatar` is the
    one that it has; `customer` is whose dispute it is about.
    """

    subject: str
    room_id: str
    account: str
    kind: str
    subject_id: str
    invited: tuple[str, ...]
    name: str = ""
    topic: str = ""
    named_at: datetime | None = None
    shaped_at: datetime | None = None
    archived_at: datetime | None = None
    avatar: str | None = None
    customer: str | None = None
    trouble: Trouble | None = None
    moved_at: datetime | None = None
    successor: str | None = None


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
    row = (await tx.run(_OF_SUBJECT, {"subject": subject})).one_or_none()
    return _bound(row) if row else None


async def of_id(tx: Tx, room_id: str) -> BoundRoom | None:
    row = (await tx.run(_OF_ID, {"room_id": room_id})).one_or_none()
    return _bound(row) if row else None


async def upgraded_to(tx: Tx, room_id: str) -> BoundRoom | None:
    """The room that was upgraded to this one, which we could not enter yet."""
    wanted = select(room).where(room.c.successor == room_id).limit(1)
    row = (await tx.run(wanted)).one_or_none()
    return _bound(row) if row else None


async def bind(tx: Tx, bound: BoundRoom, now: datetime) -> None:
    """Remember the subject's room; a binding that is there already is brought up to date."""
    values = {**asdict(bound), "invited": list(bound.invited)}
    fresh = tx.insert(room).values(**values, created_at=now)
    await tx.run(fresh.on_conflict_do_update(index_elements=["subject"], set_=values))


async def page(tx: Tx, after: str, limit: int) -> list[BoundRoom]:
    """Bound rooms in the order of their subjects, from the one after `after`."""
    wanted = select(room).where(room.c.subject > after).order_by(room.c.subject).limit(limit)
    return [_bound(row) for row in (await tx.run(wanted)).all()]


async def of_account(
    tx: Tx, account: str, after: str, limit: int, kind: SubjectKind | None = None
) -> list[BoundRoom]:
    """As `page`: those of one account that are in use, all or of one kind."""
    wanted = select(room).where(
        room.c.account == account, room.c.subject > after, room.c.archived_at.is_(None)
    )
    if kind:
        wanted = wanted.where(room.c.kind == kind)
    return [
        _bound(row) for row in (await tx.run(wanted.order_by(room.c.subject).limit(limit))).all()
    ]


async def disputes_of(tx: Tx, account: str, customer: str) -> list[BoundRoom]:
    """The rooms of a customer's disputes."""
    wanted = select(room).where(
        room.c.customer == customer, room.c.account == account, room.c.kind == SubjectKind.DISPUTE
    )
    return [_bound(row) for row in (await tx.run(wanted.order_by(room.c.subject))).all()]


async def named(tx: Tx, account: str, words: str, limit: int) -> list[BoundRoom]:
    """The account's rooms of customers and disputes whose name has these words, newest first."""
    its = func.lower(room.c.name).contains(words.lower(), autoescape=True)
    wanted = select(room).where(
        room.c.account == account, room.c.kind.in_(("customer", "dispute")), its
    )
    rows = (await tx.run(wanted.order_by(room.c.created_at.desc()).limit(limit))).all()
    return [_bound(row) for row in rows]


async def known(tx: Tx, room_ids: Iterable[str]) -> set[str]:
    """Which of these are bound."""
    wanted = select(room.c.room_id).where(room.c.room_id.in_(list(room_ids)))
    return set((await tx.run(wanted)).scalars())


async def set_trouble(tx: Tx, room_id: str, trouble: Trouble | None) -> None:
    await tx.run(update(room).where(room.c.room_id == room_id).values(trouble=trouble))


async def set_successor(tx: Tx, room_id: str, successor: str) -> None:
    await tx.run(update(room).where(room.c.room_id == room_id).values(successor=successor))


async def shape(tx: Tx, to: BoundRoom) -> None:
    """Remember the room's name and avatar, and whether it is archived."""
    kept = ("name", "named_at", "shaped_at", "archived_at", "avatar")
    values = {one: getattr(to, one) for one in kept}
    await tx.run(update(room).where(room.c.subject == to.subject).values(**values))


async def set_invited(tx: Tx, subject: str, invited: Sequence[str]) -> None:
    await tx.run(update(room).where(room.c.subject == subject).values(invited=list(invited)))


async def add_posted(tx: Tx, message: Posted, now: datetime) -> None:
    objects = dict(vars(message.objects))
    await tx.run(_POSTED, {**vars(message), "objects": objects, "posted_at": now})


async def posted_by_id(tx: Tx, event_id: str) -> Posted | None:
    row = (await tx.run(_POSTED_BY_ID, {"event_id": event_id})).one_or_none()
    return _posted(row) if row else None


async def story_root(tx: Tx, room_id: str, story: str) -> Posted | None:
    """The first message of the story in that room."""
    row = (await tx.run(_ROOT, {"room_id": room_id, "story": story})).one_or_none()
    return _posted(row) if row else None


def _bound(row: Row[Any]) -> BoundRoom:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    del values["created_at"]
    trouble = Trouble(values["trouble"]) if values["trouble"] else None
    return BoundRoom(**{**values, "invited": tuple(values["invited"]), "trouble": trouble})


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


_OF_SUBJECT = Often(select(room).where(room.c.subject == bindparam("subject")))
_OF_ID = Often(select(room).where(room.c.room_id == bindparam("room_id")))
_POSTED = Upsert.into(
    posted, lambda insert: insert.on_conflict_do_nothing(index_elements=["event_id"])
)
_POSTED_BY_ID = Often(select(posted).where(posted.c.event_id == bindparam("event_id")))
_ROOT = Often(
    select(posted)
    .where(
        posted.c.room_id == bindparam("room_id"),
        posted.c.story == bindparam("story"),
        posted.c.thread.is_(None),
    )
    .order_by(posted.c.posted_at)
    .limit(1)
)
