"""What comes back to somebody at its time; kept until then whatever happens to the process."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, update

from bridge.model.signal import Objects, Subject, SubjectKind
from bridge.store.engine import Tx
from bridge.store.tables import snooze


@dataclass(frozen=True)
class Snooze:
    """`thread` is where it was asked for, in the room of `subject`; `text` is what to be reminded of."""

    subject: Subject
    thread: str
    objects: Objects
    person: str
    identity: str
    text: str
    source_event: str
    asked_at: datetime
    due_at: datetime
    id: int = 0


async def add(tx: Tx, new: Snooze) -> None:
    """Once per message that asked for it."""
    values = {
        name: getattr(new, name)
        for name in ("thread", "person", "identity", "text", "source_event", "asked_at", "due_at")
    }
    values |= {
        "account": new.subject.account,
        "kind": new.subject.kind,
        "subject_id": new.subject.id,
        "objects": asdict(new.objects),
        "state": "waiting",
    }
    insert = tx.insert(snooze).values(**values)
    await tx.run(insert.on_conflict_do_nothing(index_elements=["source_event"]))


async def due(tx: Tx, now: datetime, limit: int) -> list[Snooze]:
    """Those whose time has come, oldest first. No other process takes the same."""
    wanted = (
        select(snooze)
        .where(snooze.c.state == "waiting", snooze.c.due_at <= now)
        .order_by(snooze.c.due_at, snooze.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await tx.run(wanted)).all()
    return [
        Snooze(
            Subject(r.account, SubjectKind(r.kind), r.subject_id),
            r.thread,
            Objects(**r.objects),
            r.person,
            r.identity,
            r.text,
            r.source_event,
            r.asked_at,
            r.due_at,
            r.id,
        )
        for r in rows
    ]


async def told(tx: Tx, ids: Collection[int]) -> None:
    await tx.run(update(snooze).where(snooze.c.id.in_(list(ids))).values(state="told"))


async def take_back(tx: Tx, source_event: str) -> None:
    """The message that asked for it was removed: it need not come back."""
    mine = (snooze.c.source_event == source_event, snooze.c.state == "waiting")
    await tx.run(update(snooze).where(*mine).values(state="ended"))


async def end(tx: Tx, account: str, object_ids: Collection[str], thread: str) -> int:
    """Whatever waits for one of these objects, or in that thread, need not come back; how many."""
    wanted = select(snooze.c.id, snooze.c.objects, snooze.c.thread).where(
        snooze.c.account == account, snooze.c.state == "waiting"
    )
    about = set(object_ids)
    ended = [
        row.id
        for row in (await tx.run(wanted)).all()
        if row.thread == thread or about & set(row.objects.values())
    ]
    await tx.run(update(snooze).where(snooze.c.id.in_(ended)).values(state="ended"))
    return len(ended)
