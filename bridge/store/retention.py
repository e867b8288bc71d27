"""What is done with is forgotten after its time, a batch at a time. Nothing that waits ever is."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, select

from bridge.store.engine import Tx
from bridge.store.tables import appservice_transaction, inbox, outbox

_DONE = ("handled", "delivered", "unknown", "dropped")


async def prune_events(tx: Tx, before: Mapping[int, datetime], limit: int) -> int:
    """Handled arrivals, by urgency: those settled before its moment. Returns how many went."""
    gone = 0
    for urgency, moment in before.items():
        done = (inbox.c.state.in_(_DONE), inbox.c.urgency == urgency, inbox.c.settled_at < moment)
        gone += await _prune(tx, inbox, limit - gone, *done)
    return gone


async def prune_deliveries(tx: Tx, before: datetime, limit: int) -> int:
    """Deliveries that are done with, and their tries."""
    return await _prune(tx, outbox, limit, outbox.c.state.in_(_DONE), outbox.c.settled_at < before)


async def prune_dead(tx: Tx, before: datetime, limit: int) -> int:
    gone = 0
    for queue in (inbox, outbox):
        gone += await _prune(
            tx, queue, limit - gone, queue.c.state == "dead", queue.c.settled_at < before
        )
    return gone


async def prune_transactions(tx: Tx, before: datetime, limit: int) -> int:
    """The homeserver's transaction ids: it repeats them for minutes, not for weeks."""
    key = appservice_transaction.c.txn_id
    chosen = select(key).where(appservice_transaction.c.received_at < before).limit(limit)
    return int((await tx.run(delete(appservice_transaction).where(key.in_(chosen)))).rowcount)


async def _prune(tx: Tx, table: Table, limit: int, *done: ColumnElement[bool]) -> int:
    chosen = select(table.c.id).where(*done).order_by(table.c.id).limit(limit)
    return int((await tx.run(delete(table).where(table.c.id.in_(chosen)))).rowcount)
