"""Who hears of a signal: the configuration's routes, looked at from the top. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bridge.config.kinds import Destination
from bridge.config.schema import Match, Route, Target
from bridge.model.signal import Signal

_TAG = "tag:"


@dataclass(frozen=True)
class Looked:
    """One route as it was looked at; `but` says why it did not match."""

    route: str
    matched: bool
    but: str = ""


@dataclass(frozen=True)
class Routed:
    """`destinations` in the order of the routes, each once; tags are already targets (`@name`)."""

    destinations: tuple[Destination, ...]
    trace: tuple[Looked, ...]

    @property
    def matched(self) -> tuple[str, ...]:
        return tuple(looked.route for looked in self.trace if looked.matched)


def route(signal: Signal, routes: Sequence[Route], targets: Mapping[str, Target]) -> Routed:
    """`targets` by their name; their tags are what `tag:word` stands for."""
    trace: list[Looked] = []
    destinations: list[Destination] = []
    for rule in routes:
        but = next(mismatches(signal, rule.match), "")
        trace.append(Looked(rule.name, not but, but))
        if but:
            continue
        destinations += _expanded(rule.to, targets)
        if rule.last:
            break
    return Routed(tuple(dict.fromkeys(destinations)), tuple(trace))


def expanded(
    destinations: Sequence[Destination], targets: Mapping[str, Target]
) -> tuple[Destination, ...]:
    """With each `tag:word` as the targets that have it; each destination once."""
    return tuple(dict.fromkeys(_expanded(destinations, targets)))


def mismatches(signal: Signal, match: Match) -> Iterator[str]:
    """Why a signal does not match, condition by condition; nothing if it does."""
    if match.classes and signal.signal_class not in match.classes:
        yield f"its class is {signal.signal_class}"
    if match.types and not any(_like(signal.type, pattern) for pattern in match.types):
        yield f"its type is {signal.type}"
    if match.accounts and signal.account not in match.accounts:
        yield f"its account is {signal.account}"
    if match.livemode is not None and signal.livemode is not match.livemode:
        yield "it is live" if signal.livemode else "it is a test"
    yield from _money(signal, match)
    for key, pattern in match.metadata.items():
        if not _like(signal.metadata.get(key), pattern):
            yield f"its metadata has no such {key}"


def _money(signal: Signal, match: Match) -> Iterator[str]:
    money = signal.money
    if match.currencies and (money is None or money.currency not in match.currencies):
        yield f"its currency is {money.currency}" if money else "it has no amount"
    elif match.amount_at_least is not None and (
        money is None or money.decimal < match.amount_at_least
    ):
        yield f"its amount is {money.decimal}" if money else "it has no amount"


def _expanded(
    destinations: Sequence[Destination], targets: Mapping[str, Target]
) -> Iterator[Destination]:
    for destination in destinations:
        if destination.startswith(_TAG):
            tag = destination.removeprefix(_TAG)
            yield from (f"@{name}" for name, target in targets.items() if tag in target.tags)
        else:
            yield destination


def _like(text: str | None, pattern: str) -> bool:
    """`*` stands for any letters, also none; everything else for itself."""
    return text is not None and _compiled(pattern).fullmatch(text) is not None


@lru_cache(1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", pattern))), re.DOTALL)
