"""Finding in the sandbox's Stripe, whose search lags as the real one does."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from bridge.edges.stripe_api import StripeApi
from bridge.model.clock import ManualClock
from bridge.model.errors import StripeRefused
from bridge.sandbox.stripe_server import SandboxStripe


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 27, 12, 0, tzinfo=UTC))


@pytest_asyncio.fixture
async def stripe(clock: ManualClock) -> AsyncIterator[SandboxStripe]:
    async with SandboxStripe(clock=clock) as running:
        yield running


@pytest_asyncio.fixture
async def api(stripe: SandboxStripe) -> AsyncIterator[StripeApi]:
    opened = StripeApi(stripe.reader_key, api_base=stripe.url, timeout=timedelta(seconds=5))
    yield opened
    await opened.close()


def ids(found: tuple[list[dict[str, object]], bool]) -> list[object]:
    return [one["id"] for one in found[0]]


async def test_what_is_new_is_found_a_minute_later(
    stripe: SandboxStripe, api: StripeApi, clock: ManualClock
) -> None:
    made = stripe.happen("checkout_succeeds", email="Anna@Example.org", amount=2000, currency="eur")
    assert ids(await api.search_customers("anna@example.org", 5)) == []
    clock.advance(timedelta(minutes=1))
    assert ids(await api.search_customers("anna@example.org", 5)) == [made["customer"]]
    assert ids(await api.search_customers("nanna@example.org", 5)) == []


async def test_charges_by_any_of_the_fields(
    stripe: SandboxStripe, api: StripeApi, clock: ManualClock
) -> None:
    one = stripe.happen("checkout_succeeds", amount=2000, currency="eur")["charge"]
    two = stripe.happen("checkout_succeeds", amount=2000, currency="usd")["charge"]
    clock.advance(timedelta(minutes=2))
    both = await api.search_charges(last4=None, amount=2000, currency=None, limit=5)
    assert set(ids(both)) == {one, two}
    euros = await api.search_charges(last4="4242", amount=2000, currency="EUR", limit=5)
    assert ids(euros) == [one]
    few, more = await api.search_charges(last4="4242", amount=None, currency=None, limit=1)
    assert (len(few), more) == (1, True)


async def test_invoices_by_their_number(
    stripe: SandboxStripe, api: StripeApi, clock: ManualClock
) -> None:
    invoice = await api.invoice(stripe.happen("renewal_succeeds")["invoice"])
    clock.advance(timedelta(minutes=2))
    assert ids(await api.search_invoices(str(invoice["number"]), 5)) == [invoice["id"]]


@pytest.mark.parametrize("text", ['a" OR email:"b', "a\\", "", "a\nb", "a" * 401])
async def test_nothing_breaks_out_of_a_query(
    stripe: SandboxStripe, api: StripeApi, text: str
) -> None:
    with pytest.raises(StripeRefused, match="can't be searched"):
        await api.search_customers(text, 5)
    assert stripe.requests() == []


async def test_an_event_whole(stripe: SandboxStripe, api: StripeApi) -> None:
    made = stripe.happen("checkout_succeeds")
    assert (await api.event(made["events"][0]))["id"] == made["events"][0]
    with pytest.raises(StripeRefused):
        await api.event("evt_none")
