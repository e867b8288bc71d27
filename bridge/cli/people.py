"""`stripe-bridge people`: who may do what, and the changes that need no chat."""

import getpass
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.cli.options import config_option, load_config, on_store
from bridge.commands.permission import directory
from bridge.config.schema import Config
from bridge.model.audit import HOUSE, Record, Who
from bridge.model.clock import SystemClock
from bridge.model.errors import BridgeError
from bridge.store import audit
from bridge.store import people as store
from bridge.store.engine import Store, Tx


@click.group()
def people() -> None:
    """People, their identities and roles: the configuration's, with what commands have changed.

    What is changed here needs nobody's approval, and is in the audit trail all the same.
    """


@people.command("list")
@config_option
def list_(file: Path) -> None:
    """Everybody, with all their identities and the roles they have now."""
    config = load_config(file)

    async def read(opened: Store) -> Table:
        async with opened.read() as tx:
            found = await directory(tx, config)
        table = Table("person", "roles", "identities")
        for name in found.names:
            identities = Text("\n".join(found.identities(name)))
            table.add_row(name, ", ".join(found.roles(name)), identities)
        return table

    Console().print(on_store(config, read))


@people.command()
@config_option
@click.argument("person")
@click.argument("role")
def grant(file: Path, person: str, role: str) -> None:
    """Give somebody a role."""
    _set_role(file, person, role, given=True)


@people.command()
@config_option
@click.argument("person")
@click.argument("role")
def revoke(file: Path, person: str, role: str) -> None:
    """Take a role from somebody, even one that the configuration gives."""
    _set_role(file, person, role, given=False)


@people.command()
@config_option
@click.argument("identity")
def unlink(file: Path, identity: str) -> None:
    """Forget an identity that was linked by a code."""
    config = load_config(file)

    async def forget(tx: Tx) -> None:
        if not await store.unlink(tx, identity):
            raise BridgeError(f"Nobody has linked {identity}.")
        await audit.append(tx, _record("unlinked", identity))

    _change(config, forget)
    click.echo(f"{identity} is nobody's any more.")


def _set_role(file: Path, person: str, role: str, *, given: bool) -> None:
    config = load_config(file)
    if role not in config.roles:
        raise BridgeError(f"There is no role {role} in {file}.")

    async def write(tx: Tx) -> None:
        if person not in (await directory(tx, config)).names:
            raise BridgeError(f"There is nobody called {person} in {file}, nor by a command.")
        await store.set_role(tx, person, role, given, SystemClock().now())
        word = "granted" if given else "revoked"
        await audit.append(tx, _record(word, person, role))

    _change(config, write)
    click.echo(f"{person} {'has' if given else 'no longer has'} the role {role}.")


def _record(what: str, about: str, outcome: str = "") -> Record:
    user = _user()
    who = Who(user, f"machine:{user}", "machine")
    return Record(HOUSE, SystemClock().now(), what, who, object=about, outcome=outcome)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _change(config: Config, work: Callable[[Tx], Awaitable[None]]) -> None:
    async def go(opened: Store) -> None:
        async with opened.begin() as tx:
            await work(tx)

    on_store(config, go)
