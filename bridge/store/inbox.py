"""What came in: accepted once per (source, event id), kept whole, handled under its lane."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.store.engine import Tx, Upsert
from bridge.store.lanes import Wake, wake
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


_KEEP = Upsert.into(
    inbox, lambda insert: insert.on_conflict_do_nothing(index_elements=["source", "event_id"])
)


async def accept(tx: Tx, arrivals: Sequence[Arrival], now: datetime) -> None:
    """Keep each arrival that was not kept before, and mark its lane as due."""
    if not arrivals:
        return
    rows = [
        {
            "source": a.source,
            "event_id": a.event_id,
            "type": a.type,
            "lane": a.lane,
            "body": a.body,
            "urgency": a.urgency,
            "state": "ready",
            "received_at": now,
        }
        for a in arrivals
    ]
    await tx.run(_KEEP, rows)
    await wake(tx, (Wake(a.lane, a.lane_kind, a.urgency) for a in arrivals), now)


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
