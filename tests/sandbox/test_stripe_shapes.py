"""Our objects have the fields that the installed SDK's types know, and those it relies on."""

import typing
from typing import Any, Final

import pytest
import stripe

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import SandboxStripe

KINDS: Final[dict[str, type[stripe.StripeObject]]] = {
    "account": stripe.Account,
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "payout": stripe.Payout,
    "price": stripe.Price,
    "product": stripe.Product,
    "radar.early_fraud_warning": stripe.radar.EarlyFraudWarning,
    "refund": stripe.Refund,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
#: Lists told elsewhere or on request only, and what no one reads of a sandbox.
LEFT_OUT: Final = {"automatic_tax", "plan", "managed_payments", "billing_schedules", "consent"}


def hints(kind: type[stripe.StripeObject]) -> dict[str, Any]:
    return {
        k: v
        for k, v in kind.__annotations__.items()
        if not k.startswith("_") and k != "OBJECT_NAME"
    }


def optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


@pytest.fixture
def world(clock: ManualClock) -> SandboxStripe:
    sandbox = SandboxStripe(clock=clock)
    sandbox.add_endpoint("http://127.0.0.1:1/", events=["none"])
    for happening in (
        "checkout_succeeds", "renewal_fails", "renewal_recovers", "billing_details_change",
        "dispute_opens", "early_fraud_warning", "payout_fails",
    ):  # fmt: skip
        sandbox.happen(happening)
    return sandbox


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"refund"}))
def test_shapes(world: SandboxStripe, kind: str) -> None:
    (first, *_) = world.world.store.newest_first(kind)
    fields = hints(KINDS[kind])
    assert first.keys() <= fields.keys()
    relied_on = {name for name, hint in fields.items() if not optional(hint)} - LEFT_OUT
    assert relied_on <= first.keys()
    assert {name for name in relied_on if first[name] is None} == set()


async def test_a_refund(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds")
    refund = await owner.v1.refunds.create_async({"charge": made["charge"]})
    assert refund.to_dict().keys() <= hints(stripe.Refund).keys()
