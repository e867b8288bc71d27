"""The command `stripe-bridge`. Each verb imports what it needs when it is called: help comes at once."""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import config_option, load_config
from bridge.model.errors import BridgeError

if TYPE_CHECKING:
    from bridge.model.finding import Finding

#: Groups of verbs with a file of their own (`bridge/cli/<name>.py`), read when one is called.
LATER = {
    "people": "Who may do what: list, grant, revoke, unlink.",
    "audit": "The audit trail: verify it, export it.",
    "backfill": "Build the rooms and cards of customers who were there before.",
    "replay": "Handle events once more: what was not told is told, and what you name is told again.",
    "lanes": "What waits for which room and target; pause and resume them.",
    "dead": "Dead letters: what was given up, and what is to become of it.",
}


class _Verbs(click.Group):
    """What can be expected to go wrong ends with a sentence: 2 for the configuration, 1 for the rest."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BridgeError as error:
            click.echo(str(error), err=True)
            ctx.exit(2 if _is_config_error(error) else 1)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order in which a newcomer needs them."""
        return [*self.commands, *LATER]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in LATER:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(import_module(f"bridge.cli.{cmd_name}"), cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Without importing what is only listed."""
        own = [(name, one.get_short_help_str(limit=90)) for name, one in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl([*own, *LATER.items()])


def _is_config_error(error: BridgeError) -> bool:
    from bridge.config import ConfigError  # noqa: PLC0415

    return isinstance(error, ConfigError)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stripe-chat-bridge", prog_name="stripe-bridge")
def main() -> None:
    """See, manage and act on Stripe payments from the chat you already use.

    To try it without any account: stripe-bridge demo

    To set it up: write bridge.yaml, then registration, migrate, check, run.
    """


@main.command()
@click.option(
    "--story",
    default="black-friday",
    show_default=True,
    metavar="NAME",
    help="Which story to play.",
)
@click.option(
    "--once", is_flag=True, help="Play it, check every step, and leave: 0 if all were seen, else 1."
)
@click.pass_context
def demo(ctx: click.Context, story: str, once: bool) -> None:
    """Play a story on parts of its own: nothing needs to be set up.

    Starts a homeserver, a Stripe server and the bridge on this machine, and shows what happens.
    Then it stays up for you to look around; Ctrl-C ends everything.
    """
    from importlib.util import find_spec  # noqa: PLC0415

    if find_spec("synapse") is None:
        raise BridgeError(
            "The demo starts a homeserver, which is not installed: pip install 'stripe-chat-bridge[sandbox]'"
        )
    from bridge.sandbox import demo as sandbox  # noqa: PLC0415

    ctx.exit(sandbox.run(story, once))


@main.command()
@config_option
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write it; by default it is printed.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there already.")
def registration(file: Path, output: Path | None, force: bool) -> None:
    """Write the file that tells the homeserver about the bridge.

    It holds both tokens, so only you can read it; the homeserver must be able to as well. Synapse
    finds it when homeserver.yaml names it under app_service_config_files; then restart Synapse.
    """
    import yaml  # noqa: PLC0415

    from bridge.edges.matrix_registration import registration as content  # noqa: PLC0415

    text = yaml.safe_dump(content(load_config(file)), sort_keys=False)
    if output is None:
        click.echo(text, nl=False)
        return
    _write_secret(output, text, replace=force)
    click.echo(
        f"Written to {output}. Name it in the homeserver's configuration, and restart the homeserver.",
        err=True,
    )


def _write_secret(path: Path, text: str, *, replace: bool) -> None:
    """Readable by its owner alone, from its first byte on."""
    how = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if replace else os.O_EXCL)
    try:
        with os.fdopen(os.open(path, how, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
    except FileExistsError:
        raise BridgeError(f"{path} is there already; --force replaces it.") from None
    except OSError as error:
        raise BridgeError(f"{path} cannot be written: {error.strerror}.") from None


@main.command()
@config_option
def migrate(file: Path) -> None:
    """Make the store's tables, or bring them to this version.

    Run it before the first start and after each update; it may be run at any time.
    """
    config = load_config(file)
    from bridge.store import migrate as store  # noqa: PLC0415

    store.upgrade(config.store.url.get_secret_value())
    click.echo("The store has the tables of this version.")


@main.command()
@config_option
@click.pass_context
def check(ctx: click.Context, file: Path) -> None:
    """Read the configuration and try each connection: the store, Stripe, the homeserver, the targets.

    Nothing is sent and nothing is changed. Ends with 0 if all is well, 1 if a connection is not,
    2 if the configuration is mistaken.
    """
    import asyncio  # noqa: PLC0415

    config = load_config(file)
    from bridge.check import findings  # noqa: PLC0415

    async def tell() -> bool:
        show, good = _shown(), True
        async for finding in findings(config):
            show(finding)
            good = good and finding.verdict != "wrong"
        return good

    ctx.exit(0 if asyncio.run(tell()) else 1)


def _shown() -> "Callable[[Finding], None]":
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from bridge.model.text import safe  # noqa: PLC0415

    console = Console(soft_wrap=True, highlight=False)
    marks = {"well": ("✓", "green"), "note": ("•", "yellow"), "wrong": ("✗", "bold red")}

    def show(finding: "Finding") -> None:
        mark, style = marks[finding.verdict]
        # A server's words are in it: as `Text` they are no markup, and `safe` leaves no escapes.
        said = safe(f"{finding.what}: {finding.says}", cap=500)
        console.print(Text.assemble((f"{mark} ", style), said))
        if finding.hint:
            console.print(Text(f"  {safe(finding.hint, cap=500)}", style="dim"))

    return show


@main.command()
@config_option
def run(file: Path) -> None:
    """Run the bridge until it is stopped (SIGTERM or Ctrl-C)."""
    import asyncio  # noqa: PLC0415

    config = load_config(file)
    from bridge import logs  # noqa: PLC0415
    from bridge.app import serve  # noqa: PLC0415

    logs.configure()
    try:
        asyncio.run(serve(config))
    except OSError as error:
        raise BridgeError(f"The bridge cannot run: {error.strerror or error}.") from error
