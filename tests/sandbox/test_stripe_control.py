"""`/_sandbox/` from another process: JSON in, JSON out."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import stripe

from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.control import CONTROLS
from bridge.sandbox.stripe_server.faults import KINDS
from bridge.sandbox.stripe_server.happenings.catalogue import SCENES

from .conftest import ClientFor


class Caller:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def get(self, path: str) -> Any:
        async with self._session.get(f"{self._url}/_sandbox/{path}") as answer:
            return await answer.json()

    async def post(self, path: str, expected: int = 200, /, **given: Any) -> Any:
        async with self._session.post(f"{self._url}/_sandbox/{path}", json=given) as answer:
            assert answer.status == expected
            return await answer.json()


@pytest.fixture
async def caller(sandbox: SandboxStripe) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, sandbox.url)


async def test_help_tells_everything(sandbox: SandboxStripe) -> None:
    async with aiohttp.ClientSession() as session:
        pages = []
        for path in ("/_sandbox", "/_sandbox/"):
            async with session.get(sandbox.url + path) as answer:
                assert answer.content_type == "text/plain"
                pages.append(await answer.text())
    assert pages[0] == pages[1]
    for word in (
        *(f"{control.method:6} /_sandbox/{control.path}" for control in CONTROLS),
        *(scene.__name__ for scene in SCENES),
        *KINDS,
    ):
        assert word in pages[0]


async def test_status_gives_the_keys(sandbox: SandboxStripe, caller: Caller) -> None:
    status = await caller.get("status")
    assert status["keys"] == {
        "reader": "rk_test_sandbox_reader",
        "writer": "rk_test_sandbox_writer",
        "owner": "sk_test_sandbox_owner",
    }
    assert status["account"] == sandbox.world.account["id"]


async def test_a_story_from_outside(caller: Caller, owner: stripe.StripeClient) -> None:
    made = await caller.post("happen/checkout_succeeds", amount=4900, name="Ada")
    await owner.v1.refunds.create_async(
        {"charge": made["charge"], "amount": 900}, {"idempotency_key": "action-1"}
    )
    (line,) = await caller.get("ledger")
    assert line["refunds"][0]["idempotency_key"] == "action-1"
    (request,) = await caller.get("requests")
    assert request == {
        "id": request["id"], "at": "2026-11-27T21:00:00+00:00", "method": "POST",
        "path": "/v1/refunds", "idempotency_key": "action-1", "key": "owner",
        "params": {"charge": made["charge"], "amount": "900"}, "status": 200, "code": None,
        "replayed": False, "fault": None,
    }  # fmt: skip
    assert [event["type"] for event in await caller.get("events")][-1] == "refund.created"


async def test_keys_and_their_life_from_outside(
    sandbox: SandboxStripe, caller: Caller, client_for: ClientFor
) -> None:
    made = await caller.post("happen/checkout_succeeds")
    cut = await caller.post("keys", allow={"refunds": "write"}, name="r")
    assert cut["permissions"] == ["rak_charge_read", "rak_charge_write"]
    assert (cut["name"], cut["key"].startswith("rk_test_")) == ("r", True)
    client = client_for(cut["key"])
    for _ in range(2):
        await client.v1.refunds.create_async(
            {"charge": made["charge"], "amount": 100}, {"idempotency_key": "k"}
        )
        assert await caller.post("idempotency/forget", key="k") == {"forgotten": 1}
    assert sandbox.ledger()[0]["amount_refunded"] == 200


async def test_webhooks_from_outside(caller: Caller) -> None:
    endpoint = await caller.post("endpoints", url="http://127.0.0.1:1/", events=["payout.failed"])
    assert endpoint["secret"].startswith("whsec_")
    rolled = await caller.post(f"endpoints/{endpoint['id']}/roll", keep_old_for=60)
    assert rolled["secret"] != endpoint["secret"]
    assert (await caller.post("webhooks", hold=True, duplicates=1))["hold"] is True
    made = await caller.post("happen/payout_fails")
    assert [d["state"] for d in await caller.get("deliveries")] == ["held"]
    assert await caller.post("webhooks/release") == {"released": 1}
    assert await caller.post("settled") == {"settled": True}
    (delivery,) = await caller.get("deliveries")
    assert (delivery["event"], delivery["state"]) == (made["events"][0], "failed")
    assert len(delivery["tries"]) == 4
    assert await caller.post(f"webhooks/resend/{made['events'][0]}") == {"sent": 1}
    assert await caller.post("webhooks/hurry") == {}


async def test_a_scene_says_how_its_own_events_come(sandbox: SandboxStripe, caller: Caller) -> None:
    usual = sandbox.world.postman.manners
    sandbox.add_endpoint("http://127.0.0.1:1/")
    await caller.post("happen/renewal_fails", shuffle=True, duplicates=1)
    assert sandbox.world.postman.manners == usual
    await sandbox.settled()
    assert {len(d["tries"]) for d in sandbox.deliveries()} == {4}


async def test_trouble_from_outside(caller: Caller, owner: stripe.StripeClient) -> None:
    ordered = await caller.post("faults", kind="error", path="/v1/balance")
    assert ordered["faults"][0]["kind"] == "error"
    with pytest.raises(stripe.APIError):
        await owner.v1.balance.retrieve_async()
    await owner.v1.balance.retrieve_async()
    assert [r["fault"] for r in await caller.get("requests")] == ["error", None]
    await caller.post("next_refund", status="pending")
    await caller.post("next_decline", decline_code="lost_card")
    await caller.post("requests/release")


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("happen/earthquake", {}),
        ("happen/checkout_succeeds", {"amount": "x"}),
        ("happen/checkout_succeeds", {"name": "\ud800"}),
        ("faults", {"kind": "earthquake"}),
        ("faults", {"colour": "red"}),
        ("endpoints", {}),
        ("endpoints/we_nobody/roll", {}),
        ("next_refund", {}),
        ("keys", {}),
        ("keys", {"allow": ["refunds"]}),
        ("keys", {"allow": {"refunds": ["write"]}}),
        ("keys", {"allow": {"gold": "write"}}),
        ("idempotency/forget", {"keys": "k"}),
        ("next_refund", {"status": "lost"}),
    ],
)
async def test_mistakes_are_told(caller: Caller, path: str, given: dict[str, Any]) -> None:
    assert (await caller.post(path, 400, **given))["error"]["message"]
