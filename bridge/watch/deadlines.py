"""A pinned card tells how much time is left, so it is kept true while that time goes by."""

from dataclasses import replace
from datetime import datetime

from bridge.model.clock import Clock
from bridge.model.signal import Subject, SubjectKind
from bridge.store import rooms
from bridge.store.about import to_about
from bridge.store.engine import Store
from bridge.store.outbox import Delivery, enqueue
from bridge.store.rooms import BoundRoom

_BATCH = 100


async def keep_true(store: Store, clock: Clock, account: str) -> None:
    """Once an hour for every open dispute of the account, however many processes do this."""
    after, now = "", clock.now()
    while True:
        async with store.begin() as tx:
            page = await rooms.open_disputes(tx, account, after, _BATCH)
            await enqueue(tx, [_card(one, now) for one in page], now)
        if len(page) < _BATCH:
            return
        after = page[-1].subject


def _card(one: BoundRoom, now: datetime) -> Delivery:
    subject = Subject(one.account, SubjectKind.DISPUTE, one.subject_id)
    return replace(to_about(subject), dedup_key=f"time-left:{subject.key}:{now:%Y%m%d%H}")
