"""Refunds: what is allowed, what it comes to, and what is told of it."""

from typing import Any

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.model.clock import SystemClock
from bridge.sandbox.stripe_server import RefundOutcome, SandboxStripe, refunding
from bridge.sandbox.stripe_server.happenings.catalogue import play
from bridge.sandbox.stripe_server.world import Desk, Settings, World


def types(sandbox: SandboxStripe, since: int) -> list[str]:
    return [event["type"] for event in sandbox.events()[since:]]


async def test_a_part_then_the_rest(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds", amount=5000)
    seen = len(sandbox.events())
    part = await owner.v1.refunds.create_async(
        {"payment_intent": made["payment_intent"], "amount": 1200, "metadata": {"note": "late"}},
        {"idempotency_key": "action-1"},
    )
    assert (part.status, part.charge, part.customer) == (
        "succeeded",
        made["charge"],
        made["customer"],
    )
    assert types(sandbox, seen) == ["charge.refunded", "refund.created"]
    rest = await owner.v1.refunds.create_async({"charge": made["charge"]})
    assert rest.amount == 3800
    (line,) = sandbox.ledger()
    assert (line["amount_refunded"], line["refunded"]) == (5000, True)
    assert line["refunds"][0] == {
        "refund": part.id, "amount": 1200, "currency": "usd", "status": "succeeded",
        "metadata": {"note": "late"}, "reason": None, "idempotency_key": "action-1",
    }  # fmt: skip


async def test_the_event_tells_the_request_behind_it(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("checkout_succeeds")
    assert sandbox.events()[-1]["request"] == {"id": None, "idempotency_key": None}
    await owner.v1.refunds.create_async({"charge": made["charge"]}, {"idempotency_key": "action-2"})
    request = {"id": sandbox.requests()[-1]["id"], "idempotency_key": "action-2"}
    assert sandbox.events()[-1]["request"] == request


@pytest.mark.parametrize(
    ("happenings", "params", "code", "message"),
    [
        ([], {"amount": 5001}, None, r"Refund amount \(\$50\.01\) is greater than charge amount"),
        ([], {"amount": 0}, "parameter_invalid_integer", "greater than or equal to 1"),
        ([], {"amount": -5}, "parameter_invalid_integer", "greater than or equal to 1"),
        ([], {"currency": "eur"}, None, r"currency of a refund \(eur\) must be that of its charge"),
        (["refund"], {}, "charge_already_refunded", "has already been refunded"),
        (["dispute"], {}, "charge_disputed", "has been charged back; cannot issue a refund"),
        (["dispute", "lost"], {}, "charge_disputed", "has been charged back"),
    ],
)
async def test_refused(
    sandbox: SandboxStripe,
    owner: stripe.StripeClient,
    happenings: list[str],
    params: Any,
    code: str | None,
    message: str,
) -> None:
    made = sandbox.happen("checkout_succeeds", amount=5000)
    for happening in happenings:
        if happening == "refund":
            await owner.v1.refunds.create_async({"charge": made["charge"]})
        elif happening == "dispute":
            sandbox.happen("dispute_opens", charge=made["charge"])
        else:
            sandbox.happen("dispute_closes", outcome=happening)
    asked: Any = {"charge": made["charge"], **params}
    with pytest.raises(stripe.InvalidRequestError, match=message) as refused:
        await owner.v1.refunds.create_async(asked)
    assert refused.value.code == code


async def test_more_than_is_left(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds", amount=5000, currency="jpy")
    await owner.v1.refunds.create_async({"charge": made["charge"], "amount": 1000})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await owner.v1.refunds.create_async({"charge": made["charge"], "amount": 4001})
    assert refused.value.user_message == (
        "Refund amount (¥4,001) is greater than unrefunded amount on charge (¥4,000)"
    )


@pytest.mark.parametrize("way", ["inquiry", "won", "late win"])
async def test_allowed_again(sandbox: SandboxStripe, owner: stripe.StripeClient, way: str) -> None:
    made = sandbox.happen("dispute_opens", inquiry=way == "inquiry")
    if way == "late win":
        sandbox.happen("dispute_closes", outcome="lost")
    if way != "inquiry":
        sandbox.happen("dispute_closes", outcome="won")
    refund = await owner.v1.refunds.create_async({"charge": made["charge"]})
    assert refund.status == "succeeded"


@pytest.mark.parametrize("params", [{}, {"payment_intent": "pi_nobody"}, {"charge": "ch_nobody"}])
async def test_nothing_to_refund(owner: stripe.StripeClient, params: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await owner.v1.refunds.create_async(params)


async def test_a_failed_payment_has_nothing_to_give_back(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("payment_fails")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await owner.v1.refunds.create_async({"payment_intent": made["payment_intent"]})
    assert refused.value.code == "charge_not_refundable"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await owner.v1.refunds.create_async({"charge": made["charge"]})
    assert refused.value.code == "charge_not_refundable"


async def test_pending_then_settled(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds")
    sandbox.refund_next(RefundOutcome("pending", pending_reason="insufficient_funds"))
    refund = await owner.v1.refunds.create_async({"charge": made["charge"]})
    assert (refund.status, refund.pending_reason) == ("pending", "insufficient_funds")
    seen = len(sandbox.events())
    assert sandbox.happen("refund_settles")["status"] == "succeeded"
    assert types(sandbox, seen) == ["refund.updated", "charge.refund.updated"]
    previous = sandbox.events()[-1]["data"]["previous_attributes"]
    assert previous["status"] == "pending"


async def test_pending_then_failed(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds", amount=4000)
    sandbox.refund_next(RefundOutcome("pending"))
    await owner.v1.refunds.create_async({"charge": made["charge"], "amount": 1000})
    sandbox.happen("refund_fails", reason="lost_or_stolen_card")
    (line,) = sandbox.ledger()
    assert (line["amount_refunded"], line["refunds"][0]["status"]) == (0, "failed")
    assert "refund.failed" in types(sandbox, 0)


async def test_failed_at_once(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds")
    sandbox.refund_next(RefundOutcome("failed", failure_reason="declined"))
    refund = await owner.v1.refunds.create_async({"charge": made["charge"]})
    assert (refund.status, refund.failure_reason) == ("failed", "declined")
    assert sandbox.ledger()[0]["amount_refunded"] == 0


async def test_a_refund_that_needs_the_customer_can_be_canceled(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("checkout_succeeds")
    sandbox.refund_next(RefundOutcome("requires_action"))
    waiting = await owner.v1.refunds.create_async({"charge": made["charge"]})
    assert (await owner.v1.refunds.cancel_async(waiting.id)).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="only a refund that requires action"):
        await owner.v1.refunds.cancel_async(waiting.id)
    assert sandbox.ledger()[0]["amount_refunded"] == 0


async def test_listed_and_annotated(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made, other = sandbox.happen("checkout_succeeds"), sandbox.happen("checkout_succeeds")
    for charge, amount in ((made, 100), (other, 200), (made, 300)):
        await owner.v1.refunds.create_async({"charge": charge["charge"], "amount": amount})
    page = await owner.v1.refunds.list_async({"payment_intent": made["payment_intent"]})
    assert [refund.amount for refund in page.data] == [300, 100]
    noted = await owner.v1.refunds.update_async(page.data[0].id, {"metadata": {"by": "@ada"}})
    assert noted.to_dict()["metadata"] == {"by": "@ada"}


steps = st.lists(
    st.tuples(
        st.integers(-10, 1500),
        st.sampled_from(["succeeded", "pending", "failed", "requires_action"]),
        st.sampled_from(["leave", "settle", "fail"]),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(steps)
def test_no_sequence_of_refunds_gives_back_more_than_was_taken(
    steps: list[tuple[int, str, str]],
) -> None:
    desk = Desk(World(SystemClock(), Settings()))
    charge = play(desk, "checkout_succeeds", {"amount": 2000})["charge"]
    for amount, status, then in steps:
        now = desk.get("charge", charge)
        if refunding.refusal(now, amount, disputed=False):
            continue
        given = refunding.refund(desk, now, amount, RefundOutcome(status))
        if then == "settle" and given["status"] in {"pending", "requires_action"}:
            refunding.settle(desk, given)
        elif then == "fail" and given["status"] != "failed":
            refunding.fail(desk, given, "unknown")
    given_back = sum(
        r["amount"] for r in desk.world.store.oldest_first("refund") if r["status"] != "failed"
    )
    end = desk.get("charge", charge)
    assert end["amount_refunded"] == given_back <= end["amount_captured"] == 2000
    assert end["refunded"] is (given_back == 2000)
    held = sum(
        entry["amount"]
        for entry in desk.world.store.oldest_first("balance_transaction")
        if entry["type"].startswith("refund")
    )
    settled = [r for r in desk.world.store.oldest_first("refund") if r["status"] == "succeeded"]
    assert held == -sum(r["amount"] for r in settled)
