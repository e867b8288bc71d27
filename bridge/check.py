"""`stripe-bridge check`: every connection tried once, each with a line that says what to do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import aiohttp

from bridge.commands.rights import Least, least, words
from bridge.commands.table import TABLE
from bridge.config.schema import Account, Config, Target
from bridge.edges import matrix_check
from bridge.edges.apprise_targets import TargetError, service_of
from bridge.edges.stripe_api import StripeApi
from bridge.model.errors import BridgeError, StoreUnavailable, StripeError
from bridge.model.finding import Finding, Verdict, note, well, wrong
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
    needs = least(config, TABLE)
    looks: dict[str, Look] = {"store": partial(_store, config.store.url.get_secret_value())}
    for name, account in config.accounts.items():
        looks[f"account {name}"] = partial(_account, f"account {name}", account, needs)
    looks["homeserver"] = partial(_homeserver, config)
    for name, target in config.targets.items():
        looks[f"target {name}"] = partial(_target, f"target {name}", target)
    tasks = [asyncio.create_task(_all_of(what, look, patience)) for what, look in looks.items()]
    for task in tasks:
        for finding in await task:
            yield finding


async def _all_of(what: str, look: Look, patience: float) -> list[Finding]:
    """What one look finds; whatever goes wrong is a finding too, and never ends the others."""
    found: list[Finding] = []
    try:
        async with asyncio.timeout(patience):
            # One by one: what was found before a failure counts.
            async for finding in look():
                found.append(finding)  # noqa: PERF401
    except TimeoutError:
        found.append(wrong(what, f"gives no answer within {patience:g} s"))
    except BridgeError as error:
        found.append(wrong(what, str(error)))
    # A driver may raise anything, and its text may hold the URL.
    except Exception as error:  # noqa: BLE001
        found.append(wrong(what, f"cannot be used ({_cause(error)})"))
    return found


async def _store(url: str) -> AsyncIterator[Finding]:
    if (file := _sqlite_file(url)) is not None and not file.exists():
        yield wrong("store", f"has no file {file} yet", _MIGRATE)
        return
    store = open_store(url)
    try:
        yield await _revision(store)
    except StoreUnavailable as away:
        yield wrong(
            "store",
            f"does not answer ({_cause(away)})",
            "is `store.url` right, and does the database run?",
        )
    finally:
        await store.close()


async def _revision(store: Store) -> Finding:
    async with store.read() as tx:
        found = await tx.run_sync(migrate.current)
    if found is None:
        return wrong("store", "has no tables yet", _MIGRATE)
    if found != migrate.newest():
        return wrong("store", "has the tables of another version of the bridge", _MIGRATE)
    async with store.begin() as tx:
        await touch(tx)
    return well("store", f"can be read and written ({store.dialect})")


def _cause(error: BaseException) -> str:
    """The innermost exception's kind: unlike its text, it holds no address and no password."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return type(error).__name__


def _sqlite_file(url: str) -> Path | None:
    driver, _, rest = url.partition(":///")
    return Path(rest.partition("?")[0]) if driver.startswith("sqlite") else None


async def _account(what: str, account: Account, needs: Least) -> AsyncIterator[Finding]:
    reader = account.reader_key.get_secret_value()
    yield await _key(f"{what}, reader key", reader, account, needs.reader)
    if account.writer_key is None:
        yield note(f"{what}, writer key", "is not configured: nobody can move money from chat")
    else:
        writer = account.writer_key.get_secret_value()
        yield await _key(f"{what}, writer key", writer, account, needs.writer)


async def _key(what: str, key: str, account: Account, needs: tuple[str, ...]) -> Finding:
    api = StripeApi(
        key, api_base=account.api_base, timeout=account.timeout, account_id=account.account_id
    )
    try:
        return Finding(what, Verdict.WELL, await api.check(), words(needs))
    except StripeError as error:
        return _refused(what, error, needs)
    finally:
        await api.close()


def _refused(what: str, error: StripeError, needs: tuple[str, ...]) -> Finding:
    """A writer key need not be able to read: that Stripe knows it must do."""
    forbidden = getattr(error.__cause__, "http_status", None) == 403
    if forbidden and what.endswith("writer key"):
        return note(what, "is accepted; what it may do shows when it is used", words(needs))
    hint = f"cut it anew in Stripe's dashboard: {words(needs)}" if forbidden else None
    return wrong(what, str(error), hint)


async def _homeserver(config: Config) -> AsyncIterator[Finding]:
    host = config.web.host if config.web.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104
    here = f"http://{f'[{host}]' if ':' in host else host}:{config.web.port}"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE / 2)) as session:
        async for finding in matrix_check.look(config.matrix, session, here):
            yield finding


async def _target(what: str, target: Target) -> AsyncIterator[Finding]:
    try:
        service = await asyncio.to_thread(service_of, target)
    except TargetError as error:
        yield wrong(what, f"its `apprise` {error}")
    else:
        yield well(what, f"is understood ({service.service_name}); nothing was sent")
