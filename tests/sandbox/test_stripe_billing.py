"""Invoices, the payments of invoices, and subscriptions."""

from typing import Any

import pytest
import stripe

from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.errors import StripeError


async def test_an_invoice_leads_to_its_payment_and_back(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails")
    sandbox.happen("renewal_fails")
    of_invoice = await owner.v1.invoice_payments.list_async({"invoice": made["invoice"]})
    assert [p.payment.payment_intent for p in of_invoice.data] == [made["payment_intent"]]
    back = await owner.v1.invoice_payments.list_async(
        {"payment": {"type": "payment_intent", "payment_intent": made["payment_intent"]}}
    )
    assert [p.invoice for p in back.data] == [made["invoice"]]


async def test_the_newer_api_has_no_shortcuts(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails")
    invoice = (await owner.v1.invoices.retrieve_async(made["invoice"])).to_dict()
    charge = (await owner.v1.charges.retrieve_async(made["charge"])).to_dict()
    subscription = (await owner.v1.subscriptions.retrieve_async(made["subscription"])).to_dict()
    assert not {"payment_intent", "charge", "subscription", "paid"} & invoice.keys()
    assert invoice["parent"]["subscription_details"]["subscription"] == made["subscription"]
    assert "invoice" not in charge
    assert "current_period_end" not in subscription
    assert subscription["items"]["data"][0]["current_period_end"] > invoice["created"]


async def test_pay_after_the_card_was_replaced(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails", decline_code="expired_card")
    with pytest.raises(stripe.CardError) as declined:
        await owner.v1.invoices.pay_async(made["invoice"])
    assert declined.value.code == "expired_card"
    sandbox.happen("billing_details_change", customer=made["customer"])
    paid = await owner.v1.invoices.pay_async(made["invoice"])
    assert (paid.status, paid.amount_paid, paid.attempt_count) == ("paid", 2900, 3)
    subscription = await owner.v1.subscriptions.retrieve_async(made["subscription"])
    assert subscription.status == "active"
    with pytest.raises(stripe.InvalidRequestError, match="Invoice is already paid"):
        await owner.v1.invoices.pay_async(made["invoice"])


async def test_paid_elsewhere(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("renewal_fails")
    paid = await owner.v1.invoices.pay_async(made["invoice"], {"paid_out_of_band": True})
    assert paid.status == "paid"
    assert sandbox.ledger()[-1]["amount_captured"] == 0


@pytest.mark.parametrize(
    ("verb", "status", "event"),
    [
        ("void_invoice_async", "void", "invoice.voided"),
        ("mark_uncollectible_async", "uncollectible", "invoice.marked_uncollectible"),
    ],
)
async def test_other_ends(
    sandbox: SandboxStripe, owner: stripe.StripeClient, verb: str, status: str, event: str
) -> None:
    made = sandbox.happen("renewal_fails")
    invoice = await getattr(owner.v1.invoices, verb)(made["invoice"])
    assert (invoice.status, sandbox.events()[-1]["type"]) == (status, event)


async def test_a_paid_invoice_cannot_be_voided(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds")
    with pytest.raises(stripe.InvalidRequestError):
        await owner.v1.invoices.void_invoice_async(made["invoice"])


async def test_lists(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    failed, paid = sandbox.happen("renewal_fails"), sandbox.happen("renewal_succeeds")
    asked: tuple[tuple[Any, str], ...] = (
        ({"status": "open"}, failed["invoice"]),
        ({"customer": paid["customer"]}, paid["invoice"]),
        ({"subscription": failed["subscription"]}, failed["invoice"]),
    )
    for params, found in asked:
        assert [i.id for i in (await owner.v1.invoices.list_async(params)).data] == [found]


async def test_cancel_at_the_period_end_and_change_of_mind(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds")
    ending: Any = await owner.v1.subscriptions.update_async(
        made["subscription"],
        {"cancel_at_period_end": True, "cancellation_details": {"comment": "too dear"}},
    )
    data = ending.to_dict()
    assert data["cancel_at"] == data["items"]["data"][0]["current_period_end"]
    assert data["cancellation_details"]["comment"] == "too dear"
    previous = sandbox.events()[-1]["data"]["previous_attributes"]
    assert previous["cancel_at_period_end"] is False
    staying = await owner.v1.subscriptions.update_async(
        made["subscription"], {"cancel_at_period_end": False}
    )
    assert (staying.cancel_at, staying.canceled_at) == (None, None)


async def test_cancel_now(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("renewal_succeeds")
    ended = await owner.v1.subscriptions.cancel_async(made["subscription"])
    assert (ended.status, sandbox.events()[-1]["type"]) == (
        "canceled",
        "customer.subscription.deleted",
    )
    with pytest.raises(stripe.InvalidRequestError):
        await owner.v1.subscriptions.cancel_async(made["subscription"])
    assert (await owner.v1.subscriptions.list_async({})).data == []
    everything = await owner.v1.subscriptions.list_async({"status": "all"})
    assert [s.id for s in everything.data] == [made["subscription"]]


async def test_pausing_collection_leaves_the_status(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds")
    paused: Any = await owner.v1.subscriptions.update_async(
        made["subscription"], {"pause_collection": {"behavior": "void"}}
    )
    assert (paused.status, paused.pause_collection.behavior) == ("active", "void")
    resumed = await owner.v1.subscriptions.update_async(
        made["subscription"], {"pause_collection": ""}
    )
    assert resumed.pause_collection is None


async def test_a_late_payment_does_not_revive_a_canceled_subscription(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails")
    sandbox.happen("subscription_ends", subscription=made["subscription"])
    sandbox.happen("renewal_recovers", invoice=made["invoice"])
    subscription = await owner.v1.subscriptions.retrieve_async(made["subscription"])
    assert subscription.status == "canceled"
    with pytest.raises(StripeError, match="does not renew"):
        sandbox.happen("renewal_fails", subscription=made["subscription"])


async def test_the_same_subscription_renews_again(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    first = sandbox.happen("renewal_succeeds", amount=1500)
    again = sandbox.happen("renewal_fails", subscription=first["subscription"])
    assert again["customer"] == first["customer"]
    page = await owner.v1.invoices.list_async({"subscription": first["subscription"]})
    assert [(i.id, i.total) for i in page.data] == [
        (again["invoice"], 1500),
        (first["invoice"], 1500),
    ]
    assert len(list(sandbox.world.store.oldest_first("customer"))) == 1
