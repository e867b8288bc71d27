"""Work that one process commits wakes the others at once."""

import asyncio
from datetime import UTC, datetime

import pytest

from bridge.store import outbox
from bridge.store.engine import open_store
from bridge.store.hints import Hints
from bridge.store.migrate import upgrade_async
from bridge.store.outbox import Delivery


@pytest.mark.parametrize("urgent", [False, True])
async def test_another_process_hears_of_work_without_polling(
    postgres_url: str, urgent: bool
) -> None:
    await upgrade_async(postgres_url)
    here, there = open_store(postgres_url), open_store(postgres_url)
    stop = asyncio.Event()
    tasks = [asyncio.create_task(Hints(store, postgres_url).run(stop)) for store in (here, there)]
    async with asyncio.timeout(30):
        # A hint that is sent before the other one listens is lost, as hints may be.
        while not there.work.is_set():
            async with here.begin() as tx:
                delivery = Delivery("room:a", "room", {}, 0 if urgent else 1)
                await outbox.enqueue(tx, [delivery], datetime.now(UTC))
            await asyncio.wait([asyncio.create_task(there.work.wait())], timeout=0.5)
    stop.set()
    await asyncio.gather(*tasks)
    assert there.urgent is urgent
    await here.close()
    await there.close()
