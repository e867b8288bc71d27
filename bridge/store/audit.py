"""The audit trail: one chain an account, only ever added to."""

import json
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text

from bridge.model.action import ActionState
from bridge.model.audit import GENESIS, Head, Link, Record, faults, next_link
from bridge.store.engine import Tx
from bridge.store.locks import hold_chain
from bridge.store.tables import action, audit

_PAGE = 500
_STATES = frozenset(ActionState)


async def append(tx: Tx, record: Record) -> None:
    """In the commit of what it records."""
    await hold_chain(tx, record.account)
    link = next_link(await head(tx, record.account), record)
    await tx.run(insert(audit).values(**vars(link)))


async def head(tx: Tx, account: str, before: datetime | None = None) -> Head:
    """The end of the account's chain, now or as it was at that moment."""
    wanted = select(audit.c.seq, audit.c.hash).where(audit.c.account == account)
    if before:
        wanted = wanted.where(audit.c.at < before)
    row = (await tx.run(wanted.order_by(audit.c.seq.desc()).limit(1))).one_or_none()
    return Head(account, row.seq, row.hash) if row else Head(account, 0, GENESIS)


async def chains(tx: Tx) -> list[str]:
    """Whose chains there are; an account whose whole chain is gone is told by its actions."""
    found = set((await tx.run(select(audit.c.account).distinct())).scalars())
    found |= set((await tx.run(select(action.c.account).distinct())).scalars())
    return sorted(found)


async def at_one_moment(tx: Tx) -> None:
    """First in a transaction: whatever it reads is of one moment, however long it takes."""
    if tx.dialect == "postgresql":
        await tx.run(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


async def links(tx: Tx, account: str) -> AsyncIterator[Link]:
    """The whole chain in its order."""
    after, more = -(2**63), True
    while more:
        wanted = select(audit).where(audit.c.account == account, audit.c.seq > after)
        rows = (await tx.run(wanted.order_by(audit.c.seq).limit(_PAGE))).all()
        for row in rows:
            yield Link(row.account, row.seq, row.action, row.at, row.text, row.previous, row.hash)
        more = len(rows) == _PAGE
        after = rows[-1].seq if rows else after


async def verify(tx: Tx, account: str, kept: Iterable[Head] = ()) -> list[str]:
    """Everything that is wrong with the chain, or between it and the actions it tells of."""
    chain = [link async for link in links(tx, account)]
    return [*faults(account, chain, kept), *await _against_actions(tx, account, chain)]


async def _against_actions(tx: Tx, account: str, chain: Iterable[Link]) -> list[str]:
    last = {link.action: told for link in chain if (told := _state_told(link))}
    wanted = select(action.c.id, action.c.state, action.c.params_hash, action.c.amount)
    rows = (await tx.run(wanted.where(action.c.account == account))).all()
    found: list[str] = []
    for row in rows:
        told = last.pop(row.id, {})
        if (row.state, row.params_hash, row.amount) != tuple(
            told.get(name) for name in ("what", "params", "amount")
        ):
            found.append(
                f"{account}: action {row.id} is {row.state}, and the trail's last word on it is "
                f"{told.get('what', 'none')}, or it was for something else"
            )
    return found + [f"{account}: action {name} is in the trail and nowhere else" for name in last]


def _state_told(link: Link) -> dict[str, Any] | None:
    """The entry, if it tells of an action's state."""
    try:
        told = json.loads(link.text)
    except ValueError:
        return None
    is_step = isinstance(told, dict) and link.action and told.get("what") in _STATES
    return told if is_step else None
