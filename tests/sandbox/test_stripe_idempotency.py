"""One key, one effect."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import stripe

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import Fault, SandboxStripe

from .conftest import error_of


async def test_again_the_same(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds", amount=1000)
    params: Any = {"charge": made["charge"], "amount": 300}
    first = await owner.v1.refunds.create_async(params, {"idempotency_key": "k"})
    again = await owner.v1.refunds.create_async(params, {"idempotency_key": "k"})
    assert first.id == again.id
    assert again.last_response is not None
    headers: Any = again.last_response.headers
    assert headers["Idempotent-Replayed"] == "true"
    assert headers["Original-Request"] == sandbox.requests()[0]["id"]
    assert len(sandbox.ledger()[0]["refunds"]) == 1
    assert [r["replayed"] for r in sandbox.requests()] == [False, True]


async def test_other_params_are_refused(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds", amount=1000)
    for amount in (300, 400):
        create = owner.v1.refunds.create_async(
            {"charge": made["charge"], "amount": amount}, {"idempotency_key": "k"}
        )
        if amount == 300:
            await create
        else:
            with pytest.raises(stripe.IdempotencyError, match="can only be used with the same"):
                await create
    assert sandbox.ledger()[0]["amount_refunded"] == 300


async def test_an_error_of_the_work_is_replayed(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("dispute_opens")
    params: Any = {"charge": made["charge"]}
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        await owner.v1.refunds.create_async(params, {"idempotency_key": "k"})
    sandbox.happen("dispute_closes", outcome="won")
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        await owner.v1.refunds.create_async(params, {"idempotency_key": "k"})
    assert (await owner.v1.refunds.create_async(params)).status == "succeeded"


async def test_an_error_of_the_parameters_is_not_kept(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("checkout_succeeds")
    bad: Any = {"charge": made["charge"], "colour": "red"}
    with pytest.raises(stripe.InvalidRequestError):
        await owner.v1.refunds.create_async(bad, {"idempotency_key": "k"})
    good: Any = {"charge": made["charge"]}
    refund = await owner.v1.refunds.create_async(good, {"idempotency_key": "k"})
    assert refund.status == "succeeded"


async def test_in_use(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("checkout_succeeds")
    params: Any = {"charge": made["charge"]}
    sandbox.fail_next(Fault("hold", "POST", "/v1/refunds"))
    first = asyncio.create_task(owner.v1.refunds.create_async(params, {"idempotency_key": "k"}))
    await asyncio.wait_for(sandbox.api.holding(), 5)
    # The SDK has no class of its own for this.
    with pytest.raises(stripe.APIError, match="in-progress request") as refused:
        await owner.v1.refunds.create_async(params, {"idempotency_key": "k"})
    assert refused.value.http_status == 409
    assert error_of(refused.value)["code"] == "idempotency_key_in_use"
    sandbox.api.release()
    assert (await first).status == "succeeded"
    assert len(sandbox.ledger()[0]["refunds"]) == 1


async def test_a_key_lives_a_day(
    sandbox: SandboxStripe, owner: stripe.StripeClient, clock: ManualClock
) -> None:
    made = sandbox.happen("checkout_succeeds", amount=1000)
    params: Any = {"charge": made["charge"], "amount": 300}
    await owner.v1.refunds.create_async(params, {"idempotency_key": "k"})
    clock.advance(timedelta(hours=25))
    await owner.v1.refunds.create_async(params, {"idempotency_key": "k"})
    assert sandbox.ledger()[0]["amount_refunded"] == 600


async def test_a_key_has_a_length(owner: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="255"):
        await owner.v1.customers.create_async({}, {"idempotency_key": "k" * 256})


async def test_a_forgotten_key_acts_once_more(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("checkout_succeeds", amount=1000)
    params: Any = {"charge": made["charge"], "amount": 300}
    for key in ("k", "other"):
        await owner.v1.refunds.create_async(params, {"idempotency_key": key})
    assert sandbox.forget_idempotency("nobody") == 0
    assert sandbox.forget_idempotency("k") == 1
    for key in ("k", "other"):
        await owner.v1.refunds.create_async(params, {"idempotency_key": key})
    assert sandbox.ledger()[0]["amount_refunded"] == 900
    assert sandbox.forget_idempotency() == 2


async def test_a_key_at_work_is_not_forgotten(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("checkout_succeeds")
    params: Any = {"charge": made["charge"]}
    sandbox.fail_next(Fault("hold", "POST", "/v1/refunds"))
    first = asyncio.create_task(owner.v1.refunds.create_async(params, {"idempotency_key": "k"}))
    await asyncio.wait_for(sandbox.api.holding(), 5)
    assert sandbox.forget_idempotency() == 0
    sandbox.api.release()
    assert (await first).status == "succeeded"
