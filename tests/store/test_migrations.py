"""Migrations from empty make exactly the tables that the code works with."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from bridge.store import migrate
from bridge.store.engine import open_store
from bridge.store.migrate import upgrade_async
from bridge.store.tables import metadata


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


async def test_models_equal_migrations(store_url: str) -> None:
    await upgrade_async(store_url)
    store = open_store(store_url)
    async with store.read() as tx:
        assert await tx.run_sync(_differences) == []
        assert await tx.run_sync(migrate.current) == migrate.newest()
    await store.close()


async def test_upgrading_again_changes_nothing(store_url: str) -> None:
    await upgrade_async(store_url)
    await upgrade_async(store_url)
