"""Webhooks: signed, tried again, brought twice, in disorder, or not at all."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import stripe
from aiohttp import web
from stripe import SignatureVerificationError, WebhookSignature

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import Manners, SandboxStripe
from bridge.sandbox.stripe_server.deliveries import signature


@dataclass
class Receiver:
    """A webhook endpoint that keeps what comes and answers as told."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[bytes, str]] = field(default_factory=list)
    on_knock: Callable[[], None] = lambda: None

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((await request.read(), request.headers["Stripe-Signature"]))
        self.on_knock()
        status = self.answers.pop(0) if self.answers else 200
        headers = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, text="noted", headers=headers)

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


def verified(body: bytes, header: str, secret: str) -> bool:
    try:
        WebhookSignature.verify_header(body, header, secret, 300)
    except SignatureVerificationError:
        return False
    return True


async def test_signed_and_whole(sandbox: SandboxStripe, receiver: Receiver) -> None:
    endpoint = sandbox.add_endpoint(receiver.url)
    sandbox.happen("payout_fails")
    await sandbox.settled()
    ((body, header),) = receiver.got
    assert verified(body, header, endpoint["secret"])
    assert not verified(body + b" ", header, endpoint["secret"])
    assert json.loads(body) == sandbox.events()[0]
    assert json.loads(body)["pending_webhooks"] == 1
    (delivery,) = sandbox.deliveries()
    assert delivery["state"] == "delivered"
    assert [(t["status"], t["answer"]) for t in delivery["tries"]] == [(200, "noted")]


async def test_hostile_text_arrives_as_it_is(sandbox: SandboxStripe, receiver: Receiver) -> None:
    sandbox.add_endpoint(receiver.url, events=["customer.created"])
    name = '<b>@room</b> \u202e[x](javascript:1) \n💳 "\\'
    sandbox.happen("checkout_succeeds", name=name, email="a@b\r\nBcc: c@d")
    await sandbox.settled()
    assert json.loads(receiver.got[0][0])["data"]["object"]["name"] == name


async def test_only_what_was_asked_for(sandbox: SandboxStripe, receiver: Receiver) -> None:
    sandbox.add_endpoint(receiver.url, events=["charge.failed", "invoice.payment_failed"])
    sandbox.happen("renewal_fails")
    await sandbox.settled()
    assert sorted(receiver.types()) == ["charge.failed", "invoice.payment_failed"]


@pytest.mark.parametrize("refusal", [500, 404, 301, 503])
async def test_again_until_taken_with_a_fresh_signature(
    sandbox: SandboxStripe,
    receiver: Receiver,
    owner: stripe.StripeClient,
    clock: ManualClock,
    refusal: int,
) -> None:
    sandbox.add_endpoint(receiver.url)
    receiver.answers = [refusal]
    receiver.on_knock = lambda: clock.advance(timedelta(seconds=1))
    event = sandbox.happen("payout_fails")["events"][0]
    await sandbox.settled()
    (first, header), (again, other) = receiver.got
    assert (first == again, header == other) == (True, False)
    assert [t["status"] for t in sandbox.deliveries()[0]["tries"]] == [refusal, 200]
    assert (await owner.v1.events.retrieve_async(event)).pending_webhooks == 0


async def test_given_up(
    sandbox: SandboxStripe, receiver: Receiver, owner: stripe.StripeClient
) -> None:
    sandbox.add_endpoint(receiver.url)
    receiver.answers = [500, 500, 500, 200]
    missed = sandbox.happen("payout_fails")["events"][0]
    await sandbox.settled()
    assert sandbox.deliveries()[0]["state"] == "failed"
    good = sandbox.happen("payout_fails")["events"][0]
    await sandbox.settled()
    for success, found in ((False, missed), (True, good)):
        page = await owner.v1.events.list_async({"delivery_success": success})
        assert [event.id for event in page.data] == [found]
    sandbox.world.postman.resend(missed)
    await sandbox.settled()
    assert (await owner.v1.events.list_async({"delivery_success": False})).data == []


async def test_nobody_listens_there(sandbox: SandboxStripe, receiver: Receiver) -> None:
    sandbox.add_endpoint("http://127.0.0.1:1/hook")
    sandbox.happen("payout_fails")
    await sandbox.settled()
    assert [t["status"] for t in sandbox.deliveries()[0]["tries"]] == [None] * 3


async def test_both_secrets_sign_while_rolling(
    sandbox: SandboxStripe, receiver: Receiver, clock: ManualClock
) -> None:
    endpoint = sandbox.add_endpoint(receiver.url)
    fresh = sandbox.roll_secret(endpoint["id"], timedelta(hours=1))
    for happening in range(2):
        sandbox.happen("payout_fails")
        await sandbox.settled()
        body, header = receiver.got[happening]
        assert verified(body, header, fresh)
        assert verified(body, header, endpoint["secret"]) is (happening == 0)
        clock.advance(timedelta(hours=1))


async def test_twice(sandbox: SandboxStripe, receiver: Receiver) -> None:
    sandbox.add_endpoint(receiver.url)
    sandbox.behave(Manners(duplicates=2))
    sandbox.happen("payout_fails")
    await sandbox.settled()
    assert len({body for body, _ in receiver.got}) == 1
    assert len(receiver.got) == 3


async def test_two_events_of_one_happening(sandbox: SandboxStripe, receiver: Receiver) -> None:
    sandbox.add_endpoint(receiver.url)
    sandbox.world.twins = True
    sandbox.happen("payout_fails")
    await sandbox.settled()
    one, other = (json.loads(body) for body, _ in receiver.got)
    assert one["id"] != other["id"]
    assert (one["type"], one["data"]) == (other["type"], other["data"])


async def test_held_then_in_disorder(receiver: Receiver, clock: ManualClock) -> None:
    async with SandboxStripe(clock=clock, seed=3, concurrency=1) as sandbox:
        sandbox.add_endpoint(receiver.url)
        sandbox.behave(Manners(hold=True))
        sandbox.happen("renewal_fails")
        await sandbox.settled()
        assert receiver.got == []
        assert {d["state"] for d in sandbox.deliveries()} == {"held"}
        assert sandbox.release() == 8
        await sandbox.settled()
    sent = [event["type"] for event in sandbox.events()]
    assert receiver.types() != sent
    assert sorted(receiver.types()) == sorted(sent)


async def test_in_order_when_one_at_a_time(receiver: Receiver, clock: ManualClock) -> None:
    async with SandboxStripe(clock=clock, concurrency=1) as sandbox:
        sandbox.add_endpoint(receiver.url)
        sandbox.happen("renewal_fails")
        await sandbox.settled()
    assert receiver.types() == [event["type"] for event in sandbox.events()]


async def test_lost_on_the_way(
    sandbox: SandboxStripe, receiver: Receiver, owner: stripe.StripeClient
) -> None:
    sandbox.add_endpoint(receiver.url)
    sandbox.behave(Manners(drop=1))
    lost = sandbox.happen("payout_fails")["events"][0]
    sandbox.happen("payout_fails")
    await sandbox.settled()
    assert [d["state"] for d in sandbox.deliveries()] == ["dropped", "delivered"]
    missing = await owner.v1.events.list_async({"delivery_success": False})
    assert [event.id for event in missing.data] == [lost]


async def test_thin(sandbox: SandboxStripe, receiver: Receiver, owner: stripe.StripeClient) -> None:
    endpoint = sandbox.add_endpoint(receiver.url, thin=True)
    made = sandbox.happen("dispute_opens")
    await sandbox.settled()
    body, header = next(got for got in receiver.got if b"dispute.created" in got[0])
    notification: Any = owner.parse_event_notification(body, header, endpoint["secret"])
    assert notification.related_object.id == made["dispute"]
    assert (await notification.fetch_related_object_async()).status == "needs_response"


async def test_an_endpoint_over_the_api(
    sandbox: SandboxStripe, receiver: Receiver, owner: stripe.StripeClient
) -> None:
    made = await owner.v1.webhook_endpoints.create_async(
        {"url": receiver.url, "enabled_events": ["payout.failed"]}
    )
    assert made.secret is not None
    sandbox.happen("payout_fails")
    await sandbox.settled()
    assert verified(*receiver.got[0], made.secret)
    assert "secret" not in await owner.v1.webhook_endpoints.retrieve_async(made.id)
    off = await owner.v1.webhook_endpoints.update_async(made.id, {"disabled": True})
    assert off.status == "disabled"
    sandbox.happen("payout_fails")
    await owner.v1.webhook_endpoints.update_async(made.id, {"disabled": False})
    await owner.v1.webhook_endpoints.delete_async(made.id)
    sandbox.happen("payout_fails")
    await sandbox.settled()
    assert len(receiver.got) == 1
    with pytest.raises(stripe.InvalidRequestError, match="Invalid enabled_events"):
        await owner.v1.webhook_endpoints.create_async(
            {"url": receiver.url, "enabled_events": ["payout.exploded"]}  # type: ignore[list-item]
        )


async def test_live_endpoints_need_https(clock: ManualClock) -> None:
    async with (
        SandboxStripe(clock=clock, livemode=True) as sandbox,
        aiohttp.ClientSession() as http,
    ):
        asked = {"url": "http://127.0.0.1/", "enabled_events[]": "*"}
        headers = {"Authorization": f"Bearer {sandbox.owner_key}"}
        url = f"{sandbox.url}/v1/webhook_endpoints"
        async with http.post(url, data=asked, headers=headers) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (400, "url_invalid")
        assert sandbox.owner_key.startswith("sk_live_")
        assert sandbox.happen("payout_fails")
        assert sandbox.events()[0]["livemode"] is True


async def test_no_work_is_left_when_it_ends(receiver: Receiver, clock: ManualClock) -> None:
    receiver.answers = [500] * 9
    async with SandboxStripe(clock=clock, retry_after=(3600.0,)) as sandbox:
        sandbox.add_endpoint(receiver.url)
        sandbox.happen("payout_fails")
        await sandbox.tried()
        assert sandbox.deliveries()[0]["state"] == "waiting"
    assert len(receiver.got) == 1


async def test_waits_can_be_ended(receiver: Receiver, clock: ManualClock) -> None:
    receiver.answers = [500]
    async with SandboxStripe(clock=clock, retry_after=(3600.0,)) as sandbox:
        sandbox.add_endpoint(receiver.url)
        sandbox.happen("payout_fails")
        await sandbox.tried()
        sandbox.world.postman.hurry()
        await sandbox.settled()
    assert sandbox.deliveries()[0]["state"] == "delivered"


def test_one_signature_for_each_secret(clock: ManualClock) -> None:
    header = signature(b"{}", ["whsec_one", "whsec_two"], clock.now())
    assert header.startswith(f"t={int(clock.now().timestamp())},v1=")
    assert header.count("v1=") == 2
