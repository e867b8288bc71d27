"""A store of its own for each test that wants one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bridge.store.engine import Store, open_store
from bridge.store.migrate import upgrade_async


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
    await upgrade_async(url)
    opened = open_store(url)
    yield opened
    await opened.close()
