"""Who may do what, and how Stripe says no."""

import re
from base64 import b64encode

import aiohttp
import pytest
import stripe

from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.errors import StripeError

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


async def test_a_key_cut_for_a_purpose(sandbox: SandboxStripe, client_for: ClientFor) -> None:
    made = sandbox.happen("checkout_succeeds")
    key = sandbox.cut_key({"payment_links": "read", "refunds": "write"}, name="refunder")
    client = client_for(key.value)
    assert (await client.v1.refunds.create_async({"charge": made["charge"]})).status == "succeeded"
    assert (await client.v1.charges.retrieve_async(made["charge"])).refunded
    assert (await client.v1.payment_links.list_async({})).data == []
    for missing, call in (
        ("rak_payment_link_write", client.v1.payment_links.create_async({"line_items": []})),
        ("rak_event_read", client.v1.events.list_async({})),
        ("rak_customer_portal_write", client.v1.billing_portal.sessions.create_async({})),
        ("rak_credit_note_write", client.v1.credit_notes.create_async({"invoice": "in_1"})),
        ("rak_file_read", client.v1.files.list_async({})),
    ):
        with pytest.raises(stripe.PermissionError, match=f"Having the '{missing}' permission"):
            await call
    assert sandbox.requests()[-1]["key"] == "refunder"


def test_what_no_key_can_be_given(sandbox: SandboxStripe) -> None:
    with pytest.raises(StripeError, match="No such family: refund; there are: account, balance"):
        sandbox.cut_key({"refund": "write"})
    with pytest.raises(StripeError, match="not to 'own'"):
        sandbox.cut_key({"refunds": "own"})
