"""Migrations from empty make exactly the tables that the code works with."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from bridge.store import migrate
from bridge.store.engine import make_engine
from bridge.store.migrate import upgrade_async
from bridge.store.tables import metadata


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


async def test_models_equal_migrations(store_url: str) -> None:
    await upgrade_async(store_url)
    engine = make_engine(store_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
        assert await connection.run_sync(migrate.current) == migrate.newest()
    await engine.dispose()


async def test_upgrading_again_changes_nothing(store_url: str) -> None:
    await upgrade_async(store_url)
    await upgrade_async(store_url)
