"""Our objects have the fields that the installed SDK's types know, and those it relies on."""

import io
import typing
from typing import Any, Final

import pytest
import stripe

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import SandboxStripe

KINDS: Final[dict[str, type[stripe.StripeObject]]] = {
    "account": stripe.Account,
    "balance_transaction": stripe.BalanceTransaction,
    "billing_portal.session": stripe.billing_portal.Session,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "credit_note": stripe.CreditNote,
    "credit_note_line_item": stripe.CreditNoteLineItem,
    "customer": stripe.Customer,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "dispute": stripe.Dispute,
    "file": stripe.File,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "invoiceitem": stripe.InvoiceItem,
    "item": stripe.LineItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_link": stripe.PaymentLink,
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


#: Kinds that only requests make.
ASKED_FOR: Final = frozenset({
    "billing_portal.session", "credit_note", "credit_note_line_item",
    "customer_balance_transaction", "file", "invoiceitem", "item", "payment_link", "refund",
})  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - ASKED_FOR))
def test_shapes(world: SandboxStripe, kind: str) -> None:
    check(world, kind)


async def test_shapes_that_were_asked_for(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds", amount=900)
    customer: Any = {"customer": made["customer"]}
    price = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Hat"}}
    file: Any = io.BytesIO(b"%PDF-1.4")
    await owner.v1.refunds.create_async({"charge": made["charge"], "amount": 100})
    await owner.v1.credit_notes.create_async(
        {"invoice": made["invoice"], "amount": 500, "credit_amount": 500}
    )
    await owner.v1.billing_portal.sessions.create_async(customer)
    item: Any = {**customer, "amount": 5, "currency": "usd"}
    await owner.v1.invoice_items.create_async(item)
    link: Any = {"line_items": [{"price_data": price, "quantity": 1}]}
    await owner.v1.payment_links.create_async(link)
    await owner.v1.files.create_async({"purpose": "dispute_evidence", "file": file})
    for kind in ASKED_FOR:
        check(sandbox, kind)


def check(sandbox: SandboxStripe, kind: str) -> None:
    (first, *_) = sandbox.world.store.newest_first(kind)
    fields = hints(KINDS[kind])
    assert first.keys() <= fields.keys()
    relied_on = {name for name, hint in fields.items() if not optional(hint)} - LEFT_OUT
    assert relied_on <= first.keys()
    assert {name for name in relied_on if first[name] is None} == set()
