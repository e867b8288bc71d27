"""`stripe-bridge backfill`: rooms and cards for what was there before the bridge."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bridge.cli.options import age, config_option, load_config, one_account, stripe_reader
from bridge.config import Config
from bridge.model.clock import SystemClock
from bridge.model.ports import Listed
from bridge.notices.backfill import Backfill, Tally
from bridge.store.engine import open_store


@click.command()
@config_option
@click.option("--customer", metavar="ID", help="This customer (cus_…), with all that is theirs.")
@click.option(
    "--since",
    type=age,
    metavar="AGE",
    help="Every customer who was made, charged, billed or subscribed in that time (30d).",
)
@click.option("--account", metavar="NAME", help="Needed if several accounts are configured.")
def backfill(
    file: Path, customer: str | None, since: timedelta | None, account: str | None
) -> None:
    """Build the rooms and cards of customers who were there before.

    It reads Stripe, and the running bridge sends what is made of it, after all that is news. Nobody
    is mentioned. Broken off, it goes on where it was when it is started again.
    """
    if (customer is None) == (since is None):
        raise click.UsageError("Name either --customer or --since.")
    config = load_config(file)
    tally = asyncio.run(_run(config, one_account(config, account), customer, since))
    click.echo(f"{tally.customers} customers, {tally.cards} cards: the bridge sends them now.")


async def _run(
    config: Config, account: str, customer: str | None, since: timedelta | None
) -> Tally:
    store, reader = open_store(config.store.url.get_secret_value()), stripe_reader(config, account)
    work = Backfill(config, store, SystemClock(), reader, account)
    try:
        if customer:
            await work.one(customer)
        elif since:
            await _shown(work, since)
    finally:
        await reader.close()
        await store.close()
    return work.tally


async def _shown(work: Backfill, since: timedelta) -> None:
    """The bar goes from now back to the beginning, once for each list of Stripe's."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        start = work.clock.now()
        lists = list(Listed)
        task = progress.add_task("reading Stripe", total=since.total_seconds() * len(lists))

        def seen(what: Listed, at: datetime) -> None:
            told = f"{what}: {work.tally.customers} customers, {work.tally.cards} cards"
            back = min(max(start - at, timedelta(0)), since)
            done = lists.index(what) * since + back
            progress.update(task, completed=done.total_seconds(), description=told)

        await work.since(since, f"since:{int(since.total_seconds())}", seen)
        progress.update(task, completed=since.total_seconds() * len(lists))
