"""Every store test runs on SQLite and on a real PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.model.clock import ManualClock
from bridge.store.engine import Store, open_store
from bridge.store.migrate import upgrade_async


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 27, 21, 0, tzinfo=UTC))


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest_asyncio.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    await upgrade_async(store_url)
    opened = open_store(store_url)
    yield opened
    await opened.close()
