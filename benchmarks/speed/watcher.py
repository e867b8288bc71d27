"""Another user of the homeserver: what they see by their own sync, and when."""

import asyncio
import json
import re
import time
from collections.abc import Collection
from types import TracebackType
from typing import Any, Self

import aiohttp

from bridge.model.errors import BridgeError
from bridge.sandbox.homeserver import Login
from bridge.sandbox.matrix_client import API, part

_MARK = re.compile(r"BENCH-\w+|po_\w+")
_FILTER = json.dumps({"room": {"timeline": {"limit": 1000}}, "presence": {"types": []}})


class NotSeen(BridgeError):
    pass


class Watcher:
    """`seen` is when each mark was first in sight (monotonic seconds); `said` is where, and the content."""

    def __init__(self, homeserver: str, login: Login) -> None:
        self.seen: dict[str, float] = {}
        self.said: dict[str, tuple[str, dict[str, Any]]] = {}
        self.login = login
        headers = {"Authorization": f"Bearer {login.token}"}
        self._http = aiohttp.ClientSession(homeserver, headers=headers)
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._http.close()

    async def sees(self, marks: Collection[str], within: float = 120) -> float:
        """When the last of them came into sight."""
        wanted = set(marks)
        try:
            async with asyncio.timeout(within):
                while wanted := wanted - self.seen.keys():
                    self._news.clear()
                    await self._news.wait()
                    if self._task.done():
                        await self._task
        except TimeoutError:
            raise NotSeen(
                f"{len(wanted)} of {len(marks)} messages were not seen within {within:g} s."
            ) from None
        return max(self.seen[mark] for mark in marks)

    def forget(self) -> None:
        self.seen.clear()
        self.said.clear()

    async def _follow(self) -> None:
        since: dict[str, str] = {}
        try:
            while True:
                query = {"filter": _FILTER, "timeout": "25000", **since}
                async with self._http.get(f"{API}/sync", params=query) as answer:
                    answer.raise_for_status()
                    found = json.loads(await answer.read())
                self._take(found.get("rooms", {}).get("join", {}))
                for room in found.get("rooms", {}).get("invite", {}):
                    async with self._http.post(f"{API}/join/{part(room)}", json={}) as joined:
                        joined.raise_for_status()
                since = {"since": found["next_batch"]}
        finally:
            self._news.set()

    def _take(self, joined: dict[str, Any]) -> None:
        now = time.monotonic()
        for room, changes in joined.items():
            for event in changes["timeline"]["events"]:
                content = event["content"]
                if event["type"] != "m.room.message" or not (
                    mark := _MARK.search(content.get("body", ""))
                ):
                    continue
                self.seen.setdefault(mark[0], now)
                self.said.setdefault(mark[0], (room, content))
        self._news.set()
