"""The database, opened once: transactions that write, transactions that read."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, Self, TypeVar, cast

import asyncpg
from sqlalchemy import Connection, Executable, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.engine import CursorResult, make_url
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bridge.model.errors import StoreUnavailable
from bridge.store.often import Often
from bridge.store.sqlite import Sqlite

#: What no other moment would cure.
_OUR_FAULT = (
    IntegrityError,
    DataError,
    ProgrammingError,
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
)
#: Away, restarting, full, locked, or out of connections. asyncpg's own come bare while connecting.
_ITS_FAULT = (
    DBAPIError,
    PoolTimeout,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    sqlite3.DatabaseError,
    OSError,
)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Upsert:
    """An insert that knows `on_conflict_…`, which both databases spell alike. Made once, run often."""

    of: Mapping[str, Often]

    @classmethod
    def into(
        cls, table: Table, finish: "Callable[[sqlite.Insert | postgresql.Insert], Executable]"
    ) -> Self:
        return cls(
            {
                "sqlite": Often(finish(sqlite.insert(table))),
                "postgresql": Often(finish(postgresql.insert(table))),
            }
        )


@dataclass(frozen=True)
class Bulk:
    """An insert of many rows, given to the driver as they are: see `Tx.moment`."""

    of: Mapping[str, str]

    @classmethod
    def of_upsert(cls, upsert: Upsert, columns: Sequence[str]) -> Self:
        dialects = {"sqlite": sqlite.dialect(), "postgresql": asyncpg_dialect()}  # type: ignore[no-untyped-call]
        return cls(
            {
                name: str(
                    upsert.of[name].statement.compile(dialect=dialect, column_keys=list(columns))
                )
                for name, dialect in dialects.items()
            }
        )


@dataclass
class Tx:
    """An open transaction. `wakes` asks for the workers to be told once it is committed."""

    connection: Connection | AsyncConnection
    dialect: str
    wakes: set[str] = field(default_factory=set)
    #: Among them is a lane that overtakes the others.
    urgent: bool = False

    async def run(
        self, statement: Executable | Upsert | Often, rows: Any = None
    ) -> CursorResult[Any]:
        """A statement that runs often is made once, with `bindparam`s: making it costs more than running it."""
        if isinstance(statement, Upsert):
            statement = statement.of[self.dialect]
        plain = statement.statement if isinstance(statement, Often) else statement
        connection = self.connection
        if not isinstance(connection, Connection):
            return await connection.execute(plain, rows)
        if isinstance(statement, Often) and not isinstance(rows, list):
            driver: Any = connection.connection.driver_connection
            if (found := statement.run(driver, rows or {})) is not None:
                return cast("CursorResult[Any]", found)
        return connection.execute(plain, rows)

    async def run_many(self, bulk: "Bulk", rows: Sequence[tuple[Any, ...]]) -> None:
        connection = self.connection
        if isinstance(connection, Connection):
            connection.connection.driver_connection.executemany(bulk.of["sqlite"], rows)  # type: ignore[union-attr]
            return
        raw: Any = (await connection.get_raw_connection()).driver_connection
        if not raw.is_in_transaction():  # it begins with the first statement that SQLAlchemy runs
            await connection.exec_driver_sql("SELECT 1")
        await raw.executemany(bulk.of["postgresql"], rows)

    def moment(self, at: datetime) -> datetime | str:
        """As the driver wants it (see `Moment` in tables.py)."""
        if self.dialect == "postgresql":
            return at
        return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

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
    async def run_alone(self, statement: str, arguments: Sequence[Any]) -> None: ...
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
        self.on_work: Callable[[bool], None] | None = None

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
            self._there_is_work(urgent=tx.urgent)

    async def run_alone(self, statement: str, arguments: Sequence[Any], *, urgent: bool) -> None:
        """On PostgreSQL: a statement that makes work, and is a transaction by itself: one round trip."""
        with _its_faults():
            await self._database.run_alone(statement, arguments)
        self._there_is_work(urgent=urgent)

    def _there_is_work(self, *, urgent: bool) -> None:
        self.urgent = self.urgent or urgent
        self.work.set()
        if self.on_work:
            self.on_work(urgent)

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


def _must_be_open(connection: Any, _record: Any, _proxy: Any) -> None:
    """asyncpg notices when the server goes away; asking the server each time would cost a round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


class Postgresql:
    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(
            url,
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

        event.listen(self._engine.sync_engine, "checkout", _must_be_open)

    @asynccontextmanager
    async def write(self, *, wait: bool = True) -> AsyncIterator[AsyncConnection]:  # noqa: ARG002 - it is quick
        async with self._engine.begin() as connection:
            yield connection

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self.write()

    async def run_alone(self, statement: str, arguments: Sequence[Any]) -> None:
        async with self._engine.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            await raw.execute(statement, *arguments)

    async def close(self) -> None:
        await self._engine.dispose()
