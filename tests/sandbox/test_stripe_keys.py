"""Who may do what, and how Stripe says no."""

import re
from base64 import b64encode

import aiohttp
import pytest
import stripe

from bridge.sandbox.stripe_server import SandboxStripe

from .conftest import ClientFor


async def test_a_reader_reads_and_does_not_write(
    sandbox: SandboxStripe, client_for: ClientFor
) -> None:
    made = sandbox.happen("checkout_succeeds")
    reader = client_for(sandbox.reader_key)
    assert (await reader.v1.charges.retrieve_async(made["charge"])).amount == 4900
    with pytest.raises(stripe.PermissionError) as refused:
        await reader.v1.refunds.create_async({"charge": made["charge"]})
    assert re.fullmatch(
        r"The provided key 'rk_test_\*+ader' does not have the required permissions for this "
        rf"endpoint on account '{sandbox.world.account['id']}'\. Having the 'rak_charge_write' "
        r"permission would allow this request to continue\.",
        refused.value.user_message or "",
    )
    assert sandbox.ledger()[0]["refunds"] == []


async def test_a_writer_acts_but_leaves_the_webhooks_alone(
    sandbox: SandboxStripe, client_for: ClientFor
) -> None:
    made = sandbox.happen("checkout_succeeds")
    writer = client_for(sandbox.writer_key)
    assert (await writer.v1.refunds.create_async({"charge": made["charge"]})).status == "succeeded"
    with pytest.raises(stripe.PermissionError, match="rak_webhook_write"):
        await writer.v1.webhook_endpoints.create_async(
            {"url": "http://x/", "enabled_events": ["*"]}
        )


async def test_an_unknown_key_is_shown_masked(client_for: ClientFor) -> None:
    with pytest.raises(
        stripe.AuthenticationError, match=r"Invalid API Key provided: nobody_k\*+nows$"
    ):
        await client_for("nobody_knows_nobody_knows").v1.balance.retrieve_async()


async def test_the_way_of_curl(sandbox: SandboxStripe) -> None:
    async with aiohttp.ClientSession() as http:
        for key, status in ((sandbox.reader_key, 200), ("nobody", 401), ("", 401)):
            given = {"Authorization": f"Basic {b64encode(f'{key}:'.encode()).decode()}"}
            async with http.get(f"{sandbox.url}/v1/balance", headers=given) as answer:
                assert answer.status == status
        for wrong in ({}, {"Authorization": "Basic !"}, {"Authorization": "Bearer"}):
            async with http.get(f"{sandbox.url}/v1/balance", headers=wrong) as answer:
                assert answer.status == 401


async def test_an_unknown_path(owner: stripe.StripeClient) -> None:
    answer = await owner.raw_request_async("get", "/v1/account")
    assert answer.code == 200
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as refused:
        await owner.raw_request_async("get", "/v1/nothing")
    assert refused.value.http_status == 404


async def test_every_answer_names_its_request(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    balance = await owner.v1.balance.retrieve_async()
    last = balance.last_response
    assert last is not None
    assert last.request_id == sandbox.requests()[-1]["id"]
    assert sandbox.requests()[-1]["key"] == "owner"
