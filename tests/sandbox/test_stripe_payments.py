"""PaymentIntents and charges over the real SDK."""

from datetime import timedelta
from typing import Any

import pytest
import stripe

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import SandboxStripe

from .conftest import error_of


async def test_create_confirm_and_read_back(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    intent = await owner.v1.payment_intents.create_async({"amount": 1999, "currency": "EUR"})
    assert (intent.status, intent.currency) == ("requires_payment_method", "eur")
    paid = await owner.v1.payment_intents.confirm_async(
        intent.id, {"payment_method": "pm_card_visa"}
    )
    assert (paid.status, paid.amount_received) == ("succeeded", 1999)
    read = await owner.v1.payment_intents.retrieve_async(
        intent.id, {"expand": ["latest_charge.balance_transaction"]}
    )
    charge: Any = read.latest_charge
    assert charge.payment_method_details.card.last4 == "4242"
    assert charge.balance_transaction.amount == 1999
    assert [event["type"] for event in sandbox.events()] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


@pytest.mark.parametrize(
    ("card", "code", "decline"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
async def test_declined(
    sandbox: SandboxStripe, owner: stripe.StripeClient, card: str, code: str, decline: str
) -> None:
    with pytest.raises(stripe.CardError) as declined:
        await owner.v1.payment_intents.create_async(
            {"amount": 500, "currency": "usd", "payment_method": card, "confirm": True}
        )
    assert (declined.value.http_status, declined.value.code) == (402, code)
    assert error_of(declined.value)["decline_code"] == decline
    intent = sandbox.events()[-1]["data"]["object"]
    assert sandbox.events()[-1]["type"] == "payment_intent.payment_failed"
    assert intent["last_payment_error"]["decline_code"] == decline
    (line,) = sandbox.ledger()
    assert (line["status"], line["amount_captured"]) == ("failed", 0)


async def test_decline_next(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    sandbox.decline_next("stolen_card")
    params: Any = {
        "amount": 5,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "confirm": True,
    }
    with pytest.raises(stripe.CardError):
        await owner.v1.payment_intents.create_async(params)
    assert (await owner.v1.payment_intents.create_async(params)).status == "succeeded"


async def test_authorise_and_capture(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    held = await owner.v1.payment_intents.create_async({
        "amount": 800, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True,
        "capture_method": "manual",
    })  # fmt: skip
    assert (held.status, held.amount_capturable) == ("requires_capture", 800)
    taken = await owner.v1.payment_intents.capture_async(held.id, {"amount_to_capture": 600})
    assert (taken.status, taken.amount_received) == ("succeeded", 600)
    (line,) = sandbox.ledger()
    assert (line["amount"], line["amount_captured"]) == (800, 600)


async def test_an_authorised_payment_is_captured_or_let_go(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    kept, dropped = (sandbox.happen("payment_is_authorised", amount=800) for _ in range(2))
    charge = await owner.v1.charges.retrieve_async(kept["charge"])
    details: Any = charge.payment_method_details
    assert (charge.captured, details.card.capture_before) == (False, charge.created + 7 * 86_400)
    taken = await owner.v1.payment_intents.capture_async(
        kept["payment_intent"], {"metadata": {"by": "@ada"}}
    )
    assert (taken.status, taken.to_dict()["metadata"]) == ("succeeded", {"by": "@ada"})
    gone = await owner.v1.payment_intents.cancel_async(dropped["payment_intent"])
    assert (gone.status, gone.amount_capturable) == ("canceled", 0)
    for made in (kept, dropped):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await owner.v1.payment_intents.capture_async(made["payment_intent"])
        assert refused.value.code == "payment_intent_unexpected_state"
    assert [line["amount_captured"] for line in sandbox.ledger()] == [800, 0]


async def test_found_by_what_people_know(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("checkout_succeeds", email="Ada@Example.com")
    sandbox.happen("checkout_succeeds", email="eve@example.com")
    people = await owner.v1.customers.list_async({"email": "Ada@Example.com"})
    assert [c.id for c in people.data] == [made["customer"]]
    assert (await owner.v1.customers.list_async({"email": "ada@example.com"})).data == []
    of_customer: Any = {"customer": made["customer"], "created": {"gte": people.data[0].created}}
    assert [c.id for c in (await owner.v1.charges.list_async(of_customer)).data] == [made["charge"]]
    intents = await owner.v1.payment_intents.list_async(of_customer)
    assert [i.id for i in intents.data] == [made["payment_intent"]]


async def test_cancel_once(owner: stripe.StripeClient) -> None:
    intent = await owner.v1.payment_intents.create_async({"amount": 800, "currency": "usd"})
    ended = await owner.v1.payment_intents.cancel_async(
        intent.id, {"cancellation_reason": "requested_by_customer"}
    )
    assert (ended.status, ended.cancellation_reason) == ("canceled", "requested_by_customer")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await owner.v1.payment_intents.cancel_async(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    "params",
    [
        {"amount": 0, "currency": "usd"},
        {"amount": 5, "currency": "xyz"},
        {"amount": 5, "currency": "usd", "customer": "cus_nobody"},
        {"amount": 5, "currency": "usd", "confirm": True},
    ],
)
async def test_refused(owner: stripe.StripeClient, params: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await owner.v1.payment_intents.create_async(params)


async def test_notes_on_a_charge(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds", metadata={"order": "7"})
    await owner.v1.charges.update_async(made["charge"], {"metadata": {"note": "called"}})
    assert sandbox.events()[-1]["type"] == "charge.updated"
    # An added key had no value before.
    previous = sandbox.events()[-1]["data"]["previous_attributes"]
    assert previous == {"metadata": {"note": None}}
    assert sandbox.ledger()[0]["metadata"] == {"order": "7", "note": "called"}


async def test_the_balance_has_a_pot_for_each_currency(
    sandbox: SandboxStripe, owner: stripe.StripeClient, clock: ManualClock
) -> None:
    sandbox.happen("checkout_succeeds", amount=1000, currency="eur")
    clock.advance(timedelta(days=3))
    sandbox.happen("checkout_succeeds", amount=2000, currency="jpy")
    balance = await owner.v1.balance.retrieve_async()
    assert [(pot.amount, pot.currency) for pot in balance.available] == [(1000 - 59, "eur")]
    assert [(pot.amount, pot.currency) for pot in balance.pending] == [(2000 - 88, "jpy")]


async def test_the_balance_is_the_sum_of_what_moved(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("checkout_succeeds", amount=10_000, currency="kwd")
    await owner.v1.refunds.create_async({"charge": made["charge"], "amount": 4000})
    balance = await owner.v1.balance.retrieve_async()
    assert [(pot.amount, pot.currency) for pot in balance.pending] == [(10_000 - 320 - 4000, "kwd")]
