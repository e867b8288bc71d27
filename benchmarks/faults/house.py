"""One world for one hazard: Stripe, proxies on every way, a store, and the bridge's processes."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

import yaml

from benchmarks.faults.bridges import BridgeProcess, bridge_process
from benchmarks.faults.proxy import CALM, Proxy
from benchmarks.faults.stores import Disk, Lookout
from bridge.sandbox.homeserver import Appservice, Login, Synapse
from bridge.sandbox.ports import Port
from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.webhooks import Manners

#: As the real one, only faster: it goes on for as long as a hazard lasts.
_RETRY_AFTER = (0.2, 0.4, 0.8, *([1.0] * 600))
_QUICK = {"lease": "5s", "poll": "1s", "backoff_first": "1s", "backoff_most": "2s"}
_PAUSE = 0.2
ACCOUNT = "acme"
_ROLE = "support"


@dataclass(frozen=True)
class Site:
    """What a house is built on. `name` tells houses on one homeserver apart."""

    name: str
    directory: Path
    homeserver: Synapse
    appservice: Appservice
    disk: Disk
    seed: int


@dataclass(frozen=True)
class Manner:
    """How the bridge of a house is run: by the harness's launcher, for whom, with which settings."""

    launcher: bool = False
    people: tuple[str, ...] = ("ona",)
    settings: Mapping[str, Any] | None = None


class House:
    """`front` is before the bridge (Stripe and the homeserver speak to it), `back` before the
    homeserver, `side` before Stripe's API."""

    stripe: SandboxStripe
    front: Proxy
    back: Proxy
    side: Proxy
    bridges: list[BridgeProcess]
    lookout: Lookout

    def __init__(self, site: Site, manner: Manner) -> None:
        self.site = site
        self.homeserver = site.homeserver
        self.disk = site.disk
        self.rng = Random(site.seed)
        self.people: dict[str, Login] = {}
        self._manner = manner
        self._open = AsyncExitStack()

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

    @property
    def sender(self) -> str:
        return f"@{self.site.appservice.sender_localpart}:{self.homeserver.server_name}"

    def alias(self, rest: str) -> str:
        """A room's alias without its server."""
        return f"{self.site.appservice.alias_prefix}{ACCOUNT}_{rest}"

    def open_webhooks(self) -> None:
        """What happens at Stripe from now on is told to the bridge."""
        url = f"{self.front.url}/stripe/webhook/{ACCOUNT}"
        self.stripe.add_endpoint(url, secret=self._webhook_secret)

    async def fill_store(self) -> None:
        """From now on it takes nothing more."""
        await self.disk.fill()
        for one in self.bridges:
            one.control.set_full(full=True)

    async def empty_store(self) -> None:
        await self.disk.empty()
        for one in self.bridges:
            one.control.set_full(full=False)

    async def heal(self) -> None:
        """Everything as it should be, and every process running."""
        for proxy in (self.front, self.back, self.side):
            proxy.mood = CALM
        for one in self.bridges:
            one.control.set_clock(0)
        if self.homeserver.process.pid is None:
            await self.homeserver.start()
        await self.empty_store()
        self.stripe.release()
        self.stripe.behave(Manners())
        await asyncio.gather(*(one.up() for one in self.bridges))

    async def idle(self, within: float) -> bool:
        """Until Stripe's post is done and nothing waits in the store; False if time runs out."""
        try:
            async with asyncio.timeout(within):
                self.stripe.world.postman.hurry()
                await self.stripe.settled()
                while await self.lookout.waiting():
                    await asyncio.sleep(_PAUSE)
        except TimeoutError:
            return False
        return True

    async def _build(self) -> None:
        self._webhook_secret = f"whsec_{secrets.token_hex(16)}"
        stripe = SandboxStripe(
            seed=self.site.seed, retry_after=_RETRY_AFTER, concurrency=16, patience=15
        )
        self.stripe = await self._open.enter_async_context(stripe)
        await self.disk.make()
        self.lookout = Lookout(self.disk.url)
        self._open.push_async_callback(self.lookout.close)
        ports = [self._open.enter_context(Port()) for _ in range(self.disk.processes)]
        # Else a homeserver waits ever longer for a bridge that dies again and again.
        self.front = await self._proxy(self.site.appservice.port, ports, again="PUT")
        self.back = await self._proxy_to(self.homeserver.url)
        self.side = await self._proxy_to(self.stripe.url)
        for name in self._manner.people:
            known = f"{name}-{self.site.name}-{secrets.token_hex(2)}"
            self.people[name] = await self.homeserver.register(known)
        content = self._content()
        self.bridges = [self._bridge(number, port, content) for number, port in enumerate(ports, 1)]
        for one in self.bridges:
            self._open.push_async_callback(one.kill)
            one.start()

    def _bridge(self, number: int, port: Port, content: dict[str, Any]) -> BridgeProcess:
        name = f"bridge-{number}"
        path = self.site.directory / f"{name}.yaml"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump({**content, "web": {"port": port.number}}))
        return bridge_process(path, port, name=name, launcher=self._manner.launcher)

    def _content(self) -> dict[str, Any]:
        """The bridge's configuration, but for what differs between its processes."""
        service = self.site.appservice
        account = {
            "reader_key": self.stripe.reader_key,
            "writer_key": self.stripe.writer_key,
            "webhook_secrets": [self._webhook_secret],
            "api_base": self.side.url,
        }
        matrix = {
            "homeserver": self.back.url,
            "server_name": self.homeserver.server_name,
            "id": service.id,
            "as_token": service.as_token,
            "hs_token": service.hs_token,
            "bridge_url": service.port.url,
            "sender_localpart": service.sender_localpart,
            "alias_prefix": service.alias_prefix,
        }
        people = {
            name: {"matrix": login.user_id, "roles": [_ROLE]} for name, login in self.people.items()
        }
        return {
            "accounts": {ACCOUNT: account},
            "matrix": matrix,
            "store": {"url": self.disk.url},
            "roles": {_ROLE: {"verbs": ["refund", "show", "help"]}},
            "people": people,
            "delivery": _QUICK,
            **(self._manner.settings or {}),
        }

    async def _proxy_to(self, url: str) -> Proxy:
        number = int(url.rpartition(":")[2])
        return await self._proxy(self._open.enter_context(Port()), [number])

    async def _proxy(
        self, port: Port, upstreams: Sequence[Port | int], *, again: str = ""
    ) -> Proxy:
        numbers = [one if isinstance(one, int) else one.number for one in upstreams]
        rng = Random(self.rng.random())
        return await self._open.enter_async_context(Proxy(port, numbers, rng, again=again))
