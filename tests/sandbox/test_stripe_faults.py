"""Trouble on order, as the real SDK meets it."""

import asyncio
from collections.abc import Awaitable

import aiohttp
import pytest
import stripe

from bridge.sandbox.stripe_server import Fault, SandboxStripe

from .conftest import error_of


@pytest.fixture
def charge(sandbox: SandboxStripe) -> str:
    return str(sandbox.happen("checkout_succeeds")["charge"])


def refunded(sandbox: SandboxStripe) -> int:
    return len(sandbox.ledger()[0]["refunds"])


def refund(owner: stripe.StripeClient, charge: str) -> Awaitable[stripe.Refund]:
    return owner.v1.refunds.create_async({"charge": charge}, {"idempotency_key": "k"})


@pytest.mark.parametrize(
    ("kind", "error", "status", "code"),
    [
        ("lock_timeout", stripe.RateLimitError, 429, "lock_timeout"),
        ("rate_limited", stripe.RateLimitError, 429, "rate_limit"),
        ("conflict", stripe.APIError, 409, None),
        ("error", stripe.APIError, 500, None),
    ],
)
async def test_nothing_done(
    sandbox: SandboxStripe,
    owner: stripe.StripeClient,
    charge: str,
    kind: str,
    error: type[stripe.StripeError],
    status: int,
    code: str | None,
) -> None:
    sandbox.fail_next(Fault(kind, "post", "/v1/refunds*", reason="global-rate"))
    with pytest.raises(error) as met:
        await refund(owner, charge)
    # The SDK keeps the code of a 429 only in the body.
    assert (met.value.http_status, error_of(met.value).get("code")) == (status, code)
    limited = (met.value.headers or {}).get("Stripe-Rate-Limited-Reason")
    assert limited == ("global-rate" if kind == "rate_limited" else None)
    assert refunded(sandbox) == 0
    assert (await refund(owner, charge)).status == "succeeded"


async def test_only_what_matches_and_only_so_often(
    sandbox: SandboxStripe, owner: stripe.StripeClient, charge: str
) -> None:
    sandbox.fail_next(Fault("error", "POST", "/v1/refunds", times=2))
    await owner.v1.charges.retrieve_async(charge)
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            await refund(owner, charge)
    assert (await refund(owner, charge)).status == "succeeded"


async def test_an_error_although_it_was_done(
    sandbox: SandboxStripe, owner: stripe.StripeClient, charge: str
) -> None:
    sandbox.fail_next(Fault("error_after", path="/v1/refunds"))
    for _ in range(2):  # the 500 is what the key replays
        with pytest.raises(stripe.APIError):
            await refund(owner, charge)
    assert refunded(sandbox) == 1


async def test_a_body_cut_in_the_middle(
    sandbox: SandboxStripe, owner: stripe.StripeClient, charge: str
) -> None:
    sandbox.fail_next(Fault("cut", path="/v1/refunds"))
    with pytest.raises(aiohttp.ClientPayloadError):
        await refund(owner, charge)
    assert refunded(sandbox) == 1
    assert (await refund(owner, charge)).charge == charge
    assert refunded(sandbox) == 1


async def test_no_answer(sandbox: SandboxStripe, owner: stripe.StripeClient, charge: str) -> None:
    sandbox.fail_next(Fault("silent", path="/v1/refunds"))
    asking = asyncio.ensure_future(refund(owner, charge))
    await asyncio.wait_for(sandbox.api.holding(), 5)
    assert (refunded(sandbox), asking.done()) == (1, False)
    sandbox.api.release()
    with pytest.raises(stripe.APIConnectionError):
        await asking


async def test_no_connection(
    sandbox: SandboxStripe, owner: stripe.StripeClient, charge: str
) -> None:
    sandbox.fail_next(Fault("refused", path="/v1/refunds"))
    with pytest.raises(stripe.APIConnectionError):
        await refund(owner, charge)
    assert refunded(sandbox) == 0


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(ValueError, match="no fault 'earthquake'"):
        Fault("earthquake")
