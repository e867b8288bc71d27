"""The pinned card of a subject: its message, and when what it shows was read from Stripe."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bridge.model.signal import Objects, Subject, SubjectKind
from bridge.store import cards, rooms
from bridge.store.engine import Tx
from bridge.store.outbox import Delivery
from bridge.store.tables import about

_CALM = 2


@dataclass(frozen=True)
class About:
    room_id: str | None = None
    root: str | None = None
    shown: str | None = None
    pinned: bool = False
    read_at: datetime | None = None


def to_about(subject: Subject, *, at_once: bool = False) -> Delivery:
    """The subject's card is to be brought up to date; `at_once` if somebody waits for it."""
    payload = {"subject": asdict(subject), "at_once": at_once}
    return Delivery(f"about:{subject.key}", "about", payload, 0 if at_once else _CALM)


async def to_abouts(tx: Tx, account: str, objects: Objects) -> list[Delivery]:
    """The cards of the customer and the dispute among them, as far as they have rooms, at once."""
    kinds = ((SubjectKind.CUSTOMER, objects.customer), (SubjectKind.DISPUTE, objects.dispute))
    subjects = [Subject(account, kind, one) for kind, one in kinds if one]
    return [to_about(one, at_once=True) for one in subjects if await rooms.find(tx, one.key)]


async def get(tx: Tx, subject: str) -> About:
    row = (await tx.run(select(about).where(about.c.subject == subject))).one_or_none()
    return About(row.room_id, row.root, row.shown, row.pinned, row.read_at) if row else About()


async def keep(tx: Tx, subject: str, now: About) -> None:
    values: dict[str, Any] = asdict(now)
    insert = tx.insert(about).values(subject=subject, **values)
    await tx.run(insert.on_conflict_do_update(index_elements=["subject"], set_=values))


async def lost(tx: Tx, event_id: str) -> None:
    """A message is no more: if it was a card, of a subject or of money, the next news makes a new one."""
    gone = {"root": None, "shown": None, "pinned": False}
    await tx.run(update(about).where(about.c.root == event_id).values(**gone))
    await cards.lost(tx, event_id)
