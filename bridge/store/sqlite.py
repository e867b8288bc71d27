"""SQLite in the event loop's own thread, with one commit for whoever comes while the last one runs.

A statement here takes microseconds, less than handing it to another thread and back. What can take
longer goes aside into one: waiting for another process's lock, and the commit, which waits for the disk.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import make_url

from bridge.model.errors import StoreUnavailable

_BUSY_MS = 10_000
#: How long (in seconds) what nobody waits for may wait for company.
_LINGER = 0.005


@dataclass
class Shared:
    """What everybody writes until the next commit. `done` fails if it could not be kept."""

    changes: int
    done: asyncio.Future[None] = field(default_factory=asyncio.Future)
    awaited: asyncio.Event = field(default_factory=asyncio.Event)

    def fail(self, reason: Exception) -> None:
        self.done.set_exception(reason)
        self.done.exception()  # perhaps nobody waits


class Sqlite:
    """One file. Writers take turns on one connection and share commits; readers do not wait for them."""

    def __init__(self, url: str) -> None:
        address = make_url(url).set(drivername="sqlite")
        how = {"timeout": _BUSY_MS / 1000, "check_same_thread": False}
        # Whoever waited here for a connection would keep its holder from ever giving it back.
        self._engine = create_engine(address, connect_args=how, max_overflow=-1)
        event.listen(self._engine, "connect", _keep_our_word)
        self._turn = asyncio.Lock()
        self._writer: Connection | None = None
        self._shared: Shared | None = None
        self._committing: set[asyncio.Task[None]] = set()
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="sqlite")

    @asynccontextmanager
    async def write(self, *, wait: bool = True) -> AsyncIterator[Connection]:
        async with self._turn:
            connection, shared = await self._open()
            if wait:
                shared.awaited.set()
            raw = connection.connection.driver_connection
            _run(raw, "SAVEPOINT own")
            try:
                yield connection
            except BaseException:
                self._undo(raw)
                raise
            _run(raw, "RELEASE own")
        if wait:
            await asyncio.shield(shared.done)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection
        # Nothing above ever waits: somebody who only reads, again and again, must let others go on.
        await asyncio.sleep(0)

    async def run_alone(self, statement: str, arguments: Sequence[Any]) -> None:
        """Nothing is gained by it here: there are no round trips."""
        async with self.write() as connection:
            connection.exec_driver_sql(statement, tuple(arguments))

    async def close(self) -> None:
        await asyncio.gather(*self._committing)
        if self._writer:
            self._writer.close()
        self._engine.dispose()
        self._aside.shutdown(wait=False)

    async def _open(self) -> tuple[Connection, Shared]:
        """The transaction that everybody shares until the next commit; the first one begins it."""
        if self._writer is None:
            self._writer = self._engine.connect()
            _run(self._writer.connection.driver_connection, "PRAGMA busy_timeout=0")
        if self._shared is None:
            try:
                await self._begin(self._writer)
            except BaseException:
                self._forget()
                raise
            self._shared = Shared(_changes(self._writer))
            task = asyncio.create_task(self._commit(self._writer, self._shared))
            self._committing.add(task)
            task.add_done_callback(self._committing.discard)
        return self._writer, self._shared

    async def _begin(self, connection: Connection) -> None:
        """The lock is taken at the first word, so that what was read is still so when it is written."""
        raw = connection.connection.driver_connection
        connection.begin()
        try:
            _run(raw, "BEGIN IMMEDIATE")
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            await self._elsewhere(lambda: _begin_patiently(raw))

    async def _commit(self, connection: Connection, shared: Shared) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                await shared.awaited.wait()
        async with self._turn:  # after all those who wait for theirs now
            if self._shared is shared:
                self._shared = None
            if shared.done.done():
                return
            try:
                if _changes(connection) == shared.changes:
                    connection.commit()  # no row was written: there is no disk to wait for
                else:
                    await self._elsewhere(connection.commit)
            except Exception as failed:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
                self._forget()
                shared.fail(failed)
            else:
                shared.done.set_result(None)

    def _undo(self, raw: Any) -> None:
        """Only what this one wrote, unless SQLite has given up everything (as when the disk is full)."""
        if raw.in_transaction:
            _run(raw, "ROLLBACK TO own")
            _run(raw, "RELEASE own")
        elif self._shared:
            shared, self._shared = self._shared, None
            self._forget()
            shared.fail(StoreUnavailable("The store gave up what others wrote just before."))

    def _forget(self) -> None:
        """Its patience is not that of the others: it must not become one of them."""
        if self._writer:
            self._writer.invalidate()
            self._writer.close()
        self._writer = None

    async def _elsewhere(self, work: Callable[[], None]) -> None:
        """Even if nobody waits for it any more, the connection is in use until this has ended."""
        done = asyncio.get_running_loop().run_in_executor(self._aside, work)
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait({done})
            raise


def _begin_patiently(raw: Any) -> None:
    _run(raw, f"PRAGMA busy_timeout={_BUSY_MS}")
    try:
        _run(raw, "BEGIN IMMEDIATE")
    finally:
        _run(raw, "PRAGMA busy_timeout=0")


def _changes(connection: Connection) -> int:
    """How many rows it has ever changed."""
    raw: Any = connection.connection.driver_connection
    return int(raw.total_changes)


def _run(raw: Any, statement: str) -> None:
    raw.execute(statement).close()


def _keep_our_word(connection: Any, _record: Any) -> None:
    """A commit survives power loss, and keys are checked."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        _run(connection, f"PRAGMA {pragma}")
