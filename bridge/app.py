"""The composition root: the only file that knows everyone."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from bridge.commands.desk import Desk
from bridge.commands.execute import Executor
from bridge.commands.flow import Commands
from bridge.commands.table import VERBS
from bridge.config.schema import Account, Config
from bridge.edges.apprise_targets import AppriseTargets
from bridge.edges.matrix_appservice import Knock, MatrixAppservice
from bridge.edges.matrix_client import MatrixClient
from bridge.edges.matrix_content import matrix_content
from bridge.edges.matrix_homeserver import MatrixHomeserver, permalink
from bridge.edges.matrix_identity import AppserviceIdentity, BotIdentity
from bridge.edges.matrix_media import MatrixMedia
from bridge.edges.matrix_session import SessionFile
from bridge.edges.matrix_sync import MatrixSync
from bridge.edges.plain_text import plain_text
from bridge.edges.stripe_api import StripeApi
from bridge.edges.stripe_webhook import Endpoint, StripeWebhook
from bridge.model.clock import Clock, SystemClock
from bridge.model.errors import BridgeError, StoreUnavailable
from bridge.model.outcome import Outcome
from bridge.model.ports import Login
from bridge.model.words import Words
from bridge.notices.about_post import Abouts
from bridge.notices.explaining import explain
from bridge.notices.flow import Notices
from bridge.notices.own_profile import OwnProfile
from bridge.notices.pacing import Pacing
from bridge.notices.room_care import RoomCare
from bridge.notices.room_life import RoomLife
from bridge.notices.room_people import Following
from bridge.notices.rooms import Rooms
from bridge.store import lanes, migrate, session
from bridge.store.engine import Store, open_store
from bridge.store.hints import Hints
from bridge.store.intake import Intake
from bridge.store.sole import sole
from bridge.watch.oversight import Oversight
from bridge.watch.retention import Forgetting
from bridge.web import server
from bridge.worker import Pace, Worker

log = structlog.get_logger(__name__)

_HEARTBEAT = timedelta(minutes=1)
_SHUTDOWN = timedelta(seconds=5)
_FORGET = timedelta(hours=1)
_OVERSEE = timedelta(minutes=1)
_FOLLOW = timedelta(seconds=5)
_CHANNELS_AGAIN = timedelta(seconds=10)


@dataclass(frozen=True)
class Bridge:
    """Everything that `run` starts, put together and not yet started."""

    config: Config
    clock: Clock
    store: Store
    intake: Intake
    rooms: Rooms
    #: How it comes to hear what people say: a bot asks, an appservice wants to be told.
    hearing: MatrixSync | Knock
    worker: Worker
    hints: Hints
    forgetting: Forgetting
    web: web.Application
    closing: AsyncExitStack

    async def close(self) -> None:
        await self.intake.close()
        await self.closing.aclose()


def build(config: Config, clock: Clock | None = None) -> Bridge:
    """Inside a running event loop, as the clients of Stripe and Matrix belong to one."""
    clock, closing = clock or SystemClock(), AsyncExitStack()
    store = open_store(config.store.url.get_secret_value())
    closing.push_async_callback(store.close)
    readers = {
        name: _stripe(account, closing, writes=False) for name, account in config.accounts.items()
    }
    writers = {
        name: _stripe(account, closing, writes=True)
        for name, account in config.accounts.items()
        if account.writer_key
    }
    client = MatrixClient(config.matrix.homeserver, config.matrix.sender, _identity(config))
    homeserver = MatrixHomeserver(client, config.matrix.federate, config.matrix.history)
    closing.push_async_callback(client.close)
    notifier = AppriseTargets(config.targets, plain_text)
    closing.push_async_callback(notifier.close)

    words, intake = Words(config.locale, config.timezone), Intake(store, clock)
    link = partial(permalink, server_name=config.matrix.server_name)
    notices = Notices(config, store, clock, intake, readers, notifier, words)
    rooms = Rooms(config, store, clock, homeserver, matrix_content, _pacing(config, clock))
    media, explained = MatrixMedia(client), partial(explain, config, words)
    desk = Desk(config, store, clock, words, readers, writers, link, media, explained)
    commands = Commands(desk, VERBS)
    handlers = {
        "events": notices.handle,
        "chat": commands.handle,
        "life": RoomLife(rooms).handle,
        "room": rooms.deliver,
        "about": Abouts(rooms, readers).deliver,
        "apprise": notices.notify,
        "action": Executor(desk, VERBS).handle,
    }
    worker = Worker(store, clock, Pace(**dict(config.delivery)), handlers)
    webhook = StripeWebhook(_endpoints(config), notices.accept, clock)
    routes, hearing = _ears(config, client, store, clock, commands)
    application = server.build(
        [*webhook.routes(), *routes],
        live=partial(_live, worker),
        ready=partial(_ready, store),
        max_body_bytes=config.web.max_body_bytes,
    )
    hints = Hints(store, config.store.url.get_secret_value())
    forgetting = Forgetting(store, clock, config.retention)
    return Bridge(
        config,
        clock,
        store,
        intake,
        rooms,
        hearing,
        worker,
        hints,
        forgetting,
        application,
        closing,
    )


async def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT; raises `BridgeError` if the store is not fit to start with."""
    bridge = build(config)
    settle_down()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        if trouble := await _ready(bridge.store):
            raise BridgeError(trouble)
        await run_until(bridge, stop)
    finally:
        await bridge.close()


def settle_down() -> None:
    """What is there once all is built stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


async def run_until(bridge: Bridge, stop: asyncio.Event) -> None:
    """Take webhooks and work until `stop` is set; then what is under way is brought to an end."""
    with sole(bridge.config.store.url.get_secret_value()) as alone:
        if alone:
            async with bridge.store.begin() as tx:
                await lanes.take_over(tx)
        await _run(bridge, stop)


async def _run(bridge: Bridge, stop: asyncio.Event) -> None:
    runner = web.AppRunner(bridge.web, access_log=None, shutdown_timeout=_SHUTDOWN.total_seconds())
    await runner.setup()
    await web.TCPSite(runner, bridge.config.web.host, bridge.config.web.port).start()
    log.info("started", host=bridge.config.web.host, port=bridge.config.web.port)
    working = asyncio.create_task(bridge.worker.run())
    beside = [asyncio.create_task(work) for work in _beside(bridge, stop)]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    log.info("stopping")
    stop.set()
    await runner.cleanup()  # no new webhooks; those under way are answered
    bridge.worker.stop()
    await asyncio.gather(*map(_ended, beside))
    await working


def _beside(bridge: Bridge, stop: asyncio.Event) -> Iterator[Coroutine[Any, Any, None]]:
    """What goes on beside the worker's loop; each ends soon after `stop`."""
    oversight = Oversight(bridge.config, bridge.store, bridge.clock)
    yield _channels(bridge, stop)
    yield bridge.hints.run(stop)
    yield _regularly(bridge.forgetting.forget, _FORGET, stop)
    yield _regularly(oversight.look, _OVERSEE, stop)
    yield _regularly(Following(RoomCare(bridge.rooms), stop).look, _FOLLOW, stop)
    yield bridge.hearing.run(stop)


async def _channels(bridge: Bridge, stop: asyncio.Event) -> None:
    """The channels are there before anything happens; a homeserver that is away is waited for."""
    while not stop.is_set() and (failed := await _set_up(bridge.rooms)):
        log.warning("channels_missing", reasons=sorted({str(one) for one in failed}))
        with suppress(TimeoutError):
            async with asyncio.timeout(_CHANNELS_AGAIN.total_seconds()):
                await stop.wait()
    with suppress(StoreUnavailable):  # the next start looks again
        await RoomCare(bridge.rooms).look_after(stop)


async def _set_up(rooms: Rooms) -> list[Outcome]:
    """The bridge's own looks come first: rooms that are there already hear of each change."""
    await OwnProfile(rooms.homeserver, rooms.avatars).complete()
    return await rooms.bindings.channels()


async def _regularly(
    work: Callable[[], Awaitable[object]], every: timedelta, stop: asyncio.Event
) -> None:
    """From now on until `stop`; one that goes wrong is logged, and the next one comes all the same."""
    while not stop.is_set():
        try:
            await work()
        except BridgeError as trouble:
            log.warning("regular_work_failed", work=work.__qualname__, reason=str(trouble))
        with suppress(TimeoutError):
            async with asyncio.timeout(every.total_seconds()):
                await stop.wait()


async def _ended(task: asyncio.Task[None]) -> None:
    """Given a moment to end by itself: a connection that is just being opened is then closed as well."""
    await asyncio.wait({task}, timeout=_SHUTDOWN.total_seconds())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _live(worker: Worker) -> str | None:
    if worker.beat_at is None or worker.clock.now() - worker.beat_at < _HEARTBEAT:
        return None
    return "The worker's loop has stopped."


async def _ready(store: Store) -> str | None:
    """Webhooks can be taken: the store answers and is of this version. Matrix may be away."""
    try:
        async with store.read() as tx:
            found = await tx.run_sync(migrate.current)
    except StoreUnavailable as away:
        return str(away)
    if migrate.fits(found):
        return None
    return "The store is not of this version of the bridge: run `stripe-bridge migrate`."


def _stripe(account: Account, closing: AsyncExitStack, *, writes: bool) -> StripeApi:
    key = account.writer_key if writes and account.writer_key else account.reader_key
    api = StripeApi(
        key.get_secret_value(),
        api_base=account.api_base,
        timeout=account.timeout,
        account_id=account.account_id,
    )
    closing.push_async_callback(api.close)
    return api


def _identity(config: Config) -> AppserviceIdentity | BotIdentity:
    matrix = config.matrix
    if matrix.mode == "appservice" and matrix.as_token:
        return AppserviceIdentity(matrix.as_token.get_secret_value())

    kept = SessionFile(Path(matrix.session_path)) if matrix.session_path else None

    async def load() -> Login | None:
        return await asyncio.to_thread(kept.read) if kept else None

    async def save(made: Login) -> None:
        if kept:
            await asyncio.to_thread(kept.write, made)

    token, password = (
        secret.get_secret_value() if secret else None
        for secret in (matrix.access_token, matrix.password)
    )
    return BotIdentity(token, password, load, save)


def _pacing(config: Config, clock: Clock) -> Pacing | None:
    budget = config.matrix.budget
    return Pacing(float(budget), config.matrix.messages_burst, clock) if budget else None


def _ears(
    config: Config, client: MatrixClient, store: Store, clock: Clock, commands: Commands
) -> tuple[list[web.RouteDef], MatrixSync | Knock]:
    """How the bridge hears what people say: it is told, or it asks."""
    matrix = config.matrix
    if matrix.mode == "appservice" and matrix.hs_token:
        secret = matrix.hs_token.get_secret_value()
        routes = MatrixAppservice(secret, matrix.sender, commands.accept).routes()
        return routes, Knock(client, matrix.id)

    async def since() -> str | None:
        async with store.read() as tx:
            return await session.since(tx, matrix.sender)

    return [], MatrixSync(client, since, commands.accept, clock)


def _endpoints(config: Config) -> dict[str, Endpoint]:
    return {
        name: Endpoint(
            tuple(secret.get_secret_value() for secret in account.webhook_secrets),
            account.livemode,
            account.account_id,
            account.signature_tolerance,
        )
        for name, account in config.accounts.items()
    }
