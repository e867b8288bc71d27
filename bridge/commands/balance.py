"""`balance`: what the account has, what is on its way to it, and when the next payout arrives."""

from collections.abc import Iterator

from bridge.commands.desk import Ask, Desk, Reply
from bridge.model.errors import Refused
from bridge.model.event import Json, moment
from bridge.model.message import Message
from bridge.model.money import Money
from bridge.model.signal import Fact
from bridge.model.text import SafeText, safe


async def perform(desk: Desk, ask: Ask) -> Reply:
    if ask.command.rest.strip():
        raise Refused("Write just `balance`.")
    reader = desk.readers[ask.subject.account]
    balance, payouts = await reader.balance(), await reader.payouts_under_way()
    facts = tuple(fact for fact in _facts(desk, balance, payouts) if fact.value)
    return Reply(Message(SafeText("The balance at Stripe right now"), facts=facts))


def _facts(desk: Desk, balance: Json, payouts: list[Json]) -> Iterator[Fact]:
    for label, pot in (
        ("Available", "available"),
        ("Not available yet", "pending"),
        ("Available for instant payouts", "instant_available"),
        ("Reserved", "connect_reserved"),
    ):
        yield Fact(label, _amounts(desk, balance.get(pot) or []))
    yield Fact("Next payout", _next(desk, payouts))


def _amounts(desk: Desk, pot: list[Json]) -> SafeText:
    return safe(", ".join(_words(desk, one) for one in sorted(pot, key=_currency)))


def _next(desk: Desk, payouts: list[Json]) -> SafeText:
    if not payouts:
        return SafeText("none under way")
    first = min(payouts, key=lambda one: int(one.get("arrival_date") or 0))
    more = f" (and {len(payouts) - 1} more)" if len(payouts) > 1 else ""
    day = desk.words.day(moment(first.get("arrival_date")))
    return safe(f"{_words(desk, first)}, expected {day}{more}")


def _words(desk: Desk, one: Json) -> str:
    return Money(int(one.get("amount") or 0), _currency(one)).words(desk.config.locale)


def _currency(one: Json) -> str:
    return str(one.get("currency") or "")
