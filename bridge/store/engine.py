"""The database, opened once: transactions that write, transactions that read."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from asyncpg import PostgresError
from sqlalchemy import Executable, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bridge.model.errors import StoreUnavailable

_BUSY_MS = 10_000
#: What no other moment would cure.
_OUR_FAULT = (IntegrityError, DataError, ProgrammingError)
#: Away, restarting, full, locked, or out of connections. asyncpg's own come bare while connecting.
_ITS_FAULT = (DBAPIError, PoolTimeout, PostgresError, OSError)


@dataclass
class Tx:
    """An open transaction. `wake` asks for the workers to be told once it is committed."""

    connection: AsyncConnection
    dialect: str
    wakes: set[str] = field(default_factory=set)

    async def run(self, statement: Executable, rows: Any = None) -> CursorResult[Any]:
        return await self.connection.execute(statement, rows)

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """An insert that knows `on_conflict_…`, which both databases spell alike."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)


class Store:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.dialect = engine.dialect.name
        #: Set after each commit that made work; workers clear it. A hint: polling is the truth.
        self.work = asyncio.Event()
        # SQLite has one writer: waiting here is cheaper than its busy loop.
        self._writing = asyncio.Lock() if self.dialect == "sqlite" else None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """A writing transaction, committed at the end. Raises `StoreUnavailable` if it cannot be."""
        async with _lock(self._writing), self._connect(write=True) as connection:
            tx = Tx(connection, self.dialect)
            yield tx
        if tx.wakes:
            self.work.set()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        async with self._connect(write=False) as connection:
            yield Tx(connection, self.dialect)

    @asynccontextmanager
    async def _connect(self, *, write: bool) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(bridge_write=write)
                async with connection.begin():
                    yield connection
        except _OUR_FAULT:
            raise
        except _ITS_FAULT as broken:
            raise StoreUnavailable("The store does not answer; nothing was kept.") from broken

    async def close(self) -> None:
        await self._engine.dispose()


def open_store(url: str) -> Store:
    """`sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`; nothing is connected yet."""
    return Store(make_engine(url))


def make_engine(url: str) -> AsyncEngine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_async_engine(url, connect_args={"timeout": _BUSY_MS / 1000})
        _sqlite_that_keeps_its_word(engine)
        return engine
    return create_async_engine(
        url,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=10,
        connect_args={
            "timeout": 10,
            "command_timeout": 60,
            # A 2xx promises a commit that survives power loss, whatever the server's own default is.
            "server_settings": {"synchronous_commit": "on", "application_name": "stripe-bridge"},
        },
    )


def _sqlite_that_keeps_its_word(engine: AsyncEngine) -> None:
    """A commit survives power loss, a writer takes the lock at its first word, keys are checked."""

    @event.listens_for(engine.sync_engine, "do_connect")
    def _open_here_first(_dialect: Any, _record: Any, where: Any, how: Any) -> None:
        """aiosqlite leaves a thread behind, which ends in a traceback, when it cannot open the file."""
        sqlite3.connect(where[0], uri=how.get("uri", False)).close()

    @event.listens_for(engine.sync_engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={_BUSY_MS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        write = connection.get_execution_options().get("bridge_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@asynccontextmanager
async def _lock(lock: asyncio.Lock | None) -> AsyncIterator[None]:
    if lock is None:
        yield
        return
    async with lock:
        yield
