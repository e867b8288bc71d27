"""Locks by name, held until the transaction ends. SQLite has one writer, so there they cost nothing.

Everybody takes them in this order, so that nobody waits in a circle: the action's lane, `MONEY`,
the account's chain, then rows of actions, then the lanes of what is said about it.
"""

from hashlib import sha256

from sqlalchemy import func, select

from bridge.store.engine import Tx
from bridge.store.tables import lane

#: Whoever adds to what counts against a limit; limits of people reach across accounts.
MONEY = "money"


async def hold(tx: Tx, name: str) -> None:
    if tx.dialect == "postgresql":
        number = int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)
        await tx.run(select(func.pg_advisory_xact_lock(number)))


async def hold_chain(tx: Tx, account: str) -> None:
    await hold(tx, f"chain {account}")


async def hold_lane(tx: Tx, key: str) -> None:
    """A lane that does not exist yet is nobody's."""
    await tx.run(select(lane.c.key).where(lane.c.key == key).with_for_update())
