"""The application that `run` builds, between a real Synapse and the sandbox's Stripe."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest_asyncio
from sqlalchemy import select

from bridge.app import Bridge, build, run_until
from bridge.config import Config
from bridge.model.clock import Clock, SystemClock
from bridge.sandbox.homeserver import SERVER_NAME, Appservice, Synapse
from bridge.sandbox.person import Person
from bridge.sandbox.receiver import Receiver
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.stripe_server import SandboxStripe
from bridge.store.engine import Store, open_store
from bridge.store.migrate import upgrade_async
from bridge.store.tables import inbox

ACCOUNT = "acme"
ALL = [
    "refund", "note", "notes", "assign", "ack", "snooze", "escalate",
    "show", "find", "timeline", "who", "why", "freeze", "help",
]  # fmt: skip


class Way(StrEnum):
    """How the bridge is known to the homeserver."""

    APPSERVICE = "appservice"
    TOKEN = "bot-with-token"
    PASSWORD = "bot-with-password"


MakeHouse = Callable[[Way], AbstractAsyncContextManager["House"]]


@dataclass
class MovableClock:
    """The system's time, until a test moves it."""

    system: Clock = field(default_factory=SystemClock)
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.system.now() + self.ahead


@dataclass
class House:
    """The bridge in its surroundings. `sam` may do everything, `eva` only look."""

    stripe: SandboxStripe
    config: Config
    clock: MovableClock
    appservice: Appservice
    receiver: Receiver
    #: The webhook endpoint at Stripe, with its secret.
    endpoint: dict[str, Any]
    sam: Person
    eva: Person
    _bridge: Bridge | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._stop = asyncio.Event()
        self._bridge = build(self.config, self.clock)
        self._running = asyncio.create_task(run_until(self._bridge, self._stop))

    async def stop(self) -> None:
        self._stop.set()
        if self._running and self._bridge:
            await self._running
            await self._bridge.close()

    def channel(self, name: str) -> str:
        return f"{self.config.matrix.alias_prefix}{ACCOUNT}_{name}"

    def room(self, kind: str, object_id: str) -> str:
        return self.channel(f"{kind}_{object_id}")

    async def told(self, room: str, *words: str, within: float = 60) -> RoomEvent:
        """The bridge's first message there that has all the words, as sam sees it."""

        def says(event: RoomEvent) -> bool:
            return self.is_ours(event) and all(word in event.body for word in words)

        return await self.sam.sees(room=room, where=says, within=within, what=" and ".join(words))

    async def answer(self, room: str, said: str, *words: str) -> RoomEvent:
        """The bridge's first message with the words after what was said."""
        await self.sam.catches_up(said, room=room)
        before = {e.event_id for e in self._up_to(room, said)}

        def says(event: RoomEvent) -> bool:
            fresh = self.is_ours(event) and not event.replaces and event.event_id not in before
            return fresh and all(word in event.body for word in words)

        return await self.sam.sees(room=room, where=says, within=60, what=f"an answer with {words}")

    async def handled(self, event_id: str) -> None:
        """Until the bridge has taken the event and is done with it, whatever it made of it."""
        store = open_store(self.config.store.url.get_secret_value())
        wanted = select(inbox.c.state).where(inbox.c.event_id == event_id)
        async with asyncio.timeout(60):
            while True:
                async with store.read() as tx:
                    if (await tx.run(wanted)).scalar_one_or_none() == "handled":
                        break
                await asyncio.sleep(0.02)
        await store.close()

    def is_ours(self, event: RoomEvent) -> bool:
        return event.sender == self.config.matrix.sender and event.kind == "m.room.message"

    def _up_to(self, room: str, event_id: str) -> list[RoomEvent]:
        timeline = self.sam.timeline(room)
        return timeline[: [event.event_id for event in timeline].index(event_id) + 1]


@pytest_asyncio.fixture
async def house(make_house: MakeHouse) -> AsyncIterator[House]:
    async with make_house(Way.APPSERVICE) as made:
        yield made


@pytest_asyncio.fixture
async def store(house: House) -> AsyncIterator[Store]:
    """The bridge's own, opened beside it."""
    opened = open_store(house.config.store.url.get_secret_value())
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def make_house(
    homeserver: Synapse,
    appservice: Appservice,
    people: Callable[..., Awaitable[Person]],
    tmp_path: Path,
) -> MakeHouse:
    @contextlib.asynccontextmanager
    async def make(way: Way) -> AsyncIterator[House]:
        url = f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
        await upgrade_async(url)
        sam, eva = await people("sam"), await people("eva")
        known = await _known(homeserver, appservice, way)
        async with contextlib.AsyncExitStack() as stack:
            stripe = await stack.enter_async_context(SandboxStripe(retry_after=(0.2, 0.5, 1.0)))
            receiver = await stack.enter_async_context(Receiver())
            endpoint = stripe.add_endpoint(f"{appservice.port.url}/stripe/webhook/{ACCOUNT}")
            config = _config(
                homeserver, appservice, known, stripe, receiver, url, endpoint["secret"], sam, eva
            )
            clock = MovableClock()
            made = House(stripe, config, clock, appservice, receiver, endpoint, sam, eva)
            await made.start()
            stack.push_async_callback(made.stop)
            for channel in ("payments-critical", "payments", "escalations"):
                await sam.is_in(made.channel(channel), within=30)
                await eva.is_in(made.channel(channel), within=30)
            yield made

    return make


async def _known(homeserver: Synapse, appservice: Appservice, way: Way) -> dict[str, Any]:
    """The part of the configuration that differs between the modes."""
    if way is Way.APPSERVICE:
        return {
            "id": appservice.id,
            "as_token": appservice.as_token,
            "hs_token": appservice.hs_token,
            "bridge_url": appservice.port.url,
            "sender_localpart": appservice.sender_localpart,
            "alias_prefix": appservice.alias_prefix,
        }
    name = f"bot-{appservice.sender_localpart}"
    login = await homeserver.register(name)
    secret = {"access_token": login.token} if way is Way.TOKEN else {"password": login.password}
    # The homeserver of the tests takes this many from everybody.
    budget = {"messages_per_second": "50", "messages_burst": 200}
    return {
        "mode": "bot",
        "user_id": login.user_id,
        "alias_prefix": f"{name}_",
        **secret,
        **budget,
    }


def _config(
    homeserver: Synapse,
    appservice: Appservice,
    known: dict[str, Any],
    stripe: SandboxStripe,
    receiver: Receiver,
    url: str,
    secret: str,
    sam: Person,
    eva: Person,
) -> Config:
    return Config.model_validate(
        {
            "store": {"url": url},
            "web": {"port": appservice.port.number},
            "accounts": {
                ACCOUNT: {
                    "reader_key": stripe.reader_key,
                    "writer_key": stripe.writer_key,
                    "webhook_secrets": [secret],
                    "api_base": stripe.url,
                }
            },
            "matrix": {
                "homeserver": homeserver.url,
                "server_name": SERVER_NAME,
                **known,
            },
            "roles": {"support": {"verbs": ALL}, "engineer": {"verbs": ["show", "help"]}},
            "people": {
                "sam": {"matrix": sam.user_id, "roles": ["support"]},
                "eva": {"matrix": eva.user_id, "roles": ["engineer"]},
            },
            "approvals": [{"verbs": ["refund"], "others": 0}],
            "targets": {"desk": {"apprise": receiver.apprise_url("desk"), "tags": ["escalation"]}},
        }
    )
