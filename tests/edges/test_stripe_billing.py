"""The billing calls against the sandbox's Stripe: what each does, and how a no of the bank comes back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import pytest_asyncio

from bridge.edges.stripe_api import StripeApi
from bridge.model.errors import StripeDeclined, StripeRefused
from bridge.model.event import Json
from bridge.model.money import Money
from bridge.sandbox.stripe_server import SandboxStripe

MARK = {"chat_action": "1"}


@pytest_asyncio.fixture
async def stripe() -> AsyncIterator[SandboxStripe]:
    async with SandboxStripe() as made:
        yield made


@pytest_asyncio.fixture
async def api(stripe: SandboxStripe) -> AsyncIterator[StripeApi]:
    opened = StripeApi(stripe.writer_key, api_base=stripe.url, timeout=timedelta(seconds=5))
    yield opened
    await opened.close()


async def draft(api: StripeApi, customer: str) -> Json:
    return await api.draft_invoice(
        customer=customer, currency="eur", days=14, text="Repair", metadata=MARK, key="k"
    )


async def test_an_invoice_from_its_draft_to_its_end(stripe: SandboxStripe, api: StripeApi) -> None:
    customer = stripe.happen("checkout_succeeds", currency="eur")["customer"]
    made = await draft(api, customer)
    assert (made["status"], made["lines"]["data"]) == ("draft", [])
    assert (await draft(api, customer))["id"] == made["id"]
    money = Money(12_000, "eur")
    for _ in range(2):
        await api.add_item(invoice=made, money=money, text="Repair", metadata=MARK, key="k:item")
    final = await api.finalize_invoice(made["id"], key="k:finalize")
    assert (final["status"], final["total"]) == ("open", 12_000)
    assert final["auto_advance"] is False
    await api.send_invoice(made["id"], key="k:send")
    (found,) = await api.invoices_since(customer, datetime.now(UTC) - timedelta(minutes=5))
    assert (found["id"], found["metadata"]) == (made["id"], MARK)
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert len(await api.made_by("k:send", ["invoice.sent"], since)) == 1
    assert (await api.write_off_invoice(made["id"], key="w"))["status"] == "uncollectible"
    assert (await api.void_invoice(made["id"], key="v"))["status"] == "void"


async def test_a_draft_is_discarded_however_often(stripe: SandboxStripe, api: StripeApi) -> None:
    made = await draft(api, stripe.happen("checkout_succeeds")["customer"])
    for _ in range(2):
        await api.discard_draft(made["id"])
    with pytest.raises(StripeRefused):
        await api.invoice(made["id"])


async def test_what_the_bank_refuses_is_told_apart(stripe: SandboxStripe, api: StripeApi) -> None:
    invoice = stripe.happen("renewal_fails")["invoice"]
    with pytest.raises(StripeDeclined, match="insufficient funds"):
        await api.pay_invoice(invoice, key="k")
    stripe.world.declines.clear()
    assert (await api.pay_invoice(invoice, key="another"))["status"] == "paid"
    with pytest.raises(StripeRefused) as refused:
        await api.pay_invoice(invoice, key="a third")
    assert not isinstance(refused.value, StripeDeclined)


async def test_a_subscription_pauses_and_ends(stripe: SandboxStripe, api: StripeApi) -> None:
    name = stripe.happen("renewal_succeeds")["subscription"]
    pause = {"pause_collection": {"behavior": "void"}}
    paused = await api.change_subscription(name, change=pause, metadata=MARK, key="p")
    assert paused["pause_collection"] == {"behavior": "void", "resumes_at": None}
    resume = {"pause_collection": ""}
    resumed = await api.change_subscription(name, change=resume, metadata=MARK, key="r")
    assert resumed["pause_collection"] is None
    ended = await api.cancel_subscription(name, comment="sam: moved away")
    assert (ended["status"], ended["metadata"]) == ("canceled", MARK)
    assert ended["cancellation_details"]["comment"] == "sam: moved away"
    with pytest.raises(StripeRefused):
        await api.cancel_subscription(name, comment="again")


async def test_a_paused_one_is_resumed_when_its_invoice_is_paid(
    stripe: SandboxStripe, api: StripeApi
) -> None:
    name = stripe.happen("renewal_succeeds")["subscription"]
    nothing_back = {"bill_for": {"unused_time_from": {"type": "none"}}}
    pause = api._client.v1.subscriptions.pause_async
    await api._write(pause(name, cast("Any", nothing_back)))
    stripe.world.next_declines.append("insufficient_funds")
    assert (await api.resume_subscription(name, key="one"))["status"] == "paused"
    invoice = (await api.subscription(name))["latest_invoice"]
    await api.pay_invoice(invoice, key="two")
    assert (await api.subscription(name))["status"] == "active"
