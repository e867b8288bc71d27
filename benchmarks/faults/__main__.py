"""`python -m benchmarks.faults`: every hazard on every store, a table, and build/faults.json."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import click
from rich.console import Console
from rich.table import Table

from benchmarks.faults.counting import Count
from benchmarks.faults.ground import Ground
from benchmarks.faults.hazards import BOTH, HAZARDS, Hazard
from benchmarks.faults.refunds import REFUNDS, Refunds, refunds
from benchmarks.faults.trial import trial

_LOG_WIDTH = 120
_TOLD = 12
#: Refunds asked for: in the short form on each store, in the full one in all.
_FEW, _MANY = 15, 300


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
                rows.append(await _one(ground, hazard, store, asked, console))
            if asked.hazard in {None, REFUNDS}:
                for store in asked.stores:
                    row, made = await _refunds(ground, store, asked, console)
                    rows.append(row)
                    money += made
    _write(asked.output, rows, money)
    console.print(_table(rows, money))
    clean = all(row.count.clean for row in rows) and money.clean
    return 0 if clean else 1


async def _one(ground: Ground, hazard: Hazard, store: str, asked: Asked, console: Console) -> Row:
    began = monotonic()
    with console.status(f"{hazard.name} on {store}: {hazard.says}") as status:

        def doing(what: str) -> None:
            status.update(f"{hazard.name} on {store}: {what}")

        count = await trial(hazard, await ground.site(hazard.name, store), doing, short=asked.short)
    return _said(Row(hazard.name, store, count, monotonic() - began), console)


async def _refunds(
    ground: Ground, store: str, asked: Asked, console: Console
) -> tuple[Row, Refunds]:
    began = monotonic()
    with console.status(f"{REFUNDS} on {store}") as status:

        def doing(what: str) -> None:
            status.update(f"{REFUNDS} on {store}: {what}")

        number = _FEW if asked.short else _MANY // len(asked.stores)
        count, made = await refunds(await ground.site(REFUNDS, store), doing, number=number)
    return _said(Row(REFUNDS, store, count, monotonic() - began), console), made


def _said(row: Row, console: Console) -> Row:
    """One line as soon as it is known; what was wrong in words."""
    verdict = "clean" if row.count.clean else "NOT CLEAN"
    console.print(f"{row.name} on {row.store}: {verdict} ({row.seconds:.0f} s)", markup=False)
    for wrong in row.count.wrong[:_TOLD]:
        console.print(f"  {wrong}", markup=False)
    return row


def _write(output: Path, rows: Sequence[Row], money: Refunds) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    refunded = {"asked": money.asked, "made": money.made, "doubled": money.doubled}
    report = {"hazards": [row.as_json() for row in rows], "refunds": refunded}
    output.write_text(json.dumps(report, indent=2) + "\n")


def _table(rows: Sequence[Row], money: Refunds) -> Table:
    title = f"Refunds: {money.asked} asked for, {money.made} made, {money.doubled} doubled"
    table = Table(caption=title, caption_justify="left")
    for heading in ("hazard", "store"):
        table.add_column(heading)
    for heading in ("sent", "seen", "lost", "doubled", "out of order", "seconds"):
        table.add_column(heading, justify="right")
    for row in rows:
        count = row.count
        numbers = (count.sent, count.seen, count.lost, count.doubled, count.disordered)
        table.add_row(row.name, row.store, *map(str, numbers), f"{row.seconds:.0f}")
    return table


if __name__ == "__main__":
    main()
