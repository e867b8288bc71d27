"""The customer's way into the portal goes to one thread, and is kept nowhere; what the account has."""

import json
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select

from bridge.store.tables import action, audit, inbox, outbox

from .office import Office
from .till import HOME, Till


@pytest_asyncio.fixture
async def till(office: Office) -> Till:
    made = Till(office)
    await made.open()
    return made


async def test_it_is_told_in_the_customers_room_and_kept_nowhere(till: Till) -> None:
    customer = till.customer()
    await till.home(customer)
    told = await till.say("!stripe portal", room=HOME)
    assert "send it to nobody else" in told
    (session,) = till.made("billing_portal.session")
    assert session["customer"] == customer
    assert [one.url for one in till.told[-1].message.links] == [session["url"]]
    await till.hears()
    kept = json.dumps(
        [await rows(till, name) for name in (action, audit, inbox, outbox)], default=str
    )
    assert session["id"] in kept
    assert session["url"] not in kept


async def rows(till: Till, table: object) -> list[object]:
    async with till.office.store.read() as tx:
        return [tuple(row) for row in await tx.run(select(table))]  # type: ignore[call-overload]


@pytest.mark.parametrize("text", ["portal", "!stripe portal"])
async def test_elsewhere_it_is_refused(till: Till, text: str) -> None:
    about = await till.posted(customer=till.customer())
    assert "in the customer's own room" in await till.say(text, reply_to=about)
    assert till.made("billing_portal.session") == []


@pytest.mark.parametrize("kind", ["cut", "error_after", "refused"])
async def test_after_a_lost_answer_one_is_told(till: Till, kind: str) -> None:
    await till.home(till.customer())
    till.fail(kind, "/v1/billing_portal/sessions")
    await till.say("!stripe portal", room=HOME)
    for _ in range(10):
        await till.office.later(timedelta(seconds=30))
    links = [link.url for one in till.told for link in one.message.links]
    assert len(links) == 1


async def test_one_that_comes_too_late_is_not_told(till: Till) -> None:
    await till.home(till.customer())
    till.fail("cut", "/v1/billing_portal/sessions")
    till.fail("refused", "/v1/events", method="GET", times=30)
    await till.say("!stripe portal", room=HOME)
    for _ in range(40):
        await till.office.later(timedelta(minutes=1))
    assert sum("has ended before I could tell it" in one.words for one in till.told) == 1
    assert not [one for one in till.told if one.message.links]


async def test_the_balance_is_told_by_currency(till: Till) -> None:
    stripe = till.office.stripe
    stripe.happen("checkout_succeeds", amount=10_000, currency="eur")
    stripe.happen("checkout_succeeds", amount=5_000, currency="usd")
    await till.say("!stripe balance")
    facts = {fact.label: str(fact.value) for fact in till.told[-1].message.facts}
    assert facts["Not available yet"] == "€96.80, US$48.25"
    assert facts["Next payout"] == "none under way"
