"""`stripe-bridge audit`: whether the trail is whole, and the trail itself as a table."""

import csv
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from bridge.cli.options import config_option, load_config, on_store
from bridge.model.audit import Head, Link
from bridge.model.errors import BridgeError
from bridge.store import audit as trail
from bridge.store.engine import Store, Tx

T = TypeVar("T")

COLUMNS = ["account", "seq", "at", "what", "person", "identity", "platform", "room", "message", "verb", "action", "object", "amount", "currency", "params", "before", "after", "request", "outcome", "reason", "previous", "hash"]  # fmt: skip
#: A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001

_account = click.option("--account", metavar="NAME", help="Only this account's trail.")


@click.group()
def audit() -> None:
    """The audit trail: who did what, and whether anything in it was changed."""


@audit.command()
@config_option
@_account
@click.option(
    "--head",
    "heads",
    multiple=True,
    metavar="HEAD",
    help="A head that was posted (account/number/hash): the trail must still lead to it. May be repeated.",
)
@click.pass_context
def verify(ctx: click.Context, file: Path, account: str | None, heads: tuple[str, ...]) -> None:
    """Read every entry: 0 if all are as they were written, 1 if anything was changed.

    That entries were cut off at the end shows only against a head that was kept elsewhere.
    """
    kept = [_head(text) for text in heads]

    async def look(tx: Tx) -> list[str]:
        found: list[str] = []
        for name in await _chains(tx, account, kept):
            troubles = await trail.verify(tx, name, kept)
            end = await trail.head(tx, name)
            click.echo(f"{name}: {end.seq} entries, {'not ' if troubles else ''}as written: {end}")
            found += troubles
        return found

    troubles = _run(file, look)
    for trouble in troubles:
        click.echo(trouble, err=True)
    ctx.exit(1 if troubles else 0)


@audit.command()
@config_option
@_account
@click.option(
    "--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="By default it is printed.",
)
def export(file: Path, account: str | None, form: str, output: Path | None) -> None:
    """Write the trail, oldest first: a table for people, or a line of JSON an entry for programs."""

    async def write(tx: Tx) -> None:
        with _opened(output) as out:
            tell = _table(out) if form == "csv" else _lines(out)
            for name in await _chains(tx, account, ()):
                async for link in trail.links(tx, name):
                    tell(link)

    _run(file, write)


def _table(out: TextIO) -> Callable[[Link], None]:
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)

    def tell(link: Link) -> None:
        entry = _entry(link)
        values = {**entry, **entry.pop("who", {})}
        writer.writerow([cell(values.get(name)) for name in COLUMNS])

    return tell


def _lines(out: TextIO) -> Callable[[Link], None]:
    def tell(link: Link) -> None:
        out.write(json.dumps(_entry(link), sort_keys=True) + "\n")

    return tell


def _entry(link: Link) -> dict[str, Any]:
    return {**json.loads(link.text), "previous": link.previous, "hash": link.hash}


def cell(value: object) -> str:
    """As text that no spreadsheet takes for a formula."""
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True) if value else ""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text


def _head(text: str) -> Head:
    try:
        return Head.parse(text)
    except ValueError:
        raise BridgeError(
            f"{text[:80]!r} is no head; one is written account/number/hash."
        ) from None


async def _chains(tx: Tx, account: str | None, kept: Sequence[Head]) -> list[str]:
    if account is not None:
        return [account]
    return sorted({*await trail.chains(tx), *(head.account for head in kept)})


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as out:
            yield out
    except OSError as error:
        raise BridgeError(f"{path} cannot be written: {error.strerror}.") from None


def _run(file: Path, work: Callable[[Tx], Awaitable[T]]) -> T:
    """With everything that is read being of one moment."""

    async def read(store: Store) -> T:
        async with store.read() as tx:
            await trail.at_one_moment(tx)
            return await work(tx)

    return on_store(load_config(file), read)
