"""Dead letters: what could not be handled or delivered, with the whole history of its tries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, select, update

from bridge.store.engine import Tx
from bridge.store.lanes import Wake, wake
from bridge.store.patterns import like
from bridge.store.tables import attempt, inbox, lane, outbox

_QUEUES = {"in": inbox, "out": outbox}


@dataclass(frozen=True)
class DeadLetter:
    """`name` is what it is called by: `in-7` came in, `out-12` was to go out."""

    name: str
    lane: str
    title: str
    reason: str
    attempts: int
    created_at: datetime
    died_at: datetime
    urgency: int


@dataclass(frozen=True)
class Try:
    at: datetime
    outcome: str
    reason: str


async def letters(
    tx: Tx,
    *,
    lane_like: str | None = None,
    since: datetime | None = None,
    names: Collection[str] = (),
) -> list[DeadLetter]:
    """Oldest first. `lane_like` has `*` for any letters; `names` keeps only those."""
    found: list[DeadLetter] = []
    for prefix, queue in _QUEUES.items():
        wanted = select(queue).where(queue.c.state == "dead", *_filters(queue, lane_like, since))
        if names:
            wanted = wanted.where(queue.c.id.in_(_ids(prefix, names)))
        rows = (await tx.run(wanted.order_by(queue.c.id))).all()
        found += [_letter(prefix, row) for row in rows]
    return sorted(found, key=lambda letter: letter.died_at)


async def history(tx: Tx, name: str) -> list[Try]:
    """Every try that went wrong, in order; of what came in only the last reason is kept."""
    ids = _ids("out", [name])
    rows = (
        await tx.run(select(attempt).where(attempt.c.outbox_id.in_(ids)).order_by(attempt.c.id))
    ).all()
    return [Try(row.at, row.outcome, row.reason) for row in rows]


async def payload(tx: Tx, name: str) -> str | None:
    """The whole of it as it is kept, as JSON text."""
    for prefix, column in (("in", inbox.c.body), ("out", outbox.c.payload)):
        for one in _ids(prefix, [name]):
            return str(
                (await tx.run(select(column).where(column.table.c.id == one))).scalar_one_or_none()
            )
    return None


async def replay(tx: Tx, found: Sequence[DeadLetter], now: datetime) -> None:
    """Put them back into their lanes, at their old places, with all their tries before them."""
    await _set(tx, found, {"state": "ready", "attempts": 0, "settled_at": None})
    kinds = select(lane.c.key, lane.c.kind).where(lane.c.key.in_({letter.lane for letter in found}))
    kind_of = {row.key: row.kind for row in await tx.run(kinds)}
    await wake(
        tx,
        [Wake(one.lane, kind_of[one.lane], one.urgency) for one in found if one.lane in kind_of],
        now,
    )


async def drop(tx: Tx, found: Sequence[DeadLetter], now: datetime) -> None:
    """Settle them for good; they are kept until their time is over."""
    await _set(tx, found, {"state": "dropped", "settled_at": now})


async def _set(tx: Tx, found: Sequence[DeadLetter], values: dict[str, Any]) -> None:
    names = [letter.name for letter in found]
    for prefix, queue in _QUEUES.items():
        chosen = queue.c.id.in_(_ids(prefix, names))
        await tx.run(update(queue).where(chosen, queue.c.state == "dead").values(**values))


def _filters(
    queue: Table, lane_like: str | None, since: datetime | None
) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if lane_like:
        filters.append(like(queue.c.lane, lane_like))
    if since:
        filters.append(queue.c.settled_at >= since)
    return filters


def _ids(prefix: str, names: Collection[str]) -> list[int]:
    parts = (name.partition("-") for name in names)
    return [
        int(number)
        for kind, _, number in parts
        if kind == prefix and number.isdecimal() and len(number) < 18
    ]


def _letter(prefix: str, row: Row[Any]) -> DeadLetter:
    return DeadLetter(
        name=f"{prefix}-{row.id}",
        lane=row.lane,
        title=row.type if prefix == "in" else _title(row.payload),
        reason=row.error or "",
        attempts=row.attempts,
        created_at=row.received_at if prefix == "in" else row.created_at,
        died_at=row.settled_at or (row.received_at if prefix == "in" else row.created_at),
        urgency=row.urgency,
    )


def _title(payload: Any) -> str:
    message = payload.get("message") if isinstance(payload, dict) else None
    return (
        str(message["title"]) if isinstance(message, dict) and "title" in message else "an action"
    )
