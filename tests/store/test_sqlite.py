"""What SQLite's writers share: commits, and nothing else."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Engine, event, text

from bridge.model.errors import StoreUnavailable
from bridge.store.engine import Store, open_store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shared.db"


@pytest_asyncio.fixture
async def store(file: Path) -> AsyncIterator[Store]:
    opened = open_store(f"sqlite+aiosqlite:///{file}")
    async with opened.begin() as tx:
        await tx.run(text("CREATE TABLE told (word TEXT PRIMARY KEY)"))
    yield opened
    await opened.close()


async def tell(store: Store, word: str, *, wait: bool = True) -> None:
    async with store.begin(wait=wait) as tx:
        await tx.run(text("INSERT INTO told VALUES (:word)"), {"word": word})


async def told(store: Store) -> list[str]:
    async with store.read() as tx:
        return list((await tx.run(text("SELECT word FROM told ORDER BY word"))).scalars())


async def test_who_comes_while_a_commit_runs_shares_the_next_one(store: Store) -> None:
    commits: list[object] = []

    def count(connection: object) -> None:
        commits.append(connection)

    event.listen(Engine, "commit", count)
    try:
        await asyncio.gather(*(tell(store, f"{n:03}") for n in range(100)))
    finally:
        event.remove(Engine, "commit", count)
    assert len(await told(store)) == 100
    assert len(commits) <= 3


async def test_one_that_goes_wrong_undoes_only_its_own_words(store: Store) -> None:
    async def contradict() -> None:
        async with store.begin() as tx:
            await tx.run(text("INSERT INTO told VALUES ('taken back')"))
            raise LookupError

    done = await asyncio.gather(
        tell(store, "before"), contradict(), tell(store, "after"), return_exceptions=True
    )
    assert [type(one) for one in done] == [type(None), LookupError, type(None)]
    assert await told(store) == ["after", "before"]


async def test_a_full_disk_is_told_to_all_who_share_the_commit(store: Store) -> None:
    async def fill() -> None:
        async with store.begin() as tx:
            await tx.run(text("PRAGMA max_page_count = 10"))
            await tx.run(text("INSERT INTO told VALUES (hex(zeroblob(1000000)))"))

    done = await asyncio.gather(tell(store, "shared"), fill(), return_exceptions=True)
    assert [type(one) for one in done] == [StoreUnavailable, StoreUnavailable]
    await tell(store, "later")
    assert await told(store) == ["later"]


async def test_another_process_that_writes_is_waited_for(store: Store, file: Path) -> None:
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO told VALUES ('theirs')")
        ours = asyncio.create_task(tell(store, "ours"))
        # Nobody who only reads has to wait meanwhile.
        assert [await told(store) for _ in range(20)] == [[]] * 20
        assert not ours.done()
        other.execute("COMMIT")
    other.close()
    await ours
    assert await told(store) == ["ours", "theirs"]


async def test_what_nobody_waits_for_is_kept_with_the_next_word(store: Store) -> None:
    await tell(store, "a claim", wait=False)
    assert await told(store) == []
    await tell(store, "a word")
    assert await told(store) == ["a claim", "a word"]


async def test_what_nobody_waits_for_is_kept_at_the_end(store: Store, file: Path) -> None:
    await tell(store, "a claim", wait=False)
    await store.close()
    with sqlite3.connect(file) as later:
        assert later.execute("SELECT word FROM told").fetchall() == [("a claim",)]
    later.close()


async def test_whoever_is_cancelled_leaves_the_store_in_order(store: Store) -> None:
    task = asyncio.create_task(tell(store, "one"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await tell(store, "two")
    assert "two" in await told(store)
