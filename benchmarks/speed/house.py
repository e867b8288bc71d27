"""A homeserver with twenty customers' rooms in it, a bridge that made them, and somebody who watches."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, closing
from itertools import count, cycle
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.speed.bare_client import BareClient, Message
from benchmarks.speed.bridges import BridgeProcess, Setting
from benchmarks.speed.load import Sent, send
from benchmarks.speed.quiet import ReadyHomeserver
from benchmarks.speed.watcher import Watcher
from benchmarks.speed.webhooks import Postbag, Webhook
from bridge.sandbox.homeserver import EASY_ENTRY, Appservice, Synapse
from bridge.sandbox.ports import Port

_WITHOUT_END = {"per_second": 100_000, "burst_count": 100_000}
#: The peers are ordinary users; here it is software that is compared, not patience.
NO_LIMITS: Mapping[str, Any] = {
    **EASY_ENTRY,
    "rc_message": _WITHOUT_END,
    "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), _WITHOUT_END),
    "rc_joins": {"local": _WITHOUT_END},
    "rc_joins_per_room": _WITHOUT_END,
    "rc_room_creation": _WITHOUT_END,
}
#: Webhooks come over so many connections at once.
AT_ONCE = 16


class House:
    homeserver: Synapse
    watcher: Watcher
    bridge: BridgeProcess
    bare: BareClient

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open = AsyncExitStack()
        self._file = directory / "bridge.db"
        self.numbers = count(1)
        self.bag = Postbag()

    async def __aenter__(self) -> Self:
        try:
            await self._build()
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def bring(self, webhooks: list[Webhook]) -> Sent:
        signer = self.bridge.signer
        return await send(self.bridge.port, [signer.request(one) for one in webhooks], AT_ONCE)

    async def through_bridge(self, number: int) -> float:
        """Messages a second, from the first webhook until the last message is seen."""
        webhooks = list(self.bag.over_rooms(number))
        start = time.monotonic()
        await self.bring(webhooks)
        rate = number / (await self.watcher.sees([one.mark for one in webhooks]) - start)
        await self.settled()
        return rate

    async def through_bare(self, number: int, at_once: int) -> float:
        marks, messages = self.messages(number)
        start = time.monotonic()
        await self.bare.send_all(messages, at_once)
        return number / (await self.watcher.sees(marks) - start)

    def messages(self, number: int) -> tuple[list[str], list[Message]]:
        """What the bridge has said lately, said again under other marks."""
        marks = [f"BENCH-{self.bag.run}b{next(self.numbers):07d}" for _ in range(number)]
        known = cycle(self._contents)
        made = [
            (room, content, mark)
            for mark, (old, room, content) in zip(marks, known, strict=False)
            for content in [json.loads(content.replace(old, mark))]
        ]
        return marks, [(room, content) for room, content, _ in made]

    async def settled(self, within: float = 300, *, abouts: bool = False) -> None:
        """Until nothing waits in the bridge's store; the subjects' own cards wait for half a minute."""
        async with asyncio.timeout(within):
            while self._waiting("" if abouts else "about:%"):
                await asyncio.sleep(0.1)

    @property
    def store(self) -> str:
        return f"sqlite+aiosqlite:///{self._file}"

    def _waiting(self, but: str) -> int:
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as store:
            counts = [
                store.execute(
                    f"SELECT count(*) FROM {queue} WHERE state = 'ready' AND lane NOT LIKE ?",
                    [but],
                ).fetchone()[0]
                for queue in ("inbox", "outbox")
            ]
            return sum(counts)

    async def _build(self) -> None:
        appservice = Appservice("bench", self._open.enter_context(Port()), "stripe", "stripe_")
        self.homeserver = Synapse(
            self._directory / "homeserver",
            registrations=[appservice.registration()],
            limits=NO_LIMITS,
        )
        await self._open.enter_async_context(self.homeserver)
        login = await self.homeserver.register("watcher")
        self.watcher = await self._open.enter_async_context(Watcher(self.homeserver.url, login))
        self.bare = await self._open.enter_async_context(
            BareClient(self.homeserver.url, appservice)
        )
        stripe = await self._open.enter_async_context(ReadyHomeserver(self._directory))
        setting = Setting(
            self._directory,
            self.homeserver.url,
            stripe.url,
            appservice,
            self.store,
            (login.user_id,),
        )
        self.bridge = await self._open.enter_async_context(
            BridgeProcess(setting, port=appservice.port)
        )
        await self.through_bridge(len(self.bag.customers))  # the rooms are made
        await self.settled(abouts=True)
        await self.through_bridge(2 * len(self.bag.customers))
        self._contents = [
            (mark, room, json.dumps(content)) for mark, (room, content) in self.watcher.said.items()
        ][-2 * len(self.bag.customers) :]
