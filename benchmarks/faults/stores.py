"""The two stores under test: how each is made, filled up, restarted, and looked into."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Table, select, text

from bridge.sandbox.postgres import Postgres
from bridge.store.engine import Store, open_store
from bridge.store.migrate import upgrade_async
from bridge.store.tables import inbox, metadata, outbox


class Disk(Protocol):
    """`processes` is how many bridges may share it."""

    name: str
    processes: int
    url: str

    async def make(self) -> None: ...
    async def fill(self) -> None:
        """From now on it takes nothing more. SQLite's limit is set by its own bridge's launcher."""

    async def empty(self) -> None: ...
    async def restart(self, *, crash: bool) -> None: ...


class Sqlite:
    name = "sqlite"
    processes = 1

    def __init__(self, file: Path) -> None:
        self.url = f"sqlite+aiosqlite:///{file}"

    async def make(self) -> None:
        await upgrade_async(self.url)

    async def fill(self) -> None:
        return

    async def empty(self) -> None:
        return

    async def restart(self, *, crash: bool) -> None:
        raise NotImplementedError("SQLite is no server.")


class Postgresql:
    name = "postgresql"
    processes = 2

    def __init__(self, server: Postgres, database: str) -> None:
        self._server = server
        self._database = database
        self.url = server.url(database)

    async def make(self) -> None:
        await asyncio.to_thread(self._server.create_database, self._database)
        await upgrade_async(self.url)
        await self._run(*_CAN_BE_FULL)
        await self._run(*(_watch(table) for table in metadata.sorted_tables))

    async def fill(self) -> None:
        await self._run("INSERT INTO faults_full VALUES (1)")

    async def empty(self) -> None:
        await self._run("DELETE FROM faults_full")

    async def restart(self, *, crash: bool) -> None:
        """A crash loses what PostgreSQL had not yet written, as a power cut of its machine would."""
        await asyncio.to_thread(self._server.kill if crash else self._server.stop)
        await asyncio.to_thread(self._server.start)

    async def _run(self, *statements: str) -> None:
        store = open_store(self.url)
        try:
            async with store.begin() as tx:
                for statement in statements:
                    await tx.run(text(statement))
        finally:
            await store.close()


#: PostgreSQL's own error for a full disk, raised for every write while `faults_full` has a row.
_CAN_BE_FULL = (
    "CREATE TABLE faults_full (yes integer)",
    """CREATE FUNCTION faults_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT FROM faults_full) THEN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
        END IF;
        RETURN NEW;
    END $$""",
)


def _watch(table: Table) -> str:
    return (
        f"CREATE TRIGGER faults_refuse BEFORE INSERT OR UPDATE ON {table.name}"
        " FOR EACH ROW EXECUTE FUNCTION faults_refuse()"
    )


#: Lanes that keep what stands in a room in good order, at leisure: no event waits in them.
_UNHURRIED = frozenset({"about"})


class Lookout:
    """Looks into the store from outside: only to know when to stop waiting, and to explain a loss."""

    def __init__(self, url: str) -> None:
        self._store: Store = open_store(url)

    async def close(self) -> None:
        await self._store.close()

    async def waiting(self) -> int:
        """How many items that people wait for no bridge has settled yet."""
        waiting = [row for table in (inbox, outbox) for row in await self._rows(table, "ready")]
        return sum(_kind(row.lane) not in _UNHURRIED for row in waiting)

    async def leftovers(self) -> list[str]:
        """What was not handled or delivered, and why, in words."""
        found = [row for table in (inbox, outbox) for row in await self._unsettled(table)]
        reasons = Counter(f"{row.state} in {_kind(row.lane)}: {row.error}" for row in found)
        return [f"{n} {reason}" for reason, n in reasons.most_common()]

    async def _unsettled(self, table: Table) -> list[Any]:
        return [*await self._rows(table, "ready"), *await self._rows(table, "dead")]

    async def _rows(self, table: Table, state: str) -> list[Any]:
        wanted = select(table.c.lane, table.c.state, table.c.error)
        async with self._store.read() as tx:
            return list((await tx.run(wanted.where(table.c.state == state))).all())


def _kind(lane: str) -> str:
    return lane.partition(":")[0]
