"""The ceiling: messages sent as fast as the homeserver takes them, with nothing around."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp

from bridge.sandbox.homeserver import SERVER_NAME, Appservice
from bridge.sandbox.matrix_client import API, part

Message = tuple[str, dict[str, Any]]


class BareClient:
    """Acts as the appservice's own user, in the rooms that the bridge has made."""

    def __init__(self, homeserver: str, appservice: Appservice) -> None:
        headers = {"Authorization": f"Bearer {appservice.as_token}"}
        self._query = {"user_id": f"@{appservice.sender_localpart}:{SERVER_NAME}"}
        self._http = aiohttp.ClientSession(
            homeserver, headers=headers, connector=aiohttp.TCPConnector(limit=0)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._http.close()

    async def send_all(self, messages: Sequence[Message], at_once: int) -> None:
        waiting = deque(messages)

        async def work() -> None:
            while waiting:
                await self._send(*waiting.popleft())

        await asyncio.gather(*(work() for _ in range(at_once)))

    async def send_paced(self, messages: Sequence[Message], per_second: float) -> list[float]:
        """Open loop; when each was begun."""
        start, begun, tasks = time.monotonic(), [], []
        for number, message in enumerate(messages):
            await asyncio.sleep(max(0.0, start + number / per_second - time.monotonic()))
            begun.append(time.monotonic())
            tasks.append(asyncio.create_task(self._send(*message)))
        await asyncio.gather(*tasks)
        return begun

    async def _send(self, room: str, content: dict[str, Any]) -> None:
        path = f"{API}/rooms/{part(room)}/send/m.room.message/{uuid4().hex}"
        async with self._http.put(path, params=self._query, data=json.dumps(content)) as answer:
            answer.raise_for_status()
            await answer.read()
