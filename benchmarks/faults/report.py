"""The results: a table for people, build/faults.json for programs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table
from rich.text import Text

from benchmarks.faults.counting import Count
from benchmarks.faults.refunds import Refunds

_NUMBERS = ("sent", "seen", "lost", "doubled", "disordered")


@dataclass(frozen=True)
class Row:
    name: str
    store: str
    count: Count
    seconds: float

    def as_json(self) -> dict[str, object]:
        numbers = {name: getattr(self.count, name) for name in _NUMBERS}
        return {"name": self.name, "store": self.store, **numbers}


@dataclass(frozen=True)
class Report:
    rows: Sequence[Row]
    refunds: Refunds | None

    @property
    def clean(self) -> bool:
        money = self.refunds is None or self.refunds.clean
        return money and all(row.count.clean for row in self.rows)

    def write(self, path: Path) -> None:
        money = self.refunds or Refunds()
        content = {
            "hazards": [row.as_json() for row in self.rows],
            "refunds": {"asked": money.asked, "made": money.made, "doubled": money.doubled},
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n")

    def table(self) -> Table:
        table = Table("hazard", "store", *_NUMBERS, "seconds", title="What people saw")
        for row in self.rows:
            numbers = [str(getattr(row.count, name)) for name in _NUMBERS]
            style = "" if row.count.clean else "bold red"
            table.add_row(row.name, row.store, *numbers, f"{row.seconds:.0f}", style=style)
        return table

    def verdict(self) -> Text:
        money = self.refunds
        told = (
            f" Refunds: {money.asked} asked, {money.made} made, {money.doubled} doubled."
            if money
            else ""
        )
        words = "Nothing was lost, doubled or out of order." if self.clean else "Not all is well."
        return Text(words + told, style="green" if self.clean else "bold red")
