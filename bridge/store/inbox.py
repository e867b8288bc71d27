"""What came in: accepted once per (source, event id), kept whole, handled under its lane."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from bridge.store.engine import Bulk, Store, Tx, Upsert
from bridge.store.lanes import Wake, each_once, is_urgent, wake
from bridge.store.tables import appservice_transaction, inbox


@dataclass(frozen=True)
class Arrival:
    """`body` is the JSON text as it came; `lane_kind` is `events` or `chat`."""

    source: str
    event_id: str
    type: str
    body: str
    lane: str
    lane_kind: str
    urgency: int


@dataclass(frozen=True)
class Kept:
    """What came in as it is kept; `error` is why it was not handled, the last time."""

    event_id: str
    type: str
    body: str
    state: str
    attempts: int
    received_at: datetime
    settled_at: datetime | None
    error: str | None


async def kept(tx: Tx, source: str, event_id: str) -> Kept | None:
    wanted = select(inbox).where(inbox.c.source == source, inbox.c.event_id == event_id)
    row = (await tx.run(wanted)).one_or_none()
    return Kept(*(getattr(row, name) for name in Kept.__dataclass_fields__)) if row else None


async def accept(tx: Tx, arrivals: Sequence[Arrival], now: datetime) -> None:
    """Keep each arrival that was not kept before, and mark its lane as due."""
    if not arrivals:
        return
    await wake(tx, (Wake(a.lane, a.lane_kind, a.urgency) for a in arrivals), now)
    at = tx.moment(now)
    await tx.run_many(
        _KEEP,
        [(a.source, a.event_id, a.type, a.lane, a.body, a.urgency, "ready", at) for a in arrivals],
    )


async def body_of(tx: Tx, source: str, event_id: str, kind: str) -> str | None:
    """None if it is not of that type, or is forgotten."""
    wanted = select(inbox.c.body).where(
        inbox.c.source == source, inbox.c.event_id == event_id, inbox.c.type == kind
    )
    return (await tx.run(wanted)).scalar_one_or_none()


async def rewrite(tx: Tx, source: str, event_id: str, body: str) -> None:
    there = (inbox.c.source == source, inbox.c.event_id == event_id)
    await tx.run(update(inbox).where(*there).values(body=body))


async def accept_alone(store: Store, arrivals: Sequence[Arrival], now: datetime) -> None:
    """`accept` for PostgreSQL as one statement, which is a transaction by itself."""
    wakes = each_once(Wake(a.lane, a.lane_kind, a.urgency) for a in arrivals)
    arguments = [
        now,
        *([getattr(a, name) for a in arrivals] for name in _GIVEN),
        *([getattr(one, name) for one in wakes] for name in ("key", "kind", "urgency")),
    ]
    await store.run_alone(_KEEP_ALONE, arguments, urgent=is_urgent(wakes))


async def seen_transaction(tx: Tx, txn_id: str, now: datetime) -> bool:
    """Whether the homeserver's transaction came before; remembers it."""
    insert = tx.insert(appservice_transaction).values(txn_id=txn_id, received_at=now)
    done = await tx.run(insert.on_conflict_do_nothing(index_elements=["txn_id"]))
    return done.rowcount == 0


async def known(tx: Tx, source: str, event_ids: Iterable[str]) -> set[str]:
    """Which of these were accepted before."""
    wanted = select(inbox.c.event_id).where(
        inbox.c.source == source, inbox.c.event_id.in_(list(event_ids))
    )
    return set((await tx.run(wanted)).scalars())


_KEEP = Bulk.of_upsert(
    Upsert.into(
        inbox,
        lambda insert: insert.inline().on_conflict_do_nothing(
            index_elements=["source", "event_id"]
        ),
    ),
    ["source", "event_id", "type", "lane", "body", "urgency", "state", "received_at"],
)
_GIVEN = ("source", "event_id", "type", "lane", "body", "urgency")
_KEEP_ALONE = """
    WITH kept AS (
        INSERT INTO inbox (source, event_id, type, lane, body, urgency, state, received_at)
        SELECT *, 'ready', $1::timestamptz FROM unnest(
            $2::varchar[], $3::varchar[], $4::varchar[], $5::varchar[], $6::text[], $7::integer[]
        )
        ON CONFLICT (source, event_id) DO NOTHING
    )
    INSERT INTO lane (key, kind, urgency, due_at)
    SELECT *, $1::timestamptz FROM unnest($8::varchar[], $9::varchar[], $10::integer[])
    ON CONFLICT (key) DO UPDATE SET
        due_at = coalesce(lane.due_at, excluded.due_at),
        urgency = least(lane.urgency, excluded.urgency)
"""
