"""The sandbox's own Stripe, started and stopped with `async with`."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from bridge.model.clock import Clock, SystemClock

from . import control, keys
from .api import Api
from .events import API_VERSION
from .faults import Fault
from .happenings.catalogue import play
from .ledger import ledger
from .resources.catalogue import ROUTES
from .shapes import Json
from .webhooks import RETRY_AFTER, Manners
from .world import Desk, RefundOutcome, Settings, World

_CUTOFF: Final = 1.0


class SandboxStripe:
    """Stripe on a loopback port: `stripe.url` is its API, `stripe.happen(...)` makes things happen."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 0,
        livemode: bool = False,
        port: int = 0,
        retry_after: Sequence[float] = RETRY_AFTER,
        concurrency: int = 4,
        patience: float = 10.0,
    ) -> None:
        settings = Settings(seed, livemode, tuple(retry_after), concurrency, patience)
        self.world = World(clock or SystemClock(), settings)
        self.api = Api(self.world)
        self.url = ""
        self._port = port
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.world.postman)
        app = web.Application(client_max_size=16 * 1024 * 1024)
        control.attach(app, self)
        app.router.add_route("*", "/{path:.*}", self.api.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CUTOFF)
        await runner.setup()
        self._open.push_async_callback(runner.cleanup)
        self._open.callback(self.api.release)
        site = web.TCPSite(runner, "127.0.0.1", self._port)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._open.aclose()

    @property
    def reader_key(self) -> str:
        return self.api.keys.reader.value

    @property
    def writer_key(self) -> str:
        return self.api.keys.writer.value

    @property
    def owner_key(self) -> str:
        return self.api.keys.owner.value

    def cut_key(self, allow: Mapping[str, str], *, name: str | None = None) -> keys.ApiKey:
        """A restricted key that may do this and nothing else: `{"refunds": "write"}`."""
        return self.api.keys.cut(
            name or f"restricted {len(self.api.keys.more) + 1}",
            self.world.ids.new("secret"),
            keys.grants(ROUTES, allow),
        )

    def forget_idempotency(self, key: str | None = None) -> int:
        """As after a day: the same request with this key (or any) would act once more."""
        return self.api.idempotency.forget(key)

    def add_endpoint(
        self,
        url: str,
        *,
        events: Sequence[str] = ("*",),
        thin: bool = False,
        secret: str | None = None,
    ) -> Json:
        """A webhook endpoint, as the dashboard would make it; the answer tells its secret."""
        desk = Desk(self.world)
        endpoint = desk.new(
            "webhook_endpoint", url=url, enabled_events=list(events), api_version=API_VERSION
        )
        return {**endpoint, "secret": self.world.endpoints.open(endpoint, secret=secret, thin=thin)}

    def roll_secret(self, endpoint: str, keep_old_for: timedelta = timedelta(hours=24)) -> str:
        return self.world.endpoints.roll(endpoint, self.world.clock.now(), keep_old_for)

    def happen(self, happening: str, **given: Any) -> Json:
        """Play a scene: coherent objects, and every event Stripe would send."""
        before = len(self.world.events)
        made = play(Desk(self.world), happening, given)
        return {**made, "events": [event.id for event in self.world.events.since(before)]}

    def fail_next(self, fault: Fault) -> None:
        self.api.faults.add(fault)

    def refund_next(self, outcome: RefundOutcome) -> None:
        self.world.next_refunds.append(outcome)

    def decline_next(self, code: str = "generic_decline") -> None:
        self.world.next_declines.append(code)

    def behave(self, manners: Manners) -> None:
        """How webhooks are brought from now on."""
        self.world.postman.manners = manners

    def release(self, *, shuffle: bool = True) -> int:
        return self.world.postman.release(shuffle=shuffle)

    async def tried(self) -> None:
        """Every webhook has been tried, and at most waits for its next try."""
        await self.world.postman.tried()

    async def settled(self) -> None:
        """Every webhook is taken, given up, held or dropped."""
        await self.world.postman.settled()

    def events(self) -> list[Json]:
        return [recorded.snapshot for recorded in self.world.events]

    def requests(self) -> list[Json]:
        return [entry.as_json() for entry in self.api.log]

    def deliveries(self) -> list[Json]:
        return [delivery.as_json() for delivery in self.world.postman.deliveries]

    def ledger(self) -> list[Json]:
        """Every charge, and every refund of it, with what asked for it."""
        return ledger(self.world)
