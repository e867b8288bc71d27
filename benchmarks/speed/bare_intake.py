"""The barest server that keeps a webhook: verify, put the row beside others, commit, answer.

`python -m benchmarks.speed.bare_intake PORT STORE SECRET`. STORE has the bridge's tables; the row is
the bridge's own row of the inbox, and nothing else is written.
"""

import asyncio
import hashlib
import hmac
import json
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
from aiohttp import web
from sqlalchemy.engine import make_url

from bridge.sandbox.cast import ACCOUNT
from bridge.sandbox.ports import LOOPBACK

Row = tuple[Any, ...]
Commit = Callable[[list[Row]], Awaitable[None]]
_COLUMNS = "source, event_id, type, lane, body, urgency, state, attempts, received_at"


class Together:
    """Whatever arrives while one commit runs shares the next one."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._waiting: list[tuple[Row, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def keep(self, row: Row) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        if self._task is None:
            self._task = asyncio.create_task(self._all())
        await done

    async def _all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await self._commit([row for row, _ in batch])
            for _, done in batch:
                done.set_result(None)
        self._task = None


async def sqlite_commit(url: str) -> Commit:
    store = sqlite3.connect(
        str(make_url(url).database), isolation_level=None, check_same_thread=False
    )
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=FULL")
    insert = f"INSERT INTO inbox ({_COLUMNS}) VALUES ({', '.join('?' * 9)}) ON CONFLICT DO NOTHING"

    def write(rows: list[Row]) -> None:
        store.execute("BEGIN IMMEDIATE")
        store.executemany(insert, rows)
        store.execute("COMMIT")

    async def commit(rows: list[Row]) -> None:
        await asyncio.get_running_loop().run_in_executor(
            None, write, [(*row[:-1], str(row[-1])[:26]) for row in rows]
        )

    return commit


async def postgresql_commit(url: str) -> Commit:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    store = await asyncpg.connect(address, server_settings={"synchronous_commit": "on"})
    values = ", ".join(f"${n}" for n in range(1, 10))
    insert = f"INSERT INTO inbox ({_COLUMNS}) VALUES ({values}) ON CONFLICT DO NOTHING"

    async def commit(rows: list[Row]) -> None:
        await store.executemany(insert, rows)

    return commit


async def serve(port: int, url: str, secret: str) -> None:
    sqlite_url = url.startswith("sqlite")
    together = Together(await (sqlite_commit(url) if sqlite_url else postgresql_commit(url)))
    key = secret.encode()

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        stamp, _, signature = (
            request.headers["Stripe-Signature"].removeprefix("t=").partition(",v1=")
        )
        wanted = hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, signature):
            return web.Response(status=400)
        event = json.loads(body)
        lane = f"events:{ACCOUNT}:{hash(event['id']) % 16}"
        now = datetime.now(UTC)
        await together.keep(
            (
                f"stripe:{ACCOUNT}",
                event["id"],
                event["type"],
                lane,
                body.decode(),
                1,
                "handled",
                0,
                now,
            )
        )
        return web.Response(text="stored")

    app = web.Application()
    app.add_routes([web.post("/stripe/webhook/{account}", take), web.get("/ready", _ready)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port).start()
    await asyncio.Event().wait()


async def _ready(_request: web.Request) -> web.Response:
    return web.Response(text="ready")


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
