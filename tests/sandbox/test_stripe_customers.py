"""Customers, their cards, metadata, pages and expansion."""

from typing import Any

import pytest
import stripe

from bridge.sandbox.stripe_server import SandboxStripe


async def test_a_customers_life(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = await owner.v1.customers.create_async({"email": "ada@example.com", "name": "Ada"})
    changed = await owner.v1.customers.update_async(made.id, {"name": "Ada L.", "phone": "+1"})
    assert (changed.name, changed.email) == ("Ada L.", "ada@example.com")
    assert sandbox.events()[-1]["data"]["previous_attributes"] == {"name": "Ada", "phone": None}
    assert (await owner.v1.customers.delete_async(made.id)).to_dict()["deleted"] is True
    # Stripe remembers that there was someone, and nothing else.
    assert (await owner.v1.customers.retrieve_async(made.id)).to_dict()["deleted"] is True
    assert (await owner.v1.customers.list_async({"email": "ada@example.com"})).data == []
    with pytest.raises(stripe.InvalidRequestError) as gone:
        await owner.v1.customers.update_async(made.id, {"name": "Bob"})
    assert (gone.value.http_status, gone.value.code) == (404, "resource_missing")
    kinds = [event["type"] for event in sandbox.events()]
    assert kinds == ["customer.created", "customer.updated", "customer.deleted"]


async def test_found_by_the_exact_email_only(owner: stripe.StripeClient) -> None:
    await owner.v1.customers.create_async({"email": "Ada@example.com"})
    for email, found in (("Ada@example.com", 1), ("ada@example.com", 0)):
        assert len((await owner.v1.customers.list_async({"email": email})).data) == found


async def test_cards_come_and_go(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    customer = await owner.v1.customers.create_async({"name": "Ada"})
    card = await owner.v1.payment_methods.attach_async("pm_card_visa", {"customer": customer.id})
    mine = await owner.v1.customers.payment_methods.list_async(customer.id)
    assert [method.id for method in mine.data] == [card.id]
    gone = await owner.v1.payment_methods.detach_async(card.id)
    assert gone.customer is None
    # The object no longer knows whose it was; the event does.
    assert sandbox.events()[-1]["data"]["previous_attributes"] == {"customer": customer.id}


@pytest.mark.parametrize(
    "metadata",
    [
        {"k" * 41: "v"},
        {"k": "v" * 501},
        {f"k{n}": "v" for n in range(51)},
    ],
    ids=["long key", "long value", "too many"],
)
async def test_metadata_has_limits(owner: stripe.StripeClient, metadata: dict[str, str]) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await owner.v1.customers.create_async({"metadata": metadata})
    assert refused.value.param == "metadata"


async def test_metadata_merges_and_an_empty_text_deletes(owner: stripe.StripeClient) -> None:
    widest = {f"k{n}": "v" * 500 for n in range(49)} | {"k" * 40: "v"}
    customer = await owner.v1.customers.create_async({"metadata": widest})
    with pytest.raises(stripe.InvalidRequestError):
        await owner.v1.customers.update_async(customer.id, {"metadata": {"one": "more"}})
    swapped = await owner.v1.customers.update_async(
        customer.id, {"metadata": {"k0": "", "one": "more"}}
    )
    assert len(swapped.to_dict()["metadata"]) == 50
    empty = await owner.v1.customers.update_async(customer.id, {"metadata": ""})
    assert empty.to_dict()["metadata"] == {}


async def test_pages(owner: stripe.StripeClient) -> None:
    made = [(await owner.v1.customers.create_async({"name": str(n)})).id for n in range(7)][::-1]
    first = await owner.v1.customers.list_async({"limit": 3})
    assert ([c.id for c in first.data], first.has_more) == (made[:3], True)
    walked = [customer.id async for customer in first.auto_paging_iter()]
    assert walked == made
    before = await owner.v1.customers.list_async({"limit": 2, "ending_before": made[4]})
    assert ([c.id for c in before.data], before.has_more) == (made[2:4], True)


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 101},
        {"starting_after": "cus_nobody"},
        {"starting_after": "a", "ending_before": "b"},
    ],
)
async def test_bad_pages(owner: stripe.StripeClient, params: Any) -> None:
    await owner.v1.customers.create_async({})
    with pytest.raises(stripe.InvalidRequestError):
        await owner.v1.customers.list_async(params)


async def test_expansion(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("dispute_opens", name="Eve")
    dispute: Any = await owner.v1.disputes.retrieve_async(
        made["dispute"], {"expand": ["charge.customer", "payment_intent", "charge.refunds"]}
    )
    assert dispute.charge.customer.name == "Eve"
    assert dispute.payment_intent.id == made["payment_intent"]
    assert dispute.charge.refunds.data == []
    page: Any = await owner.v1.disputes.list_async({"expand": ["data.charge.customer"]})
    assert page.data[0].charge.customer.name == "Eve"
    plain = await owner.v1.disputes.retrieve_async(made["dispute"])
    assert plain.charge == made["charge"]


@pytest.mark.parametrize("path", ["colour", "amount.x", "charge.customer.a.b.c", "charge.colour"])
async def test_what_cannot_be_expanded(
    sandbox: SandboxStripe, owner: stripe.StripeClient, path: str
) -> None:
    made = sandbox.happen("dispute_opens")
    with pytest.raises(stripe.InvalidRequestError, match="expand"):
        await owner.v1.disputes.retrieve_async(made["dispute"], {"expand": [path]})


async def test_a_change_that_changes_nothing_is_no_event(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = await owner.v1.customers.create_async({"name": "Ada"})
    await owner.v1.customers.update_async(made.id, {"name": "Ada"})
    assert [event["type"] for event in sandbox.events()] == ["customer.created"]


async def test_the_customer_of_a_payment_may_be_gone(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails")
    await owner.v1.customers.delete_async(made["customer"])
    charge: Any = await owner.v1.charges.retrieve_async(made["charge"], {"expand": ["customer"]})
    assert charge.to_dict()["customer"]["deleted"] is True
    with pytest.raises(stripe.CardError):
        await owner.v1.invoices.pay_async(made["invoice"])
