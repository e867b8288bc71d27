"""The worker's view of a lane: what waits in it, and how one item is settled."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, bindparam, insert, select, update

from bridge.model.outcome import Dead, Delivered, NotYet, Outcome, Retry, Unknown, word
from bridge.store.engine import Tx
from bridge.store.lanes import INBOX_KINDS, Lane, hold
from bridge.store.often import Often
from bridge.store.tables import attempt, inbox, is_ready, outbox

_REASON_CAP = 2000


@dataclass(frozen=True)
class Item:
    """One row of a lane. `payload` is the delivery's JSON, or the body of what came in (a text)."""

    id: int
    lane: str
    kind: str
    uid: str
    payload: Any
    attempts: int
    created_at: datetime
    #: An earlier try may have reached the other side although it was not acknowledged.
    repeated: bool = False
    #: It was begun before, and may have been done; without this it surely was not.
    tried: bool = False


@dataclass(frozen=True)
class Done:
    """What a handler made of an item, and what is to be written in the commit that settles it.

    `lock` takes what others lock before they wake a lane: so nobody waits for each other in a circle.
    """

    outcome: Outcome
    write: Callable[[Tx], Awaitable[None]] | None = None
    lock: Callable[[Tx], Awaitable[None]] | None = None


async def ready(tx: Tx, owned: Lane, limit: int) -> list[Item]:
    """The lane's items in their order."""
    rows = (await tx.run(_READY[owned.queue.name], {"of_lane": owned.key, "most": limit})).all()
    if owned.kind in INBOX_KINDS:
        return [
            Item(
                r.id,
                r.lane,
                owned.kind,
                f"{r.source}:{r.event_id}",
                r.body,
                r.attempts,
                r.received_at,
            )
            for r in rows
        ]
    return [
        Item(
            r.id,
            r.lane,
            owned.kind,
            r.uid,
            r.payload,
            r.attempts,
            r.created_at,
            r.repeated,
            tried=r.error is not None or r.attempts > 0 or (owned.abandoned and r is rows[0]),
        )
        for r in rows
    ]


async def settle(
    tx: Tx, owned: Lane, item: Item, outcome: Outcome, now: datetime, lease: timedelta
) -> None:
    """Record what became of the item, if the lane is still ours (else `LeaseLost`)."""
    fails = owned.fails + 1 if _failed(item, outcome) else 0
    await hold(tx, owned, now, lease, fails=fails)
    if owned.kind in INBOX_KINDS:
        await tx.run(_OF_INBOX, {"of_id": item.id, **_inbox_values(item, outcome, now)})
        return
    await tx.run(_OF_OUTBOX, {"of_id": item.id, **_outbox_values(item, outcome, now)})
    if not isinstance(outcome, Delivered | NotYet):
        history = {
            "outbox_id": item.id,
            "at": now,
            "outcome": word(outcome),
            "reason": outcome.reason[:_REASON_CAP],
        }
        await tx.run(insert(attempt).values(**history))


def _failed(item: Item, outcome: Outcome) -> bool:
    """A target that only asks to wait has not failed: its lane waits as told, and backs off no further."""
    return _again(item, outcome) or (isinstance(outcome, Retry) and outcome.after is None)


def _again(item: Item, outcome: Outcome) -> bool:
    return isinstance(outcome, Unknown) and not item.repeated


def _attempts(item: Item, outcome: Outcome) -> int:
    return item.attempts if isinstance(outcome, Retry) and outcome.outage else item.attempts + 1


def _inbox_values(item: Item, outcome: Outcome, now: datetime) -> dict[str, Any]:
    if isinstance(outcome, Delivered):
        return {"state": "handled", "settled_at": now, "attempts": item.attempts + 1, "error": None}
    values: dict[str, Any] = {
        "attempts": _attempts(item, outcome),
        "error": outcome.reason[:_REASON_CAP],
    }
    if isinstance(outcome, Dead):
        values |= {"state": "dead", "settled_at": now}
    return values


def _outbox_values(item: Item, outcome: Outcome, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"attempts": _attempts(item, outcome)}
    match outcome:
        case Delivered(ref):
            values |= {"state": "delivered", "ref": ref, "settled_at": now, "error": None}
        case Retry(reason):
            values |= {"error": reason[:_REASON_CAP]}
        case Unknown(reason) if _again(item, outcome):
            values |= {"repeated": True, "error": reason[:_REASON_CAP]}
        case Unknown(reason):
            values |= {"state": "unknown", "settled_at": now, "error": reason[:_REASON_CAP]}
        case Dead(reason):
            values |= {"state": "dead", "settled_at": now, "error": reason[:_REASON_CAP]}
    message = item.payload.get("message")
    if "state" in values and isinstance(message, dict) and message.get("secret"):
        values |= {"payload": {**item.payload, "message": {**message, "links": []}}}
    return values


_READY = {
    queue.name: Often(
        select(queue)
        .where(queue.c.lane == bindparam("of_lane"), is_ready(queue))
        .order_by(queue.c.id)
        .limit(bindparam("most", type_=Integer))
    )
    for queue in (inbox, outbox)
}
_OF_INBOX = Often(update(inbox).where(inbox.c.id == bindparam("of_id")))
_OF_OUTBOX = Often(update(outbox).where(outbox.c.id == bindparam("of_id")))
