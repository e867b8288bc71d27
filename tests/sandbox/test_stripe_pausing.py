"""Subscriptions that pause, and the two ways to end one."""

from datetime import timedelta
from typing import Any

import pytest
import stripe

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import SandboxStripe


def told(sandbox: SandboxStripe, since: int) -> list[str]:
    return [event["type"] for event in sandbox.events()[since:]]


async def test_paused_and_resumed(
    sandbox: SandboxStripe, owner: stripe.StripeClient, clock: ManualClock
) -> None:
    made = sandbox.happen("renewal_succeeds", amount=3000)
    clock.advance(timedelta(days=10))
    seen = len(sandbox.events())
    paused: Any = await owner.v1.subscriptions.pause_async(made["subscription"])
    assert (paused.status, paused.status_details.paused.subscription.type) == (
        "paused",
        "pause_requested",
    )
    assert told(sandbox, seen) == [
        "invoiceitem.created", "customer.subscription.updated", "customer.subscription.paused",
    ]  # fmt: skip
    assert sandbox.events()[-2]["data"]["previous_attributes"]["status"] == "active"
    (unused,) = (await owner.v1.invoice_items.list_async({"pending": True})).data
    assert unused.amount == -2000
    with pytest.raises(stripe.InvalidRequestError, match="is paused cannot be paused"):
        await owner.v1.subscriptions.pause_async(made["subscription"])
    clock.advance(timedelta(days=30))
    resumed: Any = await owner.v1.subscriptions.resume_async(
        made["subscription"], {"payment_behavior": "resume_on_payment_success"}
    )
    assert (resumed.status, resumed.status_details) == ("active", None)
    assert sandbox.events()[-1]["type"] == "customer.subscription.resumed"
    invoice = await owner.v1.invoices.retrieve_async(resumed.latest_invoice)
    assert (invoice.status, invoice.amount_paid) == ("paid", 1000)
    with pytest.raises(stripe.InvalidRequestError, match="Only a paused subscription"):
        await owner.v1.subscriptions.resume_async(made["subscription"])


async def test_resumed_only_when_paid(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("renewal_succeeds")
    none: Any = {"bill_for": {"unused_time_from": {"type": "none"}}}
    await owner.v1.subscriptions.pause_async(made["subscription"], none)
    sandbox.decline_next("expired_card")
    still: Any = await owner.v1.subscriptions.resume_async(
        made["subscription"], {"payment_behavior": "resume_on_payment_success"}
    )
    assert still.status == "paused"
    await owner.v1.invoices.pay_async(still.latest_invoice)
    after = await owner.v1.subscriptions.retrieve_async(made["subscription"])
    assert (after.status, sandbox.events()[-1]["type"]) == (
        "active",
        "customer.subscription.resumed",
    )


async def test_resumed_at_once_by_default(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails")
    await owner.v1.subscriptions.pause_async(
        made["subscription"], {"bill_for": {"unused_time_from": {"type": "none"}}}
    )
    await owner.v1.invoices.pay_async(made["invoice"], {"payment_method": "pm_card_visa"})
    paused = await owner.v1.subscriptions.retrieve_async(made["subscription"])
    assert paused.status == "paused", "an invoice of the time before does not end the pause"
    resumed: Any = await owner.v1.subscriptions.resume_async(made["subscription"])
    invoice = await owner.v1.invoices.retrieve_async(resumed.latest_invoice)
    assert (resumed.status, invoice.status) == ("active", "open")


@pytest.mark.parametrize(
    ("behavior", "status", "event"),
    [
        ("keep_as_draft", "draft", None),
        ("void", "void", "invoice.voided"),
        ("mark_uncollectible", "uncollectible", "invoice.marked_uncollectible"),
    ],
)
async def test_collection_pauses(
    sandbox: SandboxStripe,
    owner: stripe.StripeClient,
    behavior: Any,
    status: str,
    event: str | None,
) -> None:
    made = sandbox.happen("renewal_succeeds")
    paused: Any = await owner.v1.subscriptions.update_async(
        made["subscription"], {"pause_collection": {"behavior": behavior}}
    )
    assert paused.pause_collection.resumes_at is None
    seen = len(sandbox.events())
    skipped = sandbox.happen("subscription_renews", subscription=made["subscription"])
    invoice = await owner.v1.invoices.retrieve_async(skipped["invoice"])
    assert (invoice.status, len(sandbox.ledger())) == (status, 1)
    assert event is None or event in told(sandbox, seen)


async def test_the_end_comes_with_the_period(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds")
    await owner.v1.subscriptions.update_async(made["subscription"], {"cancel_at_period_end": True})
    seen = len(sandbox.events())
    sandbox.happen("subscription_renews", subscription=made["subscription"])
    assert told(sandbox, seen) == ["customer.subscription.deleted"]
    ended = await owner.v1.subscriptions.retrieve_async(made["subscription"])
    assert ended.cancellation_details is not None
    assert (ended.status, ended.cancellation_details.reason) == (
        "canceled",
        "cancellation_requested",
    )
    noted = await owner.v1.subscriptions.update_async(
        made["subscription"], {"metadata": {"note": "x"}}
    )
    assert noted.to_dict()["metadata"] == {"note": "x"}
    with pytest.raises(stripe.InvalidRequestError, match="can only update"):
        await owner.v1.subscriptions.update_async(made["subscription"], {"description": "x"})


async def test_canceled_with_what_is_left_given_back(
    sandbox: SandboxStripe, owner: stripe.StripeClient, clock: ManualClock
) -> None:
    made = sandbox.happen("renewal_succeeds", amount=3000)
    clock.advance(timedelta(days=20))
    await owner.v1.subscriptions.cancel_async(
        made["subscription"],
        {"prorate": True, "invoice_now": True, "cancellation_details": {"comment": "moved away"}},
    )
    customer = await owner.v1.customers.retrieve_async(made["customer"])
    assert customer.balance == -1000
    (last, _) = (await owner.v1.invoices.list_async({})).data
    assert (last.total, last.amount_due, last.status) == (-1000, 0, "paid")
    assert len(sandbox.ledger()) == 1


async def test_a_portal_for_the_customer(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds")
    session = await owner.v1.billing_portal.sessions.create_async(
        {"customer": made["customer"], "return_url": "https://shop.example/"}
    )
    assert session.url.startswith("https://billing.stripe.com/p/session/test_")
    assert (session.customer, session.return_url) == (made["customer"], "https://shop.example/")
    assert sandbox.events()[-1]["type"] == "billing_portal.session.created"
    refused: tuple[tuple[Any, str], ...] = (
        ({}, "Missing required"),
        ({"customer": "cus_x"}, "No such customer"),
    )
    for params, message in refused:
        with pytest.raises(stripe.InvalidRequestError, match=message):
            await owner.v1.billing_portal.sessions.create_async(params)
