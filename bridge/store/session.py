"""A bot account's session with the homeserver: its log-in, and how far its syncs have come."""

from typing import Any

from sqlalchemy import select

from bridge.model.ports import Login
from bridge.store.engine import Tx
from bridge.store.tables import matrix_session


async def login(tx: Tx, user_id: str) -> Login | None:
    row = await _row(tx, user_id)
    return Login(row.token, row.device) if row and row.token else None


async def since(tx: Tx, user_id: str) -> str | None:
    row = await _row(tx, user_id)
    return row.since if row else None


async def save_login(tx: Tx, user_id: str, made: Login) -> None:
    await _save(tx, user_id, token=made.token, device=made.device)


async def save_since(tx: Tx, user_id: str, position: str) -> None:
    await _save(tx, user_id, since=position)


async def _row(tx: Tx, user_id: str) -> Any:
    wanted = select(matrix_session).where(matrix_session.c.user_id == user_id)
    return (await tx.run(wanted)).one_or_none()


async def _save(tx: Tx, user_id: str, **values: str) -> None:
    fresh = tx.insert(matrix_session).values(user_id=user_id, **values)
    await tx.run(fresh.on_conflict_do_update(index_elements=["user_id"], set_=values))
