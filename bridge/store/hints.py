"""Wake-ups between processes that share a PostgreSQL: a hint, never the truth.

NOTIFY takes a lock of the whole database when it commits, so it is not part of any transaction of
ours: it is sent afterwards, and at most every so often. Whoever misses one finds the work by polling.
"""

import asyncio
from dataclasses import dataclass, field

import asyncpg
import structlog
from sqlalchemy.engine import make_url

from bridge.store.engine import Store

log = structlog.get_logger(__name__)

_CHANNEL = "stripe_bridge_work"
_URGENT = "urgent"
_LEAST_GAP = 0.05
_TRY_AGAIN = 5.0
_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


@dataclass
class Hints:
    """`run` carries hints in both directions; on SQLite there is nobody to tell."""

    store: Store
    url: str
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _urgent: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; a database that is away is tried again."""
        if self.store.dialect == "sqlite":
            return
        self.store.on_work = self._there_is_work
        while not stop.is_set():
            try:
                await self._carry(stop)
            except _AWAY as away:
                log.info("hints_interrupted", error=type(away).__name__)
                await _either(stop, within=_TRY_AGAIN)

    async def _carry(self, stop: asyncio.Event) -> None:
        address = make_url(self.url).set(drivername="postgresql")
        connection = await asyncpg.connect(
            address.render_as_string(hide_password=False), timeout=10
        )
        try:
            await connection.add_listener(_CHANNEL, self._heard)
            while not stop.is_set() and not connection.is_closed():
                await _either(stop, self._news, within=_TRY_AGAIN)
                if self._news.is_set():
                    self._news.clear()
                    word, self._urgent = (_URGENT if self._urgent else ""), False
                    await connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, word)
                    await asyncio.sleep(_LEAST_GAP)
        finally:
            connection.terminate()

    def _there_is_work(self, urgent: bool) -> None:
        self._urgent = self._urgent or urgent
        self._news.set()

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        self.store.urgent = self.store.urgent or payload == _URGENT
        self.store.work.set()


async def _either(*events: asyncio.Event, within: float) -> None:
    """Until one of them is set, or time is up."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
