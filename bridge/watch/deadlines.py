"""A pinned card tells how much time is left, so it is kept true while that time goes by."""

from dataclasses import replace
from datetime import datetime

from bridge.model.clock import Clock
from bridge.model.signal import Subject, SubjectKind
from bridge.store import rooms
from bridge.store.about import to_about
from bridge.store.engine import Store
from bridge.store.outbox import Delivery, enqueue, told_of
from bridge.store.rooms import BoundRoom

_BATCH = 100


async def keep_true(store: Store, clock: Clock, account: str) -> None:
    """Once an hour for every open dispute of the account, however many processes do this."""
    after, now = "", clock.now()
    while True:
        async with store.begin() as tx:
            page = await rooms.of_account(tx, account, after, _BATCH, SubjectKind.DISPUTE)
            cards = [_card(one, now) for one in page if not one.trouble]
            # Nobody is woken for what was looked at in this hour.
            known = await told_of(tx, [str(one.dedup_key) for one in cards])
            await enqueue(tx, [one for one in cards if one.dedup_key not in known], now)
        if len(page) < _BATCH:
            return
        after = page[-1].subject


def _card(one: BoundRoom, now: datetime) -> Delivery:
    subject = Subject(one.account, SubjectKind.DISPUTE, one.subject_id)
    return replace(to_about(subject), dedup_key=f"time-left:{subject.key}:{now:%Y%m%d%H}")
