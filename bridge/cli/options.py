"""What several verbs take, and how it is read."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bridge.model.errors import BridgeError

if TYPE_CHECKING:
    from bridge.config import Config
    from bridge.edges.stripe_api import StripeApi
    from bridge.store.engine import Store

T = TypeVar("T")

config_option = click.option(
    "--config",
    "-c",
    "file",
    type=click.Path(path_type=Path),
    default="bridge.yaml",
    envvar="STRIPE_BRIDGE_CONFIG",
    show_default=True,
    show_envvar=True,
    metavar="FILE",
    help="The configuration: one YAML file, explained in docs/configuration.md.",
)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class _Age(click.ParamType[timedelta]):
    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if not number.isdecimal() or unit not in _UNITS or len(number) > 6:
            self.fail(f"{value!r} is not an age; write it like 90m, 12h or 3d.", param, ctx)
        return timedelta(**{_UNITS[unit]: int(number)})


age = _Age()


def load_config(file: Path) -> "Config":
    """Raises `ConfigError`, with every mistake in the file."""
    from bridge.config import load  # noqa: PLC0415

    return load(file, os.environ)


def on_store(config: "Config", work: "Callable[[Store], Awaitable[T]]") -> T:
    """What `work` returns; the store is opened for it, and closed after it."""
    from bridge.store.engine import open_store  # noqa: PLC0415

    async def go() -> T:
        store = open_store(config.store.url.get_secret_value())
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(go())


def one_account(config: "Config", named: str | None) -> str:
    """The one that is named, or the only one; raises `BridgeError`."""
    if named is None and len(config.accounts) == 1:
        return next(iter(config.accounts))
    if named is None or named not in config.accounts:
        known = ", ".join(config.accounts)
        raise BridgeError(f"Name one of the configured accounts with --account: {known}.")
    return named


def stripe_reader(config: "Config", account: str) -> "StripeApi":
    """Close it."""
    from bridge.edges.stripe_api import StripeApi  # noqa: PLC0415

    settings = config.accounts[account]
    return StripeApi(
        settings.reader_key.get_secret_value(),
        api_base=settings.api_base,
        timeout=settings.timeout,
        account_id=settings.account_id,
    )
