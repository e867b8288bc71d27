"""An office with people, a Stripe and a store; see office.py."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.model.clock import ManualClock
from bridge.store.engine import Store, open_store
from bridge.store.migrate import upgrade_async

from .office import Office, opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 27, 12, 0, tzinfo=UTC))


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/bridge.db"


@pytest_asyncio.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    await upgrade_async(store_url)
    made = open_store(store_url)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def office(store: Store, store_url: str, clock: ManualClock) -> AsyncIterator[Office]:
    async with opened(store, store_url, clock) as made:
        yield made
