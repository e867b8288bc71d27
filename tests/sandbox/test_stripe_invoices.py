"""Invoices of one's own: drawn up, sent, paid, given up."""

from typing import Any

import pytest
import stripe

from bridge.sandbox.stripe_server import SandboxStripe


@pytest.fixture
def customer(sandbox: SandboxStripe) -> str:
    return str(sandbox.happen("checkout_succeeds")["customer"])


def told(sandbox: SandboxStripe, since: int) -> list[str]:
    return [event["type"] for event in sandbox.events()[since:]]


async def test_from_draft_to_paid(
    sandbox: SandboxStripe, owner: stripe.StripeClient, customer: str
) -> None:
    seen = len(sandbox.events())
    draft = await owner.v1.invoices.create_async({
        "customer": customer, "collection_method": "send_invoice", "days_until_due": 14,
        "description": "Repair", "metadata": {"chat_action": "7"}, "currency": "EUR",
    })  # fmt: skip
    assert (draft.status, draft.total, draft.number) == ("draft", 0, None)
    assert draft.due_date == draft.created + 14 * 86_400
    item = await owner.v1.invoice_items.create_async(
        {"customer": customer, "invoice": draft.id, "amount": 7500, "description": "Work"}
    )
    assert (item.currency, item.invoice) == ("eur", draft.id)
    await owner.v1.invoices.add_lines_async(
        draft.id, {"lines": [{"description": "Parts", "amount": 500}]}
    )
    lines = await owner.v1.invoices.line_items.list_async(draft.id)
    assert [(line.description, line.amount) for line in lines.data] == [
        ("Work", 7500),
        ("Parts", 500),
    ]
    final = await owner.v1.invoices.finalize_invoice_async(draft.id)
    assert (final.status, final.amount_due) == ("open", 8000)
    assert final.number is not None
    assert final.hosted_invoice_url is not None
    await owner.v1.invoices.send_invoice_async(draft.id)
    paid = await owner.v1.invoices.pay_async(draft.id)
    assert (paid.status, paid.amount_paid, paid.next_payment_attempt) == ("paid", 8000, None)
    assert told(sandbox, seen) == [
        "invoice.created", "invoiceitem.created", "invoice.updated", "invoiceitem.created",
        "invoice.updated", "invoice.finalized", "payment_intent.created", "invoice.sent",
        "charge.succeeded", "payment_intent.succeeded", "invoice_payment.paid", "invoice.updated",
        "invoice.paid", "invoice.payment_succeeded",
    ]  # fmt: skip
    assert sandbox.ledger()[-1]["amount_captured"] == 8000


async def test_what_waits_comes_along_when_asked(owner: stripe.StripeClient, customer: str) -> None:
    item = await owner.v1.invoice_items.create_async({
        "customer": customer, "quantity": 3,
        "price_data": {"currency": "usd", "unit_amount": 200, "product": await product(owner)},
    })  # fmt: skip
    assert (item.amount, item.invoice) == (600, None)
    waiting = await owner.v1.invoice_items.list_async({"pending": True, "customer": customer})
    assert [i.id for i in waiting.data] == [item.id]
    alone = await owner.v1.invoices.create_async({"customer": customer})
    with_it = await owner.v1.invoices.create_async(
        {"customer": customer, "pending_invoice_items_behavior": "include"}
    )
    assert (alone.total, with_it.total) == (0, 600)
    assert (await owner.v1.invoice_items.list_async({"pending": True})).data == []


async def product(owner: stripe.StripeClient) -> str:
    link = await owner.v1.payment_links.create_async({
        "line_items": [{
            "price_data": {"currency": "usd", "unit_amount": 200, "product_data": {"name": "Hat"}},
            "quantity": 1,
        }]
    })  # fmt: skip
    (item,) = (await owner.v1.payment_links.line_items.list_async(link.id)).data
    price: Any = item.price
    return str(price.product)


async def test_a_waiting_item_put_on_a_draft(owner: stripe.StripeClient, customer: str) -> None:
    item = await owner.v1.invoice_items.create_async(
        {"customer": customer, "amount": 900, "currency": "usd"}
    )
    draft = await owner.v1.invoices.create_async({"customer": customer})
    lines: Any = {"lines": [{"invoice_item": item.id}]}
    assert (await owner.v1.invoices.add_lines_async(draft.id, lines)).total == 900
    with pytest.raises(stripe.InvalidRequestError, match="cannot go on this invoice"):
        await owner.v1.invoices.add_lines_async(draft.id, lines)
    await owner.v1.invoice_items.delete_async(item.id)
    assert (await owner.v1.invoices.retrieve_async(draft.id)).total == 0


async def test_an_invoice_of_nothing_is_paid_at_once(
    owner: stripe.StripeClient, customer: str
) -> None:
    draft = await owner.v1.invoices.create_async({"customer": customer})
    assert (await owner.v1.invoices.finalize_invoice_async(draft.id)).status == "paid"
    another = await owner.v1.invoices.create_async({"customer": customer})
    assert (await owner.v1.invoices.pay_async(another.id)).status == "paid"


async def test_a_draft_is_deleted(
    sandbox: SandboxStripe, owner: stripe.StripeClient, customer: str
) -> None:
    draft = await owner.v1.invoices.create_async({"customer": customer})
    await owner.v1.invoice_items.create_async(
        {"customer": customer, "invoice": draft.id, "amount": 1}
    )
    await owner.v1.invoices.delete_async(draft.id)
    assert sandbox.events()[-1]["type"] == "invoice.deleted"
    with pytest.raises(stripe.InvalidRequestError, match="No such invoice"):
        await owner.v1.invoices.retrieve_async(draft.id)
    assert (await owner.v1.invoice_items.list_async({})).data == []


@pytest.mark.parametrize("verb", ["void_invoice_async", "pay_async"])
async def test_what_is_settled_cannot_be_paid_by_card_any_more(
    owner: stripe.StripeClient, customer: str, verb: str
) -> None:
    draft = await owner.v1.invoices.create_async({"customer": customer})
    await owner.v1.invoices.add_lines_async(draft.id, {"lines": [{"amount": 900}]})
    await owner.v1.invoices.finalize_invoice_async(draft.id)
    (payment,) = (await owner.v1.invoice_payments.list_async({"invoice": draft.id})).data
    params = {"paid_out_of_band": True} if verb == "pay_async" else {}
    await getattr(owner.v1.invoices, verb)(draft.id, params)
    intent: Any = payment.payment.payment_intent
    assert (await owner.v1.payment_intents.retrieve_async(intent)).status == "canceled"
    (payment,) = (await owner.v1.invoice_payments.list_async({"invoice": draft.id})).data
    assert payment.status == "canceled"


async def test_given_up_and_paid_after_all(
    sandbox: SandboxStripe, owner: stripe.StripeClient, customer: str
) -> None:
    draft = await owner.v1.invoices.create_async({"customer": customer})
    await owner.v1.invoices.add_lines_async(draft.id, {"lines": [{"amount": 900}]})
    await owner.v1.invoices.finalize_invoice_async(draft.id)
    lost = await owner.v1.invoices.mark_uncollectible_async(draft.id)
    assert (lost.status, sandbox.events()[-1]["type"]) == (
        "uncollectible",
        "invoice.marked_uncollectible",
    )
    assert (await owner.v1.invoices.pay_async(draft.id)).status == "paid"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"collection_method": "send_invoice"}, "needs days_until_due or due_date"),
        ({"days_until_due": 3}, "needs days_until_due or due_date"),
        ({"currency": "xyz"}, "Invalid currency: xyz"),
        ({"customer": "cus_nobody"}, "No such customer"),
    ],
)
async def test_drafts_refused(
    owner: stripe.StripeClient, customer: str, asked: dict[str, Any], message: str
) -> None:
    params: Any = {"customer": customer, **asked}
    with pytest.raises(stripe.InvalidRequestError, match=message):
        await owner.v1.invoices.create_async(params)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "You must pass `amount`"),
        ({"amount": 5, "currency": "xyz"}, "Invalid currency: xyz"),
        ({"amount": 5}, r"Invalid currency: \."),
        ({"amount": 5, "currency": "usd", "quantity": 0}, "1 or more"),
        ({"amount": 5, "invoice": "in_nobody"}, "No such invoice"),
        ({"amount": 5, "currency": "eur", "invoice": "draft"}, "The item is in eur"),
        ({"amount": 5, "invoice": "final"}, "only a draft can be changed"),
    ],
)
async def test_items_refused(
    owner: stripe.StripeClient, customer: str, asked: dict[str, Any], message: str
) -> None:
    made: dict[str, str] = {}
    for name in ("draft", "final"):
        made[name] = (await owner.v1.invoices.create_async({"customer": customer})).id
    await owner.v1.invoices.finalize_invoice_async(made["final"])
    if "invoice" in asked:
        asked = {**asked, "invoice": made.get(asked["invoice"], asked["invoice"])}
    params: Any = {"customer": customer, **asked}
    with pytest.raises(stripe.InvalidRequestError, match=message):
        await owner.v1.invoice_items.create_async(params)


async def test_only_invoices_meant_for_it_are_sent(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails")
    with pytest.raises(stripe.InvalidRequestError, match="collection method is 'send_invoice'"):
        await owner.v1.invoices.send_invoice_async(made["invoice"])


async def test_a_final_invoice_is_only_annotated(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails")
    noted = await owner.v1.invoices.update_async(made["invoice"], {"metadata": {"note": "x"}})
    assert noted.to_dict()["metadata"] == {"note": "x"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await owner.v1.invoices.update_async(made["invoice"], {"days_until_due": 3})
    assert refused.value.code == "invoice_not_editable"
