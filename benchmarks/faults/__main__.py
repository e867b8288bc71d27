"""`python -m benchmarks.faults`: every hazard on every store, a table, and build/faults.json."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from benchmarks.faults.ground import Ground
from benchmarks.faults.hazards import BOTH, HAZARDS, Hazard
from benchmarks.faults.refunds import REFUNDS, Refunds
from benchmarks.faults.rooms import Count

_LOG_WIDTH = 120
_TOLD = 12


@dataclass(frozen=True)
class Row:
    name: str
    store: str
    count: Count
    seconds: float

    def as_json(self) -> dict[str, object]:
        count = self.count
        numbers = {
            "sent": count.sent,
            "seen": count.seen,
            "lost": count.lost,
            "doubled": count.doubled,
            "disordered": count.disordered,
        }
        return {"name": self.name, "store": self.store, **numbers}


@dataclass(frozen=True)
class Asked:
    """What the command line said."""

    hazard: str | None
    stores: tuple[str, ...]
    seed: int
    short: bool
    output: Path

    def trials(self) -> Iterator[tuple[Hazard, str]]:
        for store in self.stores:
            for hazard in HAZARDS:
                if self.hazard in {None, hazard.name} and store in hazard.stores:
                    yield hazard, store


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--hazard", type=click.Choice([*(one.name for one in HAZARDS), REFUNDS]))
@click.option("--store", type=click.Choice(BOTH))
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--short", is_flag=True, help="Fewer blows and customers: a few minutes in all.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("build/faults.json"),
    show_default=True,
)
def main(hazard: str | None, store: str | None, seed: int, *, short: bool, output: Path) -> None:
    """Put the bridge under faults and count what people see: 0 if nothing was lost, doubled or disordered."""
    asked = Asked(hazard, (store,) if store else BOTH, seed, short, output)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _LOG_WIDTH)
    sys.exit(asyncio.run(_run(asked, console)))


async def _run(asked: Asked, console: Console) -> int:
    rows: list[Row] = []
    money = Refunds()
    trials = list(asked.trials())
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        async with Ground(Path(folder), houses=len(trials) + len(BOTH), seed=asked.seed) as ground:
            for hazard, store in trials:
                rows.append(await _one(ground, hazard, store, asked, console, Path(folder)))
            if asked.hazard in {None, REFUNDS}:
                for store in asked.stores:
                    row, made = await _refunds(ground, store, asked, console, Path(folder))
                    rows.append(row)
                    money += made
    _write(asked.output, rows, money)
    console.print(_table(rows, money))
    clean = all(row.count.clean for row in rows) and money.clean
    return 0 if clean else 1
