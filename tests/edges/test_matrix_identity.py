"""A homeserver that gives appservices no devices (MSC4190) takes their messages all the same."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from bridge.edges.matrix_client import MatrixClient
from bridge.edges.matrix_content import OURS
from bridge.edges.matrix_homeserver import MatrixHomeserver
from bridge.edges.matrix_identity import AppserviceIdentity
from bridge.model.outcome import Delivered

ROOM = "!room:example.org"
THEN = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)


class Old:
    """What it was asked, and what it has in its room, the newest first."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.pages: list[list[dict[str, object]]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if "/devices/" in request.path:
            return web.json_response({"errcode": "M_NOT_FOUND", "error": "No device"}, status=404)
        if request.path.endswith("/messages"):
            number = int(request.query.get("from", "0"))
            if number == len(self.pages):  # some say so by leading back to where one is
                return web.json_response({"chunk": [], "end": str(number)})
            return web.json_response({"chunk": self.pages[number], "end": str(number + 1)})
        return web.json_response({"event_id": "$made"})


@pytest_asyncio.fixture
async def old() -> Old:
    return Old()


@pytest_asyncio.fixture
async def homeserver(old: Old) -> AsyncIterator[MatrixHomeserver]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", old.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        url = str(server.make_url("")).rstrip("/")
        client = MatrixClient(url, "@bridge:example.org", AppserviceIdentity("secret"))
        yield MatrixHomeserver(client, federate=False, history="shared")
        await client.close()


def message(txn: str, at: datetime) -> dict[str, object]:
    content = {"body": "x", OURS: {"delivery": txn, "ids": {}}}
    return {
        "event_id": f"${txn}",
        "origin_server_ts": int(at.timestamp() * 1000),
        "content": content,
    }


async def test_without_a_device_nothing_is_trusted_to_the_homeservers_memory(
    old: Old, homeserver: MatrixHomeserver
) -> None:
    assert await homeserver.send(ROOM, "one", {"body": "x"}) == Delivered("$made")
    sent = old.asked[-1]
    assert "device_id" not in sent.query
    assert sent.query["user_id"] == "@bridge:example.org"
    assert homeserver.memory == timedelta(0)


async def test_what_was_said_is_found_on_whatever_page_it_is(
    old: Old, homeserver: MatrixHomeserver
) -> None:
    old.pages = [
        [message("newest", THEN), {"event_id": "$odd", "content": {OURS: "odd"}}],
        [message("wanted", THEN - timedelta(hours=1))],
        [message("older", THEN - timedelta(days=2))],
        [message("too old to look at", THEN - timedelta(days=3))],
    ]
    since = THEN - timedelta(hours=2)
    assert await homeserver.said(ROOM, "wanted", since) == "$wanted"
    assert await homeserver.said(ROOM, "never said", since) is None
    assert old.asked[-1].query["from"] == "2"
    assert await homeserver.said(ROOM, "never said", since - timedelta(days=30)) is None
