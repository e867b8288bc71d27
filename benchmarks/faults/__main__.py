"""`python -m benchmarks.faults`: every hazard on every store, a table, and build/faults.json."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.status import Status
from rich.text import Text

from benchmarks.faults.counting import Count
from benchmarks.faults.ground import Ground
from benchmarks.faults.hazards import BOTH, HAZARDS, Hazard
from benchmarks.faults.refunds import REFUNDS, Refunds, refunds
from benchmarks.faults.report import Report, Row
from benchmarks.faults.trial import trial

_LOG_WIDTH = 120
_TOLD = 15
#: On each store.
_REFUNDS = (150, 8)
_T = TypeVar("_T")


@dataclass
class Run:
    """What the command line asked for, and what came of it so far."""

    hazard: str | None
    stores: tuple[str, ...]
    seed: int
    short: bool
    output: Path
    console: Console
    rows: list[Row] = field(default_factory=list)
    money: Refunds | None = None

    async def run(self) -> Report:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            async with Ground(Path(folder), houses=len(HAZARDS) * 2 + 2, seed=self.seed) as ground:
                for hazard, store in self._trials():
                    await self._trial(ground, hazard, store)
                for store in self.stores if self.hazard in {None, REFUNDS} else ():
                    await self._refunds(ground, store)
        return Report(self.rows, self.money)

    def _trials(self) -> Iterator[tuple[Hazard, str]]:
        for store in self.stores:
            for hazard in HAZARDS:
                if self.hazard in {None, hazard.name} and store in hazard.stores:
                    yield hazard, store

    async def _trial(self, ground: Ground, hazard: Hazard, store: str) -> None:
        site = await ground.site(hazard.name, store)

        async def work(doing: Callable[[str], None]) -> Count:
            return await trial(hazard, site, doing, short=self.short)

        count, seconds = await self._shown(f"{hazard.name} on {store}", work)
        self._told(Row(hazard.name, store, count, seconds), site.directory)

    async def _refunds(self, ground: Ground, store: str) -> None:
        site = await ground.site(REFUNDS, store)

        async def work(doing: Callable[[str], None]) -> tuple[Count, Refunds]:
            return await refunds(site, doing, number=_REFUNDS[self.short])

        (count, money), seconds = await self._shown(f"{REFUNDS} on {store}", work)
        self.money = (self.money or Refunds()) + money
        self._told(Row(REFUNDS, store, count, seconds), site.directory)

    async def _shown(
        self, what: str, work: Callable[[Callable[[str], None]], Awaitable[_T]]
    ) -> tuple[_T, float]:
        """With its progress on the screen; returns how long it took as well."""
        since = time.monotonic()
        with Status(what, console=self.console) as status:
            done = await work(lambda doing: status.update(f"{what}: {doing}"))
        return done, time.monotonic() - since

    def _told(self, row: Row, directory: Path) -> None:
        """One line; if something is wrong, what, and where the logs are kept."""
        count = row.count
        words = f"{count.seen} of {count.sent} seen in {row.seconds:.0f} s"
        if not count.clean:
            words = f"{count.lost} lost, {count.doubled} doubled, {count.disordered} out of order"
        style = "green" if count.clean else "bold red"
        self.console.print(Text(f"{row.name} on {row.store}: {words}", style=style))
        self.rows.append(row)
        if not count.clean:
            kept = self.output.parent / "faults" / directory.name
            shutil.copytree(
                directory, kept, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.yaml")
            )
            for one in count.wrong[:_TOLD]:
                self.console.print(Text(f"    {one}"), soft_wrap=True)
            self.console.print(Text(f"    logs and store: {kept}"), soft_wrap=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--hazard", type=click.Choice([*(one.name for one in HAZARDS), REFUNDS]))
@click.option("--store", type=click.Choice(BOTH))
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--short", is_flag=True, help="Fewer blows and customers: some minutes in all.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("build/faults.json"),
    show_default=True,
)
def main(hazard: str | None, store: str | None, seed: int, *, short: bool, output: Path) -> None:
    """Put the bridge under faults and count what people see: 0 if nothing is lost, doubled, out of order."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _LOG_WIDTH)
    run = Run(hazard, (store,) if store else BOTH, seed, short, output, console)
    report = asyncio.run(run.run())
    report.write(output)
    console.print(report.table(), report.verdict())
    sys.exit(0 if report.clean else 1)


if __name__ == "__main__":
    main()
