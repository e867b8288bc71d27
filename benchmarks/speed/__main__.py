"""`python -m benchmarks.speed`: every figure as a ratio, a table, and build/bench.json."""

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.speed.figures import FIGURES, Book
from benchmarks.speed.runs import QUICK, Bench, Scale

_LOG_WIDTH = 140
_KEYS = [one.key for one in FIGURES]
_BUSY = 0.5


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, type=click.Choice(_KEYS), help="Only this; may be repeated.")
@click.option("--quick", is_flag=True, help="Little and few: to see whether a change helped.")
@click.option("--rounds", type=click.IntRange(1, 100), help="How often each is measured.")
@click.option(
    "--output", type=click.Path(path_type=Path), default=Path("build/bench.json"), show_default=True
)
def main(only: tuple[str, ...], rounds: int | None, output: Path, *, quick: bool) -> None:
    """Measure the bridge beside what it is compared with, in turns, and tell the medians."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _LOG_WIDTH)
    scale = QUICK if quick else Scale()
    scale = replace(scale, rounds=rounds) if rounds else scale
    if os.getloadavg()[0] > _BUSY * (os.cpu_count() or 1):
        console.print(
            "This machine is busy with other things: the ratios will scatter.", style="yellow"
        )
    book = Book()
    bench = Bench(scale, book, lambda words: console.print(f"{datetime.now(UTC):%H:%M:%S} {words}"))
    asyncio.run(_run(bench, set(only or _KEYS)))
    found = book.as_json()
    if only:
        found = {key: entry for key, entry in found.items() if key in only}
    _write(output, found)
    console.print(_table(found))


async def _run(bench: Bench, wanted: set[str]) -> None:
    """Whoever ends us, by whatever signal, ends what we have started too."""
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await bench.run(wanted)


def _write(output: Path, found: dict[str, Any]) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(found, indent=2) + "\n")


def _table(found: dict[str, Any]) -> Table:
    table = Table(title="Speed, measured side by side")
    for heading in ("figure", "value", "spread", "bound", "", "what it means"):
        table.add_column(heading, justify="right" if heading in {"value", "bound"} else "left")
    meanings = {one.key: one.meaning for one in FIGURES}
    marks = {True: "✓", False: "✗", None: ""}
    for key, entry in found.items():
        low, high = entry["spread"]
        spread, mark = f"{low:g} to {high:g}", marks[entry["met"]]
        style = "red" if entry["met"] is False else None
        table.add_row(
            key, f"{entry['value']:g}", spread, entry["bound"], mark, meanings[key], style=style
        )
        for name, part in entry.get("parts", {}).items():
            low, high = part["spread"]
            table.add_row(f"  {name}", f"{part['value']:g}", f"{low:g} to {high:g}", style="dim")
        for name, number in entry.get("told", {}).items():
            table.add_row(f"  {name}", f"{number:g}", style="dim")
    return table


if __name__ == "__main__":
    main()
