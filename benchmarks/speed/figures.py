"""What is measured, what each figure means, and how good it must be."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """`least` is what the value must reach, `most` what it must not exceed; with neither it is told."""

    key: str
    meaning: str
    least: float | None = None
    most: float | None = None

    @property
    def bound(self) -> str:
        if self.least is not None:
            return f"≥ {self.least:g}"
        return f"≤ {self.most:g}" if self.most is not None else "told"

    def met(self, value: float) -> bool | None:
        if self.least is not None:
            return value >= self.least
        return value <= self.most if self.most is not None else None

    def worst(self, values: list[float]) -> float:
        return min(values) if self.least is not None else max(values)


FIGURES = (
    Figure(
        "delivery_vs_ceiling",
        "messages a second that another user sees, against a bare client with the same contents",
        least=0.95,
    ),
    Figure("delivery_vs_matrix_webhook", "the same, against matrix-webhook", least=1.5),
    Figure("delivery_vs_maubot", "the same, against a maubot plugin that posts", least=1.2),
    Figure(
        "latency_over_bare",
        "25 webhooks a second: median from POST to being seen, against the bare client's PUT",
        most=1.2,
    ),
    Figure("bridge_cpu_share", "the bridge's CPU time for a message, against Synapse's", most=0.15),
    Figure(
        "intake_vs_bare",
        "webhooks stored durably a second, against the barest server that stores the same row",
        least=0.8,
    ),
    Figure("intake_p99_ms_over_bare", "the 99th percentile of its answers, against that", most=1.5),
    Figure(
        "page_latency_under_storm",
        "a page's way into its room while 5,000 calmer deliveries wait, against idle",
        most=2,
    ),
    Figure(
        "burst_speedup",
        "5,000 events on 200 invoices: how much sooner than one message each at the ceiling",
        least=5,
    ),
    Figure(
        "flatness",
        "CPU time of an event with 100,000 rooms and 1,000,000 events kept, against 1,000 of each",
        most=1.1,
    ),
    Figure(
        "workers_scale",
        "two processes on PostgreSQL, with a homeserver that answers at once, against one",
        least=1.6,
    ),
    Figure("rss_mb", "the bridge's memory"),
)


@dataclass
class Book:
    """One value a round for each part of a figure; `told` are absolute numbers beside them."""

    parts: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    told: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def note(self, key: str, value: float, part: str = "") -> None:
        self.parts[key][part].append(value)

    def tell(self, key: str, **numbers: float) -> None:
        for name, number in numbers.items():
            self.told[key][name].append(number)

    def as_json(self) -> dict[str, Any]:
        return {one.key: self._entry(one) for one in FIGURES if one.key in self.parts}

    def _entry(self, figure: Figure) -> dict[str, Any]:
        parts = self.parts[figure.key]
        medians = {name: median(values) for name, values in parts.items()}
        value = figure.worst(list(medians.values()))
        worst = next(name for name, one in medians.items() if one == value)
        entry: dict[str, Any] = {
            "value": round(value, 3),
            "spread": [round(min(parts[worst]), 3), round(max(parts[worst]), 3)],
            "rounds": len(parts[worst]),
            "bound": figure.bound,
            "met": figure.met(value),
        }
        if len(parts) > 1:
            entry["parts"] = {name: _part(values) for name, values in parts.items()}
        if told := self.told.get(figure.key):
            entry["told"] = {name: round(median(values), 3) for name, values in told.items()}
        return entry


def _part(values: list[float]) -> Mapping[str, Any]:
    return {
        "value": round(median(values), 3),
        "spread": [round(min(values), 3), round(max(values), 3)],
    }
