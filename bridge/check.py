"""`stripe-bridge check`: every connection tried once, each with a line that says what to do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp

from bridge.config.schema import Account, Config, Target
from bridge.edges import matrix_check
from bridge.edges.apprise_targets import TargetError, service_of
from bridge.edges.stripe_api import StripeApi
from bridge.model.errors import BridgeError, StripeError
from bridge.model.finding import Finding, note, well, wrong
from bridge.store import migrate
from bridge.store.engine import Store, open_store
from bridge.store.probe import touch

_PATIENCE = 20.0
_MIGRATE = "run `stripe-bridge migrate`"

Look = Callable[[], AsyncIterator[Finding]]


async def findings(config: Config, patience: float = _PATIENCE) -> AsyncIterator[Finding]:
    """All of them, in the configuration's order; they are looked for at the same time.

    `patience` is how many seconds each may take.
    """
    looks = {
        "store": lambda: _store(config.store.url.get_secret_value()),
        **{
            f"account {name}": _account_look(name, account)
            for name, account in config.accounts.items()
        },
        "homeserver": lambda: _homeserver(config),
        **{f"target {name}": _target_look(name, target) for name, target in config.targets.items()},
    }
    tasks = [asyncio.create_task(_all_of(what, look, patience)) for what, look in looks.items()]
    for task in tasks:
        for finding in await task:
            yield finding


async def _all_of(what: str, look: Look, patience: float) -> list[Finding]:
    """What one look finds; whatever goes wrong is a finding too, and never ends the others."""
    found: list[Finding] = []
    try:
        async with asyncio.timeout(patience):
            async for finding in look():
                found.append(finding)  # noqa: PERF401: what was found before a failure counts
    except TimeoutError:
        found.append(wrong(what, f"gives no answer within {patience:g} s"))
    except BridgeError as error:
        found.append(wrong(what, str(error)))
    except Exception as error:  # noqa: BLE001: a driver may raise anything; its text may hold the URL
        found.append(wrong(what, f"cannot be used ({type(error).__name__})"))
    return found


async def _store(url: str) -> AsyncIterator[Finding]:
    if (file := _sqlite_file(url)) is not None and not file.exists():
        yield wrong("store", f"has no file {file} yet", _MIGRATE)
        return
    store = open_store(url)
    try:
        yield await _revision(store)
    finally:
        await store.close()


async def _revision(store: Store) -> Finding:
    async with store.read() as tx:
        found = await tx.connection.run_sync(migrate.current)
    if found is None:
        return wrong("store", "has no tables yet", _MIGRATE)
    if found != migrate.newest():
        return wrong("store", "has the tables of another version of the bridge", _MIGRATE)
    async with store.begin() as tx:
        await touch(tx)
    return well("store", f"can be read and written ({store.dialect})")


def _sqlite_file(url: str) -> Path | None:
    driver, _, rest = url.partition(":///")
    return Path(rest.partition("?")[0]) if driver.startswith("sqlite") else None


def _account_look(name: str, account: Account) -> Look:
    return lambda: _account(name, account)


async def _account(name: str, account: Account) -> AsyncIterator[Finding]:
    yield await _key(f"account {name}, reader key", account.reader_key.get_secret_value(), account)
    what = f"account {name}, writer key"
    if account.writer_key is None:
        yield note(what, "is not configured: nobody can move money from chat")
        return
    finding = await _key(what, account.writer_key.get_secret_value(), account)
    yield finding


async def _key(what: str, key: str, account: Account) -> Finding:
    api = StripeApi(
        key, api_base=account.api_base, timeout=account.timeout, account_id=account.account_id
    )
    try:
        return well(what, await api.check())
    except StripeError as error:
        return _refused(what, error)
    finally:
        await api.close()


def _refused(what: str, error: StripeError) -> Finding:
    """A writer key need not be able to read: that Stripe knows it must do."""
    forbidden = getattr(error.__cause__, "http_status", None) == 403
    if forbidden and what.endswith("writer key"):
        return note(what, "is accepted; what it may do shows when it is used")
    hint = "give the key the permission to read in Stripe's dashboard" if forbidden else None
    return wrong(what, str(error), hint)


async def _homeserver(config: Config) -> AsyncIterator[Finding]:
    host = config.web.host if config.web.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104
    here = f"http://{f'[{host}]' if ':' in host else host}:{config.web.port}"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE / 2)) as session:
        async for finding in matrix_check.look(config.matrix, session, here):
            yield finding


def _target_look(name: str, target: Target) -> Look:
    return lambda: _target(f"target {name}", target)


async def _target(what: str, target: Target) -> AsyncIterator[Finding]:
    try:
        service = await asyncio.to_thread(service_of, target)
    except TargetError as error:
        yield wrong(what, f"its `apprise` {error}")
    else:
        yield well(what, f"is understood ({service.service_name}); nothing was sent")
