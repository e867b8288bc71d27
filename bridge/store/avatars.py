"""Which pictures the homeserver has already, by the hash of what they show."""

from datetime import datetime

from sqlalchemy import select

from bridge.store.engine import Tx
from bridge.store.tables import avatar


async def find(tx: Tx, digest: str) -> str | None:
    """Its address (`mxc://…`)."""
    row = (await tx.run(select(avatar.c.mxc).where(avatar.c.hash == digest))).one_or_none()
    return str(row.mxc) if row else None


async def keep(tx: Tx, digest: str, mxc: str, now: datetime) -> None:
    values = {"mxc": mxc, "uploaded_at": now}
    insert = tx.insert(avatar).values(hash=digest, **values)
    await tx.run(insert.on_conflict_do_update(index_elements=["hash"], set_=values))
