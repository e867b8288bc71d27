"""`stripe-bridge lanes`: what waits for which target, and pauses."""

from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.cli.options import config_option, load_config, on_store
from bridge.model.clock import SystemClock
from bridge.model.errors import BridgeError
from bridge.model.text import safe
from bridge.store import lane_list
from bridge.store.engine import Store
from bridge.store.lane_list import Waiting

_patterns = click.argument("patterns", nargs=-1, required=True, metavar="LANE…")
_yes = click.option("--yes", is_flag=True, help="Do it; without this only the plan is shown.")


@click.group()
def lanes() -> None:
    """Lanes: the ordered queue of each room and target."""


@lanes.command("list")
@config_option
@click.argument("patterns", nargs=-1, metavar="[LANE]…")
def list_(file: Path, patterns: tuple[str, ...]) -> None:
    """List those in which something waits, or that are paused; * stands for any letters."""
    found, now = (
        on_store(load_config(file), lambda store: _find(store, patterns)),
        SystemClock().now(),
    )
    if not found:
        click.echo("Nothing waits.")
        return
    Console(highlight=False).print(_table(found, now))


@lanes.command()
@config_option
@_patterns
@_yes
def pause(file: Path, patterns: tuple[str, ...], yes: bool) -> None:
    """Send nothing there until `resume`. Everything is kept; * stands for any letters."""
    _change(file, patterns, SystemClock().now(), yes=yes, done="paused")


@lanes.command()
@config_option
@_patterns
@_yes
def resume(file: Path, patterns: tuple[str, ...], yes: bool) -> None:
    """Let them go on with what waited."""
    _change(file, patterns, None, yes=yes, done="at work again")


def _change(
    file: Path, patterns: tuple[str, ...], at: datetime | None, *, yes: bool, done: str
) -> None:
    keys = on_store(load_config(file), lambda store: _keys(store, patterns))
    if not keys:
        raise BridgeError(
            "There is no such lane; `stripe-bridge lanes list` shows those that wait."
        )
    for key in keys:
        click.echo(safe(key, cap=512))
    if not yes:
        click.echo(f"{len(keys)} lanes would be {done}. Say --yes to do it.")
        return
    on_store(load_config(file), lambda store: _set(store, keys, at))
    click.echo(f"{len(keys)} lanes are {done}.")


async def _find(store: Store, patterns: tuple[str, ...]) -> list[Waiting]:
    async with store.read() as tx:
        return await lane_list.of_interest(tx, patterns)


async def _keys(store: Store, patterns: tuple[str, ...]) -> list[str]:
    async with store.read() as tx:
        return await lane_list.known(tx, patterns)


async def _set(store: Store, keys: list[str], at: datetime | None) -> None:
    async with store.begin() as tx:
        await lane_list.pause(tx, keys, at)


def _table(found: list[Waiting], now: datetime) -> Table:
    table = Table()
    for heading in ("lane", "waits", "since", "state", "why"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(
            Text(safe(one.key, cap=512)),
            str(one.number),
            f"{one.oldest:%Y-%m-%d %H:%M}" if one.oldest else "",
            _state(one, now),
            Text(safe(one.error, cap=200)),
        )
    return table


def _state(one: Waiting, now: datetime) -> str:
    if one.paused_at:
        return f"paused since {one.paused_at:%Y-%m-%d %H:%M}"
    if one.leased_until and one.leased_until > now:
        return "at work"
    if one.due_at and one.due_at > now:
        rest = f"rests until {one.due_at:%H:%M:%S}"
        return f"{rest} after {one.fails} failures" if one.fails else rest
    return "due"
