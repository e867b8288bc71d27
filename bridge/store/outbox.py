"""What must leave the house: deliveries, one per target, each in its target's lane."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import bindparam, select

from bridge.model.room_message import RoomMessage, room_lane
from bridge.store.engine import Tx, Upsert
from bridge.store.lanes import Wake, wake
from bridge.store.often import Often
from bridge.store.tables import is_ready, lane, outbox


@dataclass(frozen=True)
class Delivery:
    """`dedup_key` makes it impossible to enqueue the same twice; None if there is nothing to compare."""

    lane: str
    lane_kind: str
    payload: dict[str, Any]
    urgency: int
    dedup_key: str | None = None
    uid: str = field(default_factory=lambda: uuid4().hex)


_KEEP = Upsert.into(
    outbox, lambda insert: insert.on_conflict_do_nothing(index_elements=["dedup_key"])
)


async def enqueue(tx: Tx, deliveries: Sequence[Delivery], now: datetime) -> None:
    """Call it once in a transaction with all deliveries: it takes the lanes in a fixed order."""
    if not deliveries:
        return
    rows = [
        {
            "uid": d.uid,
            "lane": d.lane,
            "payload": d.payload,
            "urgency": d.urgency,
            "dedup_key": d.dedup_key,
            "state": "ready",
            "created_at": now,
        }
        for d in deliveries
    ]
    await tx.run(_KEEP, rows)
    await wake(tx, (Wake(d.lane, d.lane_kind, d.urgency) for d in deliveries), now)


def to_room(message: RoomMessage, urgency: int, dedup_key: str | None = None) -> Delivery:
    return Delivery(room_lane(message.subject), "room", message.to_json(), urgency, dedup_key)


async def under_way(tx: Tx, lane_key: str, before: datetime) -> bool:
    """Whether something from before that moment may have been sent there and is not recorded yet."""
    waiting = select(outbox.c.id).where(
        outbox.c.lane == lane_key, is_ready(outbox), outbox.c.created_at <= before
    )
    return (await tx.run(waiting.limit(1))).first() is not None


async def was_told(tx: Tx, dedup_key: str) -> bool:
    """Whether a delivery with this key was ever written."""
    return dedup_key in await told_of(tx, [dedup_key])


async def told_of(tx: Tx, dedup_keys: Collection[str]) -> set[str]:
    """Those of these keys with which a delivery was ever written."""
    wanted = select(outbox.c.dedup_key).where(outbox.c.dedup_key.in_(list(dedup_keys)))
    return set((await tx.run(wanted)).scalars())


async def waits(tx: Tx, uid: str, urgency: int) -> bool:
    """Whether that delivery is not done with, and goes out at least as urgently."""
    row = (await tx.run(_WAITS, {"of_uid": uid})).one_or_none()
    return row is not None and row.urgency <= urgency


async def expected(tx: Tx, lane_key: str) -> bool:
    """Whether anything was ever enqueued for this lane: its room is there, or about to be."""
    return (await tx.run(select(lane.c.key).where(lane.c.key == lane_key))).first() is not None


_WAITS = Often(
    select(outbox.c.urgency).where(outbox.c.uid == bindparam("of_uid"), is_ready(outbox))
)
