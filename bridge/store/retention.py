"""What is done with is forgotten after its time, a batch at a time. Nothing that waits ever is."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, select, tuple_

from bridge.model.signal import CardKind
from bridge.store.engine import Tx
from bridge.store.tables import (
    about,
    appservice_transaction,
    bill,
    card,
    card_place,
    inbox,
    is_ready,
    outbox,
    room,
)

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


async def prune_cards(tx: Tx, before: datetime, limit: int) -> int:
    """Settled cards of which nothing was heard since and nothing waits to be sent, and where they stand."""
    keys = (card.c.account, card.c.kind, card.c.key)
    awaited = (
        select(outbox.c.uid)
        .join(card_place, card_place.c.waiting == outbox.c.uid)
        .where(
            card_place.c.account == card.c.account,
            card_place.c.kind == card.c.kind,
            card_place.c.key == card.c.key,
            is_ready(outbox),
        )
        .exists()
    )
    over = (card.c.settled, card.c.updated_at < before, ~awaited)
    chosen = select(*keys).where(*over).order_by(card.c.updated_at).limit(limit)
    # Said again outside: a card that moves meanwhile, and was waited for, is looked at anew.
    gone = await tx.run(delete(card).where(tuple_(*keys).in_(chosen), *over).returning(*keys))
    named = [tuple(row) for row in gone.all()]
    if named:
        places = (card_place.c.account, card_place.c.kind, card_place.c.key)
        await tx.run(delete(card_place).where(tuple_(*places).in_(named)))
    return len(named)


async def prune_bills(tx: Tx, before: datetime, limit: int) -> int:
    """Which invoice a payment pays, unless a card of either is still known."""
    keys = (bill.c.account, bill.c.payment_intent)
    known = (
        select(card.c.key)
        .where(
            card.c.account == bill.c.account,
            card.c.kind == CardKind.PAYMENT,
            card.c.key.in_([bill.c.payment_intent, bill.c.invoice]),
        )
        .exists()
    )
    chosen = select(*keys).where(bill.c.learned_at < before, ~known).limit(limit)
    return int((await tx.run(delete(bill).where(tuple_(*keys).in_(chosen)))).rowcount)


async def prune_abouts(tx: Tx, before: datetime, limit: int) -> int:
    """What is known of the pinned cards of rooms that have long been archived."""
    chosen = (
        select(about.c.subject)
        .join(room, room.c.subject == about.c.subject)
        .where(room.c.archived_at < before, about.c.read_at < before)
        .limit(limit)
    )
    return int((await tx.run(delete(about).where(about.c.subject.in_(chosen)))).rowcount)


async def _prune(tx: Tx, table: Table, limit: int, *done: ColumnElement[bool]) -> int:
    chosen = select(table.c.id).where(*done).order_by(table.c.id).limit(limit)
    return int((await tx.run(delete(table).where(table.c.id.in_(chosen)))).rowcount)
