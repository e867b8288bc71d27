"""How much money the actions of a day have moved, or are about to move."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from bridge.model.action import COMMITTED
from bridge.store.engine import Tx
from bridge.store.tables import action


async def spent(
    tx: Tx,
    *,
    since: datetime,
    currency: str,
    verbs: Collection[str] = (),
    accounts: Collection[str] = (),
    person: str | None = None,
) -> int:
    """In minor units; hold `locks.MONEY` while it matters. Empty `verbs` or `accounts` mean all."""
    wanted = select(func.coalesce(func.sum(action.c.amount), 0)).where(
        action.c.currency == currency,
        action.c.committed_at >= since,
        action.c.moves_money,
        action.c.state.in_(COMMITTED),
    )
    if verbs:
        wanted = wanted.where(action.c.verb.in_(verbs))
    if accounts:
        wanted = wanted.where(action.c.account.in_(accounts))
    if person is not None:
        wanted = wanted.where(action.c.asked_by == person)
    return int((await tx.run(wanted)).scalar_one())
