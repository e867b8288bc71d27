"""Limits hold in the commit that counts the money, on both stores, for two processes at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge.commands.budget import start_of_day
from bridge.commands.rules import Terms, need
from bridge.config.schema import Approval, Config
from bridge.model.clock import ManualClock
from bridge.model.money import Money
from bridge.sandbox.stripe_server import Fault
from bridge.store.engine import open_store
from bridge.store.migrate import upgrade_async

from .office import Office, opened

LIMITS = {
    "limits": [
        {"verbs": ["refund"], "roles": ["support"], "currency": "eur", "per_action": 40},
        {"currency": "eur", "per_person_day": 60, "per_account_day": 100},
        {"currency": "jpy", "per_action": 500},
    ]
}


def limited(office: Office, **more: Any) -> None:
    office.rebuild(Config.model_validate(office.config.model_dump() | LIMITS | more))


async def refund(office: Office, who: str, amount: str, currency: str = "eur") -> str:
    """Asked for and confirmed; what the bridge said to both."""
    paid = await office.payment(currency=currency)
    said = await office.say(who, f"refund {amount}", reply_to=paid)
    return said + await office.say(who, "yes", thread=paid)


def moved(office: Office) -> list[int]:
    return sorted(amount for amount, _ in office.refunds())


async def test_each_limit(office: Office) -> None:
    limited(office)
    assert "limit is €40.00 at once" in await refund(office, "sam", "41")
    await refund(office, "sam", "40")
    said = await refund(office, "sam", "21")
    assert "limit is €60.00 a day by one person, and €40.00 of it are used" in said
    await refund(office, "sam", "20")
    await refund(office, "sid", "39")
    assert "limit is €100.00 a day in this account" in await refund(office, "fin", "2")
    assert moved(office) == [2000, 3900, 4000]
    await office.later(timedelta(hours=12))
    await refund(office, "fin", "2")
    assert moved(office) == [200, 2000, 3900, 4000]


async def test_currencies_have_their_own_units_and_none_is_forgotten(office: Office) -> None:
    limited(office, approvals=[{"others": 0}])
    assert "limit is ¥500" in (await refund(office, "fin", "501", "jpy")).replace("JP¥", "¥")
    await refund(office, "fin", "500", "jpy")
    assert "There are limits, and none for USD" in await refund(office, "fin", "1", "usd")
    assert moved(office) == [500]


async def test_what_failed_is_not_counted_and_what_is_unclear_is(office: Office) -> None:
    limited(office)
    office.stripe.fail_next(Fault("error", method="POST", path="/v1/refunds", times=50))
    await refund(office, "sam", "40")
    assert "unknown" in await office.happened()
    assert "€40.00 of it are used" in await refund(office, "sam", "30")


async def test_a_second_role_takes_nothing_away(office: Office) -> None:
    limited(office)
    people = {
        **office.config.people,
        "sam": office.config.people["sam"].model_copy(update={"roles": ("support", "finance")}),
    }
    office.rebuild(office.config.model_copy(update={"people": people}))
    await refund(office, "sam", "45")
    assert moved(office) == [4500]


async def test_it_is_looked_at_again_when_the_last_one_approves(office: Office) -> None:
    limited(office)
    paid = await office.payment()
    await office.say("fin", "refund 60", reply_to=paid)
    await office.say("fin", "yes", thread=paid)
    waiting = office.question("Waits").event_id
    await refund(office, "fin", "30")
    said = await office.say("fay", "approve", reply_to=waiting)
    assert "limit is €60.00 a day by one person" in said
    assert moved(office) == [3000]


@pytest.mark.parametrize("store_kind", ["sqlite", "postgresql"])
async def test_two_processes_cannot_pass_it_together(
    store_kind: str, tmp_path: Path, clock: ManualClock, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/two.db"
    if store_kind == "postgresql":
        url = request.getfixturevalue("postgres_url")
    await upgrade_async(url)
    one, other = open_store(url), open_store(url)
    try:
        async with opened(one, url, clock, **LIMITS) as office:
            two = Office(office.config, other, clock, office.stripe, office.readers, office.writers)
            asked = []
            for _ in range(8):
                paid = await office.payment()
                await office.say("fin", "refund 15", reply_to=paid)
                asked.append(office.question())
            answers = [
                office.message("fin", "yes", reply_to=question.event_id) for question in asked
            ]
            await _at_once([office, two], answers)
            assert moved(office) == [1500] * 4
            assert await office.faults() == []
    finally:
        await one.close()
        await other.close()


async def _at_once(offices: list[Office], said: list[Any]) -> None:
    """Each message in a lane of its own, handled by two processes with nothing to hold them back."""
    import json

    from bridge.model.ports import chat_to_json
    from bridge.store.inbox import Arrival, accept

    arrivals = [
        Arrival(
            "matrix", one.event_id, "chat", json.dumps(chat_to_json(one)), f"chat:{n}", "chat", 0
        )
        for n, one in enumerate(said)
    ]
    async with offices[0].store.begin() as tx:
        await accept(tx, arrivals, offices[0].clock.now())
    await asyncio.gather(*(office.worker.settle_all() for office in offices))
    for office in offices:
        await office.worker.settle_all()


def test_a_day_begins_at_midnight_where_people_are() -> None:
    now = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
    assert start_of_day(now, "UTC") == datetime(2026, 11, 27, tzinfo=UTC)
    assert start_of_day(now, "Europe/Berlin") == datetime(2026, 11, 27, 23, tzinfo=UTC)


RULES = (
    Approval(others=3),
    Approval(verbs=("refund",), others=0),
    Approval(verbs=("refund",), roles=("support",), others=1),
    Approval(verbs=("refund",), roles=("finance",), others=0, by=("operations",)),
    Approval(verbs=("refund",), currencies=("eur",), amount_at_least=Decimal(100), others=2),
    Approval(verbs=("refund",), currencies=("eur", "usd"), amount_at_least=Decimal(1000), others=4),
    Approval(verbs=("note",), others=5),
)


@pytest.mark.parametrize(
    ("verb", "roles", "money", "others"),
    [
        ("refund", {"other"}, Money(100, "eur"), 0),
        ("refund", {"support"}, Money(100, "eur"), 1),
        ("refund", {"finance"}, Money(100, "eur"), 0),
        ("refund", {"support", "finance"}, Money(100, "eur"), 1),  # equally specific: the stricter
        ("refund", {"finance"}, Money(9_999, "eur"), 0),
        ("refund", {"finance"}, Money(10_000, "eur"), 2),
        ("refund", {"finance"}, Money(100_000, "usd"), 4),
        ("refund", {"support"}, Money(100_000, "jpy"), 1),
        ("capture", {"support"}, Money(1, "eur"), 3),
        ("capture", set(), None, 3),
    ],
)
def test_the_most_specific_rule_counts(
    verb: str, roles: set[str], money: Money | None, others: int, office_config: Config
) -> None:
    terms = Terms(verb, "acme", frozenset(roles), True, money)
    assert need(office_config, terms).others == others


@pytest.mark.parametrize(("verb", "others"), [("note", 5), ("role", 0)])
def test_rules_without_verbs_are_about_money(verb: str, others: int, office_config: Config) -> None:
    assert need(office_config, Terms(verb, "acme", frozenset(), False, None)).others == others


@pytest.mark.parametrize(("moves_money", "others"), [(True, 1), (False, 0)])
def test_without_rules(moves_money: bool, others: int, office_config: Config) -> None:
    bare = office_config.model_copy(update={"approvals": ()})
    assert need(bare, Terms("x", "acme", frozenset(), moves_money, None)).others == others


@pytest.fixture
def office_config(office: Office) -> Config:
    return office.config.model_copy(update={"approvals": RULES})
