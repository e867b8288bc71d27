"""`stripe-bridge dead`: what could not be delivered, and what is to become of it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.cli.options import age, config_option, load_config, on_store
from bridge.model.clock import SystemClock
from bridge.model.errors import BridgeError
from bridge.model.text import safe
from bridge.store import dead as letters
from bridge.store.dead import DeadLetter
from bridge.store.engine import Store, Tx

Change = Callable[[Tx, Sequence[DeadLetter], datetime], Awaitable[None]]

_lane = click.option(
    "--lane", metavar="PATTERN", help="Only of these lanes; * stands for any letters."
)
_since = click.option(
    "--since", type=age, metavar="AGE", help="Only those that died less than this ago (2h, 3d)."
)
_yes = click.option("--yes", is_flag=True, help="Do it; without this only the plan is shown.")
_names = click.argument("names", nargs=-1, metavar="[NAME]…")
_all = click.option("--all", "everything", is_flag=True, help="All that --lane and --since leave.")


@click.group()
def dead() -> None:
    """Dead letters: what was given up, with the history of its tries."""


@dead.command("list")
@config_option
@_lane
@_since
def list_(file: Path, lane: str | None, since: timedelta | None) -> None:
    """List them, oldest first."""
    found = on_store(load_config(file), lambda store: _find(store, lane, since, ()))
    console = Console()
    if not found:
        console.print("There are no dead letters.")
        return
    console.print(_table(found))


@dead.command()
@config_option
@click.argument("name", metavar="NAME")
def show(file: Path, name: str) -> None:
    """Show one whole: what it says, and every try."""
    found, tries, payload = on_store(load_config(file), lambda store: _one(store, name))
    console = Console(soft_wrap=True, highlight=False)
    console.print(_table([found]))
    for one in tries:
        console.print(
            Text(f"{one.at:%Y-%m-%d %H:%M:%S} UTC  {one.outcome:8} {safe(one.reason, cap=2000)}")
        )
    console.print(Text(safe(payload, cap=100_000, lines=True)))


@dead.command()
@config_option
@_names
@_all
@_lane
@_since
@_yes
def replay(
    file: Path,
    names: tuple[str, ...],
    everything: bool,
    lane: str | None,
    since: timedelta | None,
    yes: bool,
) -> None:
    """Put them back into their lanes, to be tried anew."""
    _change(file, names, everything, lane, since, yes, letters.replay, "back in their lanes")


@dead.command()
@config_option
@_names
@_all
@_lane
@_since
@_yes
def drop(
    file: Path,
    names: tuple[str, ...],
    everything: bool,
    lane: str | None,
    since: timedelta | None,
    yes: bool,
) -> None:
    """Settle them for good: nobody will be told."""
    _change(file, names, everything, lane, since, yes, letters.drop, "dropped")


def _change(
    file: Path,
    names: tuple[str, ...],
    everything: bool,
    lane: str | None,
    since: timedelta | None,
    yes: bool,
    change: Change,
    done: str,
) -> None:
    if not names and not everything:
        raise BridgeError("Which ones? Name them (out-12), or say --all.")
    found = on_store(load_config(file), lambda store: _find(store, lane, since, names))
    if missing := set(names) - {letter.name for letter in found}:
        raise BridgeError(f"There is no dead letter called {', '.join(sorted(missing))}.")
    console = Console()
    if found:
        console.print(_table(found))
    lanes = len({letter.lane for letter in found})
    if not yes:
        console.print(
            f"{len(found)} dead letters in {lanes} lanes would be {done}. Say --yes to do it."
        )
        return
    on_store(load_config(file), lambda store: _apply(store, found, change))
    console.print(f"{len(found)} dead letters in {lanes} lanes are {done}.")


async def _find(
    store: Store, lane: str | None, since: timedelta | None, names: Sequence[str]
) -> list[DeadLetter]:
    after = SystemClock().now() - since if since else None
    async with store.read() as tx:
        return await letters.letters(tx, lane_like=lane, since=after, names=names)


async def _one(store: Store, name: str) -> tuple[DeadLetter, list[letters.Try], str]:
    async with store.read() as tx:
        found = await letters.letters(tx, names=[name])
        if not found:
            raise BridgeError(f"There is no dead letter called {name}.")
        return found[0], await letters.history(tx, name), await letters.payload(tx, name) or ""


async def _apply(store: Store, found: Sequence[DeadLetter], change: Change) -> None:
    async with store.begin() as tx:
        await change(tx, found, SystemClock().now())


def _table(found: Sequence[DeadLetter]) -> Table:
    table = Table()
    for heading in ("name", "died", "lane", "what", "tries", "why"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(
            one.name,
            f"{one.died_at:%Y-%m-%d %H:%M}",
            Text(one.lane),
            Text(safe(one.title, cap=120)),
            str(one.attempts),
            Text(safe(one.reason, cap=200)),
        )
    return table
