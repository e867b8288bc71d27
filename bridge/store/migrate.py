"""Alembic, from the checkout's `alembic/` or from the copy inside the installed wheel."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bridge.model.errors import StoreUnavailable
from bridge.store.engine import open_store


def upgrade(url: str) -> None:
    """Bring the database to the newest revision. Raises `StoreUnavailable` if it is out of reach."""
    asyncio.run(upgrade_async(url))


async def upgrade_async(url: str) -> None:
    store = open_store(url)
    try:
        async with store.begin() as tx:
            await tx.run_sync(_upgrade)
    except StoreUnavailable as away:
        broken = away.__cause__
        kind = type(getattr(broken, "orig", None) or broken).__name__
        raise StoreUnavailable(
            f"The store cannot be reached or written ({kind}): is `store.url` right?"
        ) from broken
    finally:
        await store.close()


def newest() -> str | None:
    """The revision that this version of the bridge works with."""
    return ScriptDirectory(str(_scripts())).get_current_head()


def fits(revision: str | None) -> bool:
    """Whether this version can work with a store of that revision: its own, or a newer one.

    Migrations only add, so while pods are replaced the old ones go on after the new ones migrated.
    """
    known = {script.revision for script in ScriptDirectory(str(_scripts())).walk_revisions()}
    return revision == newest() or (revision is not None and revision not in known)


def current(connection: Connection) -> str | None:
    """The revision the database is at; None if it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", str(_scripts()).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _scripts() -> Path:
    inside = Path(__file__).parents[1] / "_alembic"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "alembic"
