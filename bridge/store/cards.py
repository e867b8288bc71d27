"""Cards: what is known of a money object, and where its message stands."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, bindparam, select, update

from bridge.model.signal import Objects
from bridge.store.engine import Tx, Upsert
from bridge.store.often import Often
from bridge.store.tables import bill, card, card_place, posted


@dataclass(frozen=True, order=True)
class CardId:
    account: str
    kind: str
    key: str


@dataclass(frozen=True)
class Kept:
    """`body` is the card as JSON, None for one that is new; `version` counts what was new."""

    body: dict[str, Any] | None
    version: int


@dataclass(frozen=True)
class Place:
    """`trying` is what the delivery `uid` is about to send: its news, and the card's version.

    `waiting` is the newest delivery that was to show the card there; it may be done with by now.
    """

    subject: str
    room_id: str | None
    root: str | None
    shown: str | None
    told: tuple[str, ...]
    trying: dict[str, Any] | None
    waiting: str | None = None


async def one_of(tx: Tx, ids: Iterable[CardId]) -> CardId | None:
    """The first of them that there is a card of."""
    for one in ids:
        if (await tx.run(_VERSION, _of(one))).first():
            return one
    return None


async def lock(tx: Tx, one: CardId, now: datetime) -> Kept:
    """The card, which nobody else can change until the transaction ends."""
    blank = {**vars(one), "body": {}, "version": 0, "updated_at": now}
    await tx.run(_BLANK, blank)
    row = (await tx.run(_LOCKED, _of(one))).one()
    return Kept(row.body or None, row.version)


async def version_now(tx: Tx, one: CardId) -> int:
    """Of the card, which nobody else can change until the transaction ends; 0 if it is not known."""
    return (await tx.run(_LOCKED_VERSION, _of(one))).scalar_one_or_none() or 0


async def keep(
    tx: Tx, one: CardId, body: dict[str, Any], version: int, now: datetime, *, settled: bool = False
) -> None:
    """`settled`: nothing of it moves any more, and after its time it may be forgotten."""
    values = {"body": body, "version": version, "updated_at": now, "settled": settled}
    await tx.run(_KEPT, {**_of(one), **values})


async def get(tx: Tx, one: CardId) -> Kept | None:
    row = (await tx.run(_CARD, _of(one))).one_or_none()
    return Kept(row.body, row.version) if row and row.body else None


async def places(tx: Tx, one: CardId) -> list[Place]:
    rows = await tx.run(_PLACES, _of(one))
    return [_place(row) for row in rows]


async def place(tx: Tx, one: CardId, subject: str) -> Place | None:
    row = (await tx.run(_PLACE, {**_of(one), "of_subject": subject})).one_or_none()
    return _place(row) if row else None


async def put(tx: Tx, one: CardId, subject: str) -> None:
    """The card is to stand in that subject's room."""
    await tx.run(_PUT, {**vars(one), "subject": subject, "told": []})


async def stands(tx: Tx, one: CardId, subject: str, **values: Any) -> None:
    """What is known of the place from now on: `room_id`, `root`, `shown`, `told`, `trying`, `waiting`."""
    await tx.run(_STANDS, {**_of(one), "of_subject": subject, **values})


async def lost(tx: Tx, root: str) -> bool:
    """The message is no more: the card's next move makes a new one. Whether it was a card's."""
    done = await tx.run(update(card_place).where(card_place.c.root == root).values(root=None))
    return bool(done.rowcount)


async def is_about(tx: Tx, root: str, objects: Objects) -> None:
    """A reply to the card's message is about these from now on."""
    await tx.run(_IS_ABOUT, {"of_event": root, "objects": asdict(objects)})


async def invoice_of(tx: Tx, account: str, payment_intent: str) -> tuple[bool, str | None]:
    """Whether it is known which invoice the PaymentIntent pays, and which (None: none)."""
    wanted = select(bill.c.invoice).where(
        bill.c.account == account, bill.c.payment_intent == payment_intent
    )
    row = (await tx.run(wanted)).one_or_none()
    return (row is not None, row.invoice if row else None)


async def learn_bill(
    tx: Tx, account: str, payment_intent: str, invoice: str | None, now: datetime
) -> None:
    values = {
        "account": account,
        "payment_intent": payment_intent,
        "invoice": invoice,
        "learned_at": now,
    }
    insert = tx.insert(bill).values(**values)
    # That there is none may change: an invoice can be given a payment later.
    known = {"invoice": insert.excluded.invoice} if invoice else {"learned_at": now}
    await tx.run(
        insert.on_conflict_do_update(index_elements=["account", "payment_intent"], set_=known)
    )


def _of(one: CardId) -> dict[str, str]:
    return {"of_account": one.account, "of_kind": one.kind, "of_key": one.key}


def _is(table: Table) -> tuple[ColumnElement[bool], ...]:
    return tuple(table.c[name] == bindparam(f"of_{name}") for name in ("account", "kind", "key"))


def _place(row: Row[Any]) -> Place:
    return Place(
        row.subject, row.room_id, row.root, row.shown, tuple(row.told), row.trying, row.waiting
    )


_VERSION = Often(select(card.c.version).where(*_is(card)))
_CARD = Often(select(card.c.body, card.c.version).where(*_is(card)))
_LOCKED = Often(_CARD.statement.with_for_update())
_LOCKED_VERSION = Often(_VERSION.statement.with_for_update())
_KEPT = Often(update(card).where(*_is(card)))
_BLANK = Upsert.into(
    card, lambda insert: insert.on_conflict_do_nothing(index_elements=["account", "kind", "key"])
)
_PLACES = Often(select(card_place).where(*_is(card_place)).order_by(card_place.c.subject))
_HERE = (*_is(card_place), card_place.c.subject == bindparam("of_subject"))
_PLACE = Often(select(card_place).where(*_HERE))
_STANDS = Often(update(card_place).where(*_HERE))
_PUT = Upsert.into(
    card_place,
    lambda insert: insert.on_conflict_do_nothing(
        index_elements=["account", "kind", "key", "subject"]
    ),
)
_IS_ABOUT = Often(update(posted).where(posted.c.event_id == bindparam("of_event")))
