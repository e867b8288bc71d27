"""Scenes: coherent objects, and every event Stripe would send of them."""

from typing import Any

import pytest
import stripe

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.errors import StripeError

PAID = ["charge.succeeded", "payment_intent.succeeded"]
BILLED = ["invoice.created", "invoice.finalized", "payment_intent.created"]
PAID_INVOICE = [
    *PAID, "invoice_payment.paid", "invoice.updated", "invoice.paid", "invoice.payment_succeeded",
]  # fmt: skip
DECLINED = [
    "charge.failed", "payment_intent.payment_failed", "invoice.updated", "invoice.payment_failed",
]  # fmt: skip


def told(sandbox: SandboxStripe, made: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for event in sandbox.events() if event["id"] in made["events"]]


@pytest.mark.parametrize(
    ("before", "happening", "types"),
    [
        ([], "checkout_succeeds", [
            "customer.created", "payment_method.attached", "payment_intent.created", *PAID,
            "checkout.session.completed",
        ]),
        ([], "renewal_fails", [
            *BILLED, *DECLINED, "customer.subscription.updated",
        ]),
        (["renewal_fails"], "renewal_fails_again", DECLINED),
        (["renewal_fails"], "renewal_recovers", [*PAID_INVOICE, "customer.subscription.updated"]),
        ([], "renewal_succeeds", [*BILLED, *PAID_INVOICE, "customer.subscription.updated"]),
        (["renewal_fails"], "subscription_ends", ["customer.subscription.deleted"]),
        ([], "billing_details_change", ["payment_method.attached", "customer.updated"]),
        (["renewal_succeeds"], "subscription_renews", [
            *BILLED, *PAID_INVOICE, "customer.subscription.updated",
        ]),
        (["renewal_fails"], "subscription_renews", [
            *BILLED, *DECLINED, "customer.subscription.updated",
        ]),
        ([], "payment_is_authorised", [
            "customer.created", "payment_method.attached", "payment_intent.created",
            "charge.succeeded", "payment_intent.amount_capturable_updated",
        ]),
        ([], "dispute_opens", ["charge.dispute.created", "charge.dispute.funds_withdrawn"]),
        ([], "early_fraud_warning", ["radar.early_fraud_warning.created"]),
        ([], "payout_fails", ["payout.failed"]),
        ([], "payment_fails", [
            "customer.created", "payment_method.attached", "payment_intent.created",
            "charge.failed", "payment_intent.payment_failed",
        ]),
    ],
)  # fmt: skip
def test_which_events_are_told(
    clock: ManualClock, before: list[str], happening: str, types: list[str]
) -> None:
    sandbox = SandboxStripe(clock=clock)
    for earlier in before:
        sandbox.happen(earlier)
    made = sandbox.happen(happening)
    events = told(sandbox, made)
    assert [event["type"] for event in events] == types
    for event in events:
        changed = event["type"].endswith(".updated") and "capturable" not in event["type"]
        assert ("previous_attributes" in event["data"]) is changed
        assert event["request"] == {"id": None, "idempotency_key": None}


def test_a_failed_renewal_hangs_together(clock: ManualClock) -> None:
    sandbox = SandboxStripe(clock=clock)
    made = sandbox.happen("renewal_fails", decline_code="expired_card", amount=1234, currency="gbp")
    about = {event["type"]: event["data"] for event in told(sandbox, made)}
    charge = about["charge.failed"]["object"]
    intent = about["payment_intent.payment_failed"]["object"]
    invoice = about["invoice.payment_failed"]["object"]
    updated = about["customer.subscription.updated"]
    assert charge["payment_intent"] == intent["id"] == made["payment_intent"]
    assert (charge["outcome"]["reason"], charge["failure_code"]) == ("expired_card", "expired_card")
    assert intent["last_payment_error"]["message"] == "Your card has expired."
    assert intent["latest_charge"] == charge["id"]
    assert {o["customer"] for o in (charge, intent, invoice, updated["object"])} == {
        made["customer"]
    }
    assert (invoice["amount_remaining"], invoice["currency"]) == (1234, "gbp")
    assert (invoice["attempt_count"], invoice["status"]) == (1, "open")
    assert invoice["next_payment_attempt"] > invoice["created"]
    assert updated["object"]["status"] == "past_due"
    assert updated["previous_attributes"]["status"] == "active"
    assert updated["object"]["latest_invoice"] == made["invoice"]


def test_a_change_of_billing_details_tells_the_old_ones(clock: ManualClock) -> None:
    sandbox = SandboxStripe(clock=clock)
    made = sandbox.happen("billing_details_change", email="new@example.com")
    data = told(sandbox, made)[-1]["data"]
    assert data["object"]["email"] == "new@example.com"
    assert data["previous_attributes"]["email"] == "alan@example.com"
    assert data["previous_attributes"]["address"]["city"] is None
    assert "name" not in data["previous_attributes"]


async def test_everything_named_can_be_fetched(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made: dict[str, str] = {}
    for happening in (
        "checkout_succeeds", "renewal_fails", "billing_details_change", "dispute_opens",
        "early_fraud_warning", "payout_fails",
    ):  # fmt: skip
        made |= {k: v for k, v in sandbox.happen(happening).items() if isinstance(v, str)}
    v1 = owner.v1
    retrieve: dict[str, Any] = {
        "customer": v1.customers, "payment_intent": v1.payment_intents, "charge": v1.charges,
        "checkout_session": v1.checkout.sessions, "subscription": v1.subscriptions,
        "invoice": v1.invoices, "payment_method": v1.payment_methods, "dispute": v1.disputes,
        "early_fraud_warning": v1.radar.early_fraud_warnings, "payout": v1.payouts,
    }  # fmt: skip
    assert made.keys() == retrieve.keys()
    for kind, name in made.items():
        assert (await retrieve[kind].retrieve_async(name)).id == name


def test_the_same_seed_makes_the_same_world(clock: ManualClock) -> None:
    one, same, other = (SandboxStripe(clock=clock, seed=seed) for seed in (5, 5, 6))
    for sandbox in (one, same, other):
        sandbox.happen("renewal_fails")
    assert one.events() == same.events()
    assert not {e["id"] for e in one.events()} & {e["id"] for e in other.events()}


def test_one_customer_through_several_scenes(clock: ManualClock) -> None:
    sandbox = SandboxStripe(clock=clock)
    first = sandbox.happen("checkout_succeeds", amount=700, currency="JPY")
    again = sandbox.happen(
        "checkout_succeeds", customer=first["customer"], amount=1, currency="kwd"
    )
    disputed = sandbox.happen("dispute_opens", charge=first["payment_intent"])
    assert again["customer"] == disputed["customer"] == first["customer"]
    assert disputed["charge"] == first["charge"]
    assert [(c["amount"], c["currency"]) for c in sandbox.ledger()] == [(700, "jpy"), (1, "kwd")]
    assert sum(event["type"] == "customer.created" for event in sandbox.events()) == 1


async def test_any_event_at_all(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    review = {"id": "prv_1", "object": "review", "open": True}
    made = sandbox.happen("event", type="review.opened", object=review)
    (event,) = told(sandbox, made)
    assert (event["type"], event["data"]["object"]) == ("review.opened", review)
    sandbox.happen("event", type="capability.updated", object={"object": "capability"},
                   previous_attributes={"status": "active"})  # fmt: skip
    listed = await owner.v1.events.list_async({"type": "capability.updated"})
    assert listed.data[0].to_dict()["data"]["previous_attributes"] == {"status": "active"}


@pytest.mark.parametrize(
    ("happening", "given", "message"),
    [
        ("earthquake", {}, "No such happening"),
        ("checkout_succeeds", {"amout": 5}, "has no argument amout"),
        ("checkout_succeeds", {"amount": "5"}, "amount cannot be '5'"),
        ("checkout_succeeds", {"amount": True}, "amount cannot be True"),
        ("checkout_succeeds", {"amount": 0}, "greater than or equal to 1"),
        ("checkout_succeeds", {"currency": "xxx"}, "Invalid currency"),
        ("checkout_succeeds", {"customer": "cus_nobody"}, "No such customer"),
        ("renewal_recovers", {}, "There is no invoice like that yet"),
        ("refund_settles", {}, "There is no refund like that yet"),
        (
            "dispute_closes",
            {"outcome": "drawn"},
            "must be one of won, lost, warning_closed, prevented",
        ),
        ("event", {"type": "x"}, "event needs object"),
        ("event", {"type": "x", "object": {}}, "tells its kind"),
    ],
)
def test_what_cannot_happen(
    clock: ManualClock, happening: str, given: dict[str, Any], message: str
) -> None:
    sandbox = SandboxStripe(clock=clock)
    with pytest.raises(StripeError, match=message):
        sandbox.happen(happening, **given)
    assert sandbox.events() == []


def test_what_is_decided_stays_decided(clock: ManualClock) -> None:
    sandbox = SandboxStripe(clock=clock)
    sandbox.happen("dispute_opens")
    sandbox.happen("dispute_closes", outcome="won")
    for outcome in ("won", "lost"):
        with pytest.raises(StripeError, match="already"):
            sandbox.happen("dispute_closes", outcome=outcome)


@pytest.mark.parametrize("way", ["refund", "dispute"])
async def test_a_warning_is_moot_after_a_full_refund_or_a_dispute(
    sandbox: SandboxStripe, owner: stripe.StripeClient, way: str
) -> None:
    made = sandbox.happen("early_fraud_warning")
    if way == "refund":
        await owner.v1.refunds.create_async({"charge": made["charge"], "amount": 1})
        assert sandbox.events()[-1]["type"] == "refund.created"
        await owner.v1.refunds.create_async({"charge": made["charge"]})
    else:
        sandbox.happen("dispute_opens", charge=made["charge"])
    assert sandbox.events()[-1]["type"] == "radar.early_fraud_warning.updated"
    assert sandbox.events()[-1]["data"]["previous_attributes"] == {"actionable": True}


def test_only_what_was_paid_is_disputed(clock: ManualClock) -> None:
    sandbox = SandboxStripe(clock=clock)
    failed = sandbox.happen("payment_fails")
    with pytest.raises(StripeError, match="can be disputed"):
        sandbox.happen("dispute_opens", charge=failed["charge"])
    more = sandbox.happen("dispute_opens", amount=100, disputed_amount=120)
    assert told(sandbox, more)[0]["data"]["object"]["amount"] == 120


def test_one_failed_renewal_seen_through(clock: ManualClock) -> None:
    sandbox = SandboxStripe(clock=clock)
    first = sandbox.happen("renewal_fails")
    again = sandbox.happen("renewal_fails_again", decline_code="do_not_honor")
    assert {k: again[k] for k in ("invoice", "payment_intent")} == {
        k: first[k] for k in ("invoice", "payment_intent")
    }
    tried = told(sandbox, again)[-1]["data"]["object"]
    assert (tried["attempt_count"], tried["status"]) == (2, "open")
    assert tried["next_payment_attempt"] is not None
    recovered = sandbox.happen("renewal_recovers", last4="4444")
    events = told(sandbox, recovered)
    assert [event["type"] for event in events] == [
        "payment_method.attached", "customer.updated", "customer.subscription.updated",
        *PAID_INVOICE, "customer.subscription.updated",
    ]  # fmt: skip
    about = {event["type"]: event["data"] for event in events}
    assert about["charge.succeeded"]["object"]["payment_method_details"]["card"]["last4"] == "4444"
    assert about["invoice.paid"]["object"]["attempt_count"] == 3
    assert about["customer.subscription.updated"]["previous_attributes"] == {"status": "past_due"}
    assert about["customer.subscription.updated"]["object"]["status"] == "active"
    with pytest.raises(StripeError, match="invoice is paid"):
        sandbox.happen("renewal_fails_again", invoice=first["invoice"])


def test_the_last_try_plans_no_other(clock: ManualClock) -> None:
    sandbox = SandboxStripe(clock=clock)
    sandbox.happen("renewal_fails")
    last = told(sandbox, sandbox.happen("renewal_fails_again", last=True))[-1]
    assert last["data"]["object"]["next_payment_attempt"] is None


@pytest.mark.parametrize("status", ["canceled", "paused"])
async def test_nothing_renews_when_ended_or_paused(
    sandbox: SandboxStripe, owner: stripe.StripeClient, status: str
) -> None:
    made = sandbox.happen("renewal_succeeds")
    verb = {"canceled": "cancel_async", "paused": "pause_async"}[status]
    await getattr(owner.v1.subscriptions, verb)(made["subscription"])
    with pytest.raises(StripeError, match=f"{status} subscription does not renew"):
        sandbox.happen("subscription_renews", subscription=made["subscription"])
