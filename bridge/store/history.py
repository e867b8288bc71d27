"""What Stripe's events told of objects, as the cards keep it, and which message tells it where."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, tuple_

from bridge.model.money import Money
from bridge.store.engine import Tx
from bridge.store.tables import card, card_place, outbox


@dataclass(frozen=True)
class Telling:
    """One event in the words of its card; `tells` if it was worth a line there.

    Of those with one `news` on one card, the one that weighs most tells it best.
    """

    event: str
    type: str
    at: datetime
    title: str
    money: Money | None
    tells: bool
    news: str
    weight: int


@dataclass(frozen=True)
class Standing:
    """A card's message: in the room of the subject with that key."""

    subject: str
    room_id: str
    root: str


async def tellings(tx: Tx, account: str, keys: Collection[str]) -> list[Telling]:
    """Of the cards with these keys, in their order."""
    wanted = select(card.c.key, card.c.body).where(
        card.c.account == account, card.c.key.in_(list(keys))
    )
    return _in_order((await tx.run(wanted.order_by(card.c.key))).all())


async def tellings_in(tx: Tx, account: str, subject: str) -> list[Telling]:
    """Of all cards that stand in the room of that subject."""
    return _in_order((await tx.run(_cards(account, card_place.c.subject == subject))).all())


async def tellings_at(tx: Tx, account: str, root: str) -> list[Telling]:
    """Of the card that is this message; none if it is no card."""
    return _in_order((await tx.run(_cards(account, card_place.c.root == root))).all())


async def standing(tx: Tx, account: str, keys: Collection[str]) -> list[Standing]:
    """Where the cards with these keys stand."""
    wanted = select(card_place).where(
        card_place.c.account == account,
        card_place.c.key.in_(list(keys)),
        card_place.c.root.is_not(None),
        card_place.c.room_id.is_not(None),
    )
    rows = await tx.run(wanted.order_by(card_place.c.subject))
    return [Standing(row.subject, row.room_id, row.root) for row in rows]


async def sent_as(tx: Tx, event_id: str) -> Row[Any] | None:
    """The delivery that became this message, while it is kept: `payload` and `dedup_key`."""
    wanted = select(outbox.c.payload, outbox.c.dedup_key).where(outbox.c.ref == event_id)
    return (await tx.run(wanted.limit(1))).one_or_none()


def _cards(account: str, which: Any) -> Any:
    names = ("account", "kind", "key")
    places = select(*(card_place.c[name] for name in names)).where(
        card_place.c.account == account, which
    )
    return select(card.c.key, card.c.body).where(
        tuple_(*(card.c[name] for name in names)).in_(places)
    )


def once(told: Iterable[Telling]) -> list[Telling]:
    """Each news once, where it came first, in the words of the event that knows best."""
    best: dict[str, Telling] = {}
    for one in told:
        known = best.get(one.news)
        if one.tells and (known is None or one.weight > known.weight):
            best[one.news] = replace(one, at=known.at) if known else one
    return list(best.values())


def _in_order(rows: Iterable[Any]) -> list[Telling]:
    """Each event once."""
    found = {
        one["event"]: _telling(row.key, one) for row in rows for one in row.body.get("said", ())
    }
    return sorted(found.values(), key=lambda one: one.at)


def _telling(card_key: str, said: dict[str, Any]) -> Telling:
    money = said["money"]
    return Telling(
        said["event"],
        said["type"],
        datetime.fromisoformat(said["at"]),
        said["title"],
        Money(**money) if money else None,
        said["tells"],
        f"{card_key} {said['news']}",
        said["weight"],
    )
