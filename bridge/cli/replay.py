"""`stripe-bridge replay`: events once more, without telling anybody twice who did not ask for it."""

import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from bridge.cli.options import age, config_option, load_config, on_store, one_account, stripe_reader
from bridge.config import Config
from bridge.edges.stripe_api import StripeApi
from bridge.edges.stripe_signature import check_envelope
from bridge.model.clock import SystemClock
from bridge.model.errors import BridgeError, StripeError
from bridge.model.event import parse_event
from bridge.model.text import safe
from bridge.notices.arriving import arrival_of
from bridge.store import inbox, replays
from bridge.store.engine import Store
from bridge.store.inbox import Arrival
from bridge.store.replays import Stored, Wanted

_PAGE = 200
_SHOWN = 20


@click.command()
@config_option
@click.option(
    "--event", "events", multiple=True, metavar="ID", help="This event (evt_…); may be repeated."
)
@click.option("--since", type=age, metavar="AGE", help="All that came in that time (90m, 12h, 3d).")
@click.option("--until", type=age, metavar="AGE", help="But not what came later than that ago.")
@click.option(
    "--type", "type_like", metavar="PATTERN", help="Only of this type; * stands for any letters."
)
@click.option("--account", metavar="NAME", help="Only of this account.")
@click.option(
    "--again",
    multiple=True,
    metavar="WHERE",
    help="Say it there again, even if it was said before: room, #channel or @target; may be repeated.",
)
@click.option("--yes", is_flag=True, help="Do it; without this only the plan is shown.")
def replay(
    file: Path,
    events: tuple[str, ...],
    since: timedelta | None,
    until: timedelta | None,
    type_like: str | None,
    account: str | None,
    again: tuple[str, ...],
    yes: bool,
) -> None:
    """Handle events once more.

    What was told already is not told again: so after a new route or target only what is new goes out.
    With --again it is said once more where you name it, marked as such. An event that never came is
    fetched from Stripe, which keeps them for 30 days. What is older than deliveries are kept is left
    alone: nobody knows any more whether it was told.
    """
    if not events and since is None:
        raise click.UsageError("Which events? Name them with --event, or say --since.")
    config = load_config(file)
    _check(config, account, again)
    now = SystemClock().now()
    wanted = Wanted(events, _ago(now, since), _ago(now, until), type_like, account)
    work = _Replay(config, wanted, again, now - config.retention.deliveries)
    on_store(config, lambda store: work.run(store, yes=yes))


@dataclass(frozen=True)
class _Replay:
    """`told_since`: of what came earlier it is not known any more where it was told."""

    config: Config
    wanted: Wanted
    again: tuple[str, ...]
    told_since: datetime
    console: Console = field(default_factory=lambda: Console(highlight=False))

    async def run(self, store: Store, *, yes: bool) -> None:
        found = [one async for one in _all(store, self.wanted)]
        missing = await self._missing(store)
        ready = self._plan(found, missing)
        if not ready and not missing:
            self.console.print("There is nothing to replay.")
        elif not yes:
            self.console.print("Say --yes to do it.")
        else:
            await self._do(store, ready, missing)

    async def _missing(self, store: Store) -> list[Arrival]:
        """Those named that the bridge never had, from Stripe; raises `BridgeError` if it has none either."""
        if not self.wanted.ids or self.wanted.since:
            return []
        stored = {one.event_id async for one in _all(store, Wanted(self.wanted.ids))}
        wanted = [one for one in dict.fromkeys(self.wanted.ids) if one not in stored]
        if not wanted:
            return []
        account = one_account(self.config, self.wanted.account)
        reader = stripe_reader(self.config, account)
        try:
            return [await self._fetched(reader, account, one) for one in wanted]
        finally:
            await reader.close()

    async def _fetched(self, reader: StripeApi, account: str, event_id: str) -> Arrival:
        settings = self.config.accounts[account]
        try:
            body = await reader.event(event_id)
        except StripeError as error:
            named = safe(event_id, cap=100)
            raise BridgeError(f"{named} is not stored, and Stripe says: {error}") from error
        check_envelope(body, livemode=settings.livemode, account_id=settings.account_id)
        event = parse_event(account, body)
        if event.created < self.told_since:
            raise BridgeError(
                f"{event.id} is of {event.created:%Y-%m-%d}: it may have been told and forgotten, "
                "as `retention.deliveries` says. Nothing was done."
            )
        return arrival_of(event, body, json.dumps(body))

    def _plan(self, found: list[Stored], missing: list[Arrival]) -> list[Stored]:
        """What of it can be replayed, shown."""
        known = [one for one in found if one.received_at >= self.told_since]
        ready = [one for one in known if one.state == "handled"]
        if ready or missing:
            self.console.print(_table(ready, missing))
        for sentence in self._remarks(Counter(one.state for one in known), len(found) - len(known)):
            self.console.print(sentence)
        if number := len(ready) + len(missing):
            again = (
                f"said again in {', '.join(self.again)}" if self.again else "told where it was not"
            )
            self.console.print(f"Events that would be handled once more, and {again}: {number}.")
        return ready

    def _remarks(self, states: Counter[str], older: int) -> Iterator[str]:
        if (more := states["handled"] - _SHOWN) > 0:
            yield f"… and {more} more."
        if dead := states["dead"]:
            yield f"{dead} are dead letters: `stripe-bridge dead replay` is for those."
        if waiting := states["ready"]:
            yield f"{waiting} wait to be handled anyway."
        if older:
            yield (
                f"{older} came before {self.told_since:%Y-%m-%d} and are left alone: where they were "
                "told is forgotten, as `retention.deliveries` says."
            )

    async def _do(self, store: Store, ready: list[Stored], missing: list[Arrival]) -> None:
        mark, now = secrets.token_hex(4), SystemClock().now()
        pages = [ready[n : n + _PAGE] for n in range(0, len(ready), _PAGE)]
        for page in track(pages, "replaying", console=Console(stderr=True), disable=len(pages) < 2):
            async with store.begin() as tx:
                await replays.replay(tx, page, self.again, mark, now)
        async with store.begin() as tx:
            await inbox.accept(tx, missing, now)
        self.console.print(f"{len(ready) + len(missing)} events wait for the running bridge.")


async def _all(store: Store, wanted: Wanted) -> AsyncIterator[Stored]:
    after = 0
    while True:
        async with store.read() as tx:
            page = await replays.stored(tx, wanted, after, _PAGE)
        for one in page:
            yield one
        if len(page) < _PAGE:
            return
        after = page[-1].id


def _check(config: Config, account: str | None, again: tuple[str, ...]) -> None:
    if account and account not in config.accounts:
        raise BridgeError(f"There is no account {account}; there are {', '.join(config.accounts)}.")
    channels = {f"#{name}" for name in config.matrix.channels}
    known = ["room", *sorted(channels), *(f"@{name}" for name in config.targets)]
    if unknown := [one for one in again if one not in known]:
        raise BridgeError(f"--again {unknown[0]}: say one of {', '.join(known)}.")


def _ago(now: datetime, how_long: timedelta | None) -> datetime | None:
    return now - how_long if how_long is not None else None


def _table(found: list[Stored], missing: list[Arrival]) -> Table:
    table = Table()
    for heading in ("came", "account", "type", "event"):
        table.add_column(heading, overflow="fold")
    for one in found[:_SHOWN]:
        table.add_row(
            f"{one.received_at:%Y-%m-%d %H:%M}", one.account, _plain(one.type), _plain(one.event_id)
        )
    for new in missing[:_SHOWN]:
        source = new.source.removeprefix("stripe:")
        table.add_row("never", source, _plain(new.type), _plain(new.event_id))
    return table


def _plain(words: str) -> Text:
    return Text(safe(words, cap=255))
