"""Over HTTP: 2xx means committed, everything else is a plain answer, nothing is a traceback."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select, text
from stripe import WebhookSignature

from bridge.edges.matrix_appservice import MatrixAppservice
from bridge.edges.stripe_webhook import Endpoint, StripeWebhook
from bridge.model.clock import ManualClock
from bridge.model.errors import StoreUnavailable
from bridge.model.ports import Told
from bridge.store.engine import Store, open_store
from bridge.store.inbox import Arrival
from bridge.store.intake import Intake
from bridge.store.migrate import upgrade_async
from bridge.store.tables import inbox
from bridge.web import server

SECRET = "whsec_made_up"
NOW = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
Client = TestClient[Any, Any]


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
    await upgrade_async(url)
    opened = open_store(url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def client(store: Store) -> AsyncIterator[Client]:
    clock = ManualClock(NOW)
    intake = Intake(store, clock)

    async def accept(account: str, body: dict[str, Any], raw: str) -> None:
        if body["type"] == "our.fault":
            raise ZeroDivisionError
        await intake.accept(
            [
                Arrival(
                    f"stripe:{account}", body["id"], body["type"], raw, "events:acme", "events", 1
                )
            ]
        )

    async def take(told: Told) -> None:
        if told.transaction == "unlucky":
            raise StoreUnavailable("away")

    async def well() -> str | None:
        return None

    endpoint = Endpoint((SECRET,), livemode=False, account_id=None, tolerance=timedelta(minutes=5))
    webhook = StripeWebhook({"acme": endpoint}, accept, clock)
    appservice = MatrixAppservice("hs-token", "@stripe:here", take, max_body_bytes=100_000)
    app = server.build(
        [*webhook.routes(), *appservice.routes()], live=well, ready=well, max_body_bytes=65_536
    )
    async with TestClient(TestServer(app)) as opened:
        yield opened


def body(event_id: str = "evt_1", **changed: Any) -> bytes:
    return json.dumps(
        {"object": "event", "id": event_id, "type": "charge.failed", "livemode": False, **changed}
    ).encode()


async def post(
    client: Client, raw: bytes, *, account: str = "acme", header: str | None = None
) -> int:
    signed = WebhookSignature.generate_signature_header(
        raw.decode(errors="replace"), SECRET, int(NOW.timestamp())
    )
    sent = {"Stripe-Signature": signed if header is None else header}
    async with client.post(f"/stripe/webhook/{account}", data=raw, headers=sent) as answer:
        await answer.json()
        return answer.status


async def kept(store: Store) -> list[tuple[str, str]]:
    async with store.read() as tx:
        return [
            (row.event_id, row.body) for row in await tx.run(select(inbox).order_by(inbox.c.id))
        ]


async def test_an_event_is_kept_whole_and_once(client: Client, store: Store) -> None:
    raw = body(data={"object": {"name": "Anna \u202e 😀 <b>", "amount": 10**18}})
    assert [await post(client, raw) for _ in range(3)] == [200, 200, 200]
    assert await kept(store) == [("evt_1", raw.decode())]


async def test_many_at_once_are_each_kept_once(client: Client, store: Store) -> None:
    answers = await asyncio.gather(*(post(client, body(f"evt_{n % 20}")) for n in range(60)))
    assert set(answers) == {200}
    assert len(await kept(store)) == 20


@pytest.mark.parametrize(
    ("raw", "header", "status"),
    [
        (body(), "", 400),
        (body(), "t=1,v1=x", 400),
        (body(livemode=True), None, 400),
        (b"[]", None, 400),
        (b"{}", None, 400),
        (b"not json", None, 400),
        (b"\xff\xfe", None, 400),
        (b"[" * 60_000, None, 400),
        (b'"' + b"x" * 70_000 + b'"', None, 413),
        (body(type="our.fault"), None, 500),
    ],
)
async def test_what_is_refused_is_not_kept(
    client: Client, store: Store, raw: bytes, header: str | None, status: int
) -> None:
    assert await post(client, raw, header=header) == status
    assert await kept(store) == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/stripe/webhook/other", 404),
        ("POST", "/stripe/webhook", 404),
        ("POST", "/stripe/webhook/acme/more", 404),
        ("GET", "/stripe/webhook/acme", 405),
        ("GET", "/", 404),
        ("GET", "/live", 200),
        ("GET", "/ready", 200),
    ],
)
async def test_paths(client: Client, method: str, path: str, status: int) -> None:
    async with client.request(method, path) as answer:
        assert answer.status == status
        assert "Traceback" not in await answer.text()


async def test_a_store_that_cannot_commit_is_503_and_the_next_try_is_kept(
    client: Client, store: Store
) -> None:
    async with store.begin() as tx:
        await tx.run(text("ALTER TABLE inbox RENAME TO gone"))
    assert await post(client, body()) == 503
    async with store.begin() as tx:
        await tx.run(text("ALTER TABLE gone RENAME TO inbox"))
    assert await post(client, body()) == 200
    assert len(await kept(store)) == 1


async def test_metrics_count_what_came(client: Client) -> None:
    await post(client, body())
    async with client.get("/metrics") as answer:
        assert 'bridge_webhook_received_total{account="acme",result="200"}' in await answer.text()


@pytest.mark.parametrize(
    ("token", "query", "status"),
    [
        ("Bearer hs-token", "", 200),
        ("bearer hs-token", "?access_token=hs-token", 200),
        ("", "?access_token=hs-token", 200),
        ("Bearer hs-token", "?access_token=wrong", 403),
        ("Bearer wrong", "", 403),
        ("Bearer hs-tokenä", "", 403),
        ("", "", 401),
        ("Basic hs-token", "", 401),
    ],
)
async def test_only_the_homeserver_can_bring_transactions(
    client: Client, token: str, query: str, status: int
) -> None:
    headers = {"Authorization": token} if token else {}
    path = f"/_matrix/app/v1/transactions/t1{query}"
    async with client.put(path, data=b'{"events": []}', headers=headers) as answer:
        assert answer.status == status


@pytest.mark.parametrize(
    ("path", "raw", "status"),
    [
        ("transactions/t1", b'{"events": [1, null, {}]}', 200),
        ("transactions/t1", b"{}", 200),
        ("transactions/t1", b"nope", 400),
        ("transactions/t1", b"[]", 400),
        ("transactions/" + "t" * 300, b"{}", 400),
        ("transactions/t1", b" " * 70_000 + b"{}", 200),
        ("transactions/t1", b" " * 110_000, 413),
        ("transactions/unlucky", b"{}", 503),
    ],
)
async def test_transactions(client: Client, path: str, raw: bytes, status: int) -> None:
    headers = {"Authorization": "Bearer hs-token"}
    async with client.put(f"/_matrix/app/v1/{path}", data=raw, headers=headers) as answer:
        assert answer.status == status


async def test_nothing_comes_into_being_by_being_asked_for(client: Client) -> None:
    headers = {"Authorization": "Bearer hs-token"}
    for path in ("users/@a:here", "rooms/%23a:here"):
        async with client.get(f"/_matrix/app/v1/{path}", headers=headers) as answer:
            assert (answer.status, (await answer.json())["errcode"]) == (404, "M_NOT_FOUND")
    async with client.post("/_matrix/app/v1/ping", headers=headers, data=b"{}") as answer:
        assert answer.status == 200
