"""The database, opened once: transactions that write, transactions that read."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeVar

from asyncpg import PostgresError
from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bridge.model.errors import StoreUnavailable
from bridge.store.sqlite import Sqlite

#: What no other moment would cure.
_OUR_FAULT = (IntegrityError, DataError, ProgrammingError)
#: Away, restarting, full, locked, or out of connections. asyncpg's own come bare while connecting.
_ITS_FAULT = (DBAPIError, PoolTimeout, PostgresError, OSError)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Upsert:
    """An insert that knows `on_conflict_…`, which both databases spell alike. Made once, run often."""

    of: Mapping[str, Executable]

    @classmethod
    def into(
        cls, table: Table, finish: "Callable[[sqlite.Insert | postgresql.Insert], Executable]"
    ) -> Self:
        return cls(
            {"sqlite": finish(sqlite.insert(table)), "postgresql": finish(postgresql.insert(table))}
        )


@dataclass
class Tx:
    """An open transaction. `wakes` asks for the workers to be told once it is committed."""

    connection: Connection | AsyncConnection
    dialect: str
    wakes: set[str] = field(default_factory=set)
    #: Among them is a lane that overtakes the others.
    urgent: bool = False

    async def run(self, statement: Executable | Upsert, rows: Any = None) -> CursorResult[Any]:
        """A statement that runs often is made once, with `bindparam`s: making it costs more than running it."""
        if isinstance(statement, Upsert):
            statement = statement.of[self.dialect]
        if isinstance(self.connection, Connection):
            return self.connection.execute(statement, rows)
        return await self.connection.execute(statement, rows)

    async def run_sync(self, work: Callable[[Connection], _T]) -> _T:
        """For libraries that know no `await`."""
        if isinstance(self.connection, Connection):
            return work(self.connection)
        return await self.connection.run_sync(work)

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """An insert that knows `on_conflict_…`, which both databases spell alike."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)


class Database(Protocol):
    """Transactions on one kind of database; `write` commits at its end, and waits until it is done."""

    def write(
        self, *, wait: bool = True
    ) -> AbstractAsyncContextManager[Connection | AsyncConnection]: ...
    def read(self) -> AbstractAsyncContextManager[Connection | AsyncConnection]: ...
    async def close(self) -> None: ...


class Store:
    def __init__(self, database: Database, dialect: str) -> None:
        self._database = database
        self.dialect = dialect
        #: Set after each commit that made work; workers clear it. A hint: polling is the truth.
        self.work = asyncio.Event()
        #: Set with it when something that must not wait is among it; whoever claims it clears it.
        self.urgent = False
        #: Called after each such commit: how other processes hear of it (see hints.py).
        self.on_work: Callable[[], None] | None = None

    @asynccontextmanager
    async def begin(self, *, wait: bool = True) -> AsyncIterator[Tx]:
        """A writing transaction, committed at the end. Raises `StoreUnavailable` if it cannot be.

        Without `wait` it may be over before the disk has it: for what a crash may undo.
        """
        with _its_faults():
            async with self._database.write(wait=wait) as connection:
                tx = Tx(connection, self.dialect)
                yield tx
        if tx.wakes:
            self.urgent = self.urgent or tx.urgent
            self.work.set()
            if self.on_work:
                self.on_work()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        with _its_faults():
            async with self._database.read() as connection:
                yield Tx(connection, self.dialect)

    async def close(self) -> None:
        await self._database.close()


class _its_faults:  # noqa: N801 - reads as what it is: a context
    """Turns what is the database's fault into `StoreUnavailable`."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: object
    ) -> None:
        if isinstance(error, _ITS_FAULT) and not isinstance(error, _OUR_FAULT):
            raise StoreUnavailable("The store does not answer; nothing was kept.") from error


def open_store(url: str) -> Store:
    """`sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`; nothing is connected yet."""
    if make_url(url).get_backend_name() == "sqlite":
        return Store(Sqlite(url), "sqlite")
    return Store(Postgresql(url), "postgresql")


class Postgresql:
    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(
            url,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=10,
            connect_args={
                "timeout": 10,
                "command_timeout": 60,
                # A 2xx promises a commit that survives power loss, whatever the server's own default is.
                "server_settings": {
                    "synchronous_commit": "on",
                    "application_name": "stripe-bridge",
                },
            },
        )

    @asynccontextmanager
    async def write(self, *, wait: bool = True) -> AsyncIterator[AsyncConnection]:  # noqa: ARG002 - it is quick
        async with self._engine.begin() as connection:
            yield connection

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self.write()

    async def close(self) -> None:
        await self._engine.dispose()
