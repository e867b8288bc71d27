"""Every request the bridge makes is one that Stripe's own mock server accepts."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from bridge.edges.stripe_api import StripeApi
from bridge.model.errors import StripeRefused
from bridge.model.money import Money
from bridge.model.ports import Listed
from bridge.sandbox.ports import Port
from bridge.sandbox.process import Process
from tests.tools import tool

from . import billing_calls, dispute_calls, paying_calls, search_calls


async def _each_list(api: StripeApi) -> None:
    for what in Listed:
        await api.made_since(what, datetime(2026, 11, 27, tzinfo=UTC), "ch_1")


CALLS: dict[str, Callable[[StripeApi], Awaitable[object]]] = {
    "charge": lambda api: api.charge("ch_1"),
    "payment_intent": lambda api: api.payment_intent("pi_1"),
    "invoice": lambda api: api.invoice("in_1"),
    "customer": lambda api: api.customer("cus_1"),
    "invoice_of_payment": lambda api: api.invoice_of_payment("pi_1"),
    "payments_of_invoice": lambda api: api.payments_of_invoice("in_1"),
    "refunds_of_charge": lambda api: api.refunds_of_charge("ch_1"),
    "owner": lambda api: api.owner("cus_1"),
    "charges_of": lambda api: api.charges_of("cus_1"),
    "subscriptions_of": lambda api: api.subscriptions_of("cus_1"),
    "invoices_of": lambda api: api.invoices_of("cus_1", "open"),
    "made_since": _each_list,
    "made_by": lambda api: api.made_by(
        "k", ["charge.refunded"], datetime(2026, 11, 27, tzinfo=UTC)
    ),
    "check": lambda api: api.check(),
    "event": lambda api: api.event("evt_1"),
    "refund": lambda api: api.refund(
        charge="ch_1",
        money=Money(2000, "eur"),
        reason="duplicate",
        metadata={"chat_action": "1"},
        key="k",
    ),
    **billing_calls.CALLS,
    **paying_calls.CALLS,
    **dispute_calls.CALLS,
    **search_calls.CALLS,
}
KINDS = ("charge", "customer", "dispute", "invoice", "payment_intent", "subscription")
#: stripe-mock does not know version 2 of the API, nor the newest parameter of a resumption; the
#: sandbox's Stripe, which checks by the SDK's own types, stands in for it there.
ELSEWHERE = {"event_object", "set_metadata", "close", "resume_subscription"}


@pytest.fixture(scope="module")
def mock_port() -> Iterator[Port]:
    with Port() as port:
        yield port


@pytest_asyncio.fixture
async def api(mock_port: Port, tmp_path: Path) -> AsyncIterator[StripeApi]:
    addresses = ["-http-addr", f"127.0.0.1:{mock_port.number}", "-https-addr", "127.0.0.1:0"]
    mock = Process("stripe-mock", [str(tool("stripe-mock")), *addresses], log=tmp_path / "mock.log")
    mock.start()
    try:
        await _answers(mock_port.url)
        opened = StripeApi("sk_test_123", api_base=mock_port.url, timeout=timedelta(seconds=20))
        yield opened
        await opened.close()
    finally:
        await asyncio.to_thread(mock.stop)


async def _answers(url: str) -> None:
    """It answers 401 without a key: that is enough."""
    async with asyncio.timeout(20), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(url):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


def test_every_call_is_tried() -> None:
    methods = {
        name
        for name, method in inspect.getmembers(StripeApi, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert methods == set(CALLS) | ELSEWHERE


async def test_every_request_is_accepted(api: StripeApi) -> None:
    for name, call in CALLS.items():
        try:
            await call(api)
        except StripeRefused as refused:
            pytest.fail(f"{name}: {refused}")


@pytest.mark.parametrize("kind", KINDS)
async def test_notes_are_accepted_for_every_kind_of_object(api: StripeApi, kind: str) -> None:
    await api.set_metadata(kind=kind, object_id="x_1", metadata={"chat_note_1": "hello"}, key="k")


@pytest.mark.parametrize("change", billing_calls.CHANGES, ids=str)
async def test_every_change_of_a_subscription_is_accepted(
    api: StripeApi, change: dict[str, object]
) -> None:
    await api.change_subscription("sub_1", change=change, metadata={"chat_action": "1"}, key="k")


async def test_the_mock_does_refuse(api: StripeApi) -> None:
    with pytest.raises(StripeRefused):
        await api.refund(
            charge="ch_1", money=Money(1, "eur"), reason="because", metadata={}, key="k"
        )
