"""How far a bot account's syncs have come."""

from sqlalchemy import select

from bridge.store.engine import Tx
from bridge.store.tables import matrix_session


async def since(tx: Tx, user_id: str) -> str | None:
    wanted = select(matrix_session.c.since).where(matrix_session.c.user_id == user_id)
    return (await tx.run(wanted)).scalar_one_or_none()


async def save_since(tx: Tx, user_id: str, position: str) -> None:
    fresh = tx.insert(matrix_session).values(user_id=user_id, since=position)
    await tx.run(fresh.on_conflict_do_update(index_elements=["user_id"], set_={"since": position}))
