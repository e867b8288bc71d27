"""Bot mode's ears, against a homeserver that misbehaves as real ones do."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from bridge.edges import matrix_sync
from bridge.edges.matrix_client import MatrixClient
from bridge.edges.matrix_identity import BotIdentity
from bridge.edges.matrix_sync import MatrixSync
from bridge.model.clock import ManualClock
from bridge.model.errors import StoreUnavailable
from bridge.model.ports import Login, RoomFate, Told

BOT = "@bot:example.org"
NOW = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
Answer = tuple[int, Any, dict[str, str]]


class Homeserver:
    """Answers each path with what was put there, in turn; then as a quiet homeserver does."""

    def __init__(self) -> None:
        self.answers: dict[str, deque[Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.bodies: list[Any] = []
        self.idle = asyncio.Event()

    def will(self, path: str, status: int, body: Any, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.setdefault(path, deque()).append((status, body, named))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/_matrix/client/v3")
        self.asked.append((path, dict(request.query)))
        if request.method == "POST":
            self.bodies.append(await request.json())
        if waiting := self.answers.get(path):
            status, body, headers = waiting.popleft()
            if isinstance(body, str):
                return web.Response(status=status, text=body, headers=headers)
            return web.json_response(body, status=status, headers=headers)
        if path == "/account/whoami":
            return web.json_response({"user_id": BOT, "device_id": "D"})
        self.idle.set()
        await asyncio.Event().wait()
        raise AssertionError("never set")

    def syncs(self) -> list[dict[str, str]]:
        return [query for path, query in self.asked if path == "/sync"]


class Ears:
    """What the sync tells, kept; it raises as often as it is told to."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.faults: deque[Exception] = deque()
        self.since: str | None = "s0"

    async def accept(self, told: Told) -> None:
        if self.faults:
            raise self.faults.popleft()
        self.told.append(told)
        self.since = told.since

    async def load(self) -> str | None:
        return self.since

    def said(self) -> list[str]:
        return [one.body for told in self.told for one in told.said]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Homeserver]:
    yield Homeserver()


@pytest_asyncio.fixture
async def url(server: Homeserver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the loop wanted to rest, each time; it does not."""
    rested: list[float] = []

    async def rest(stop: asyncio.Event, pause: timedelta) -> None:
        rested.append(pause.total_seconds())

    monkeypatch.setattr(matrix_sync, "_rest", rest)
    return rested


async def nobody() -> Login | None:
    return None


async def forget(_: Login) -> None:
    return None


Listen = Callable[..., Awaitable[None]]


@pytest.fixture
def listen(server: Homeserver, url: str, ears: Ears, pauses: list[float]) -> Listen:
    """Run the loop until the homeserver has nothing more to tell."""

    async def listening(**how: Any) -> None:
        client = MatrixClient(url, BOT, BotIdentity("token", None, nobody, forget))
        sync = MatrixSync(client, ears.load, ears.accept, ManualClock(NOW), lambda: 0.0, **how)
        stop = asyncio.Event()
        running = asyncio.create_task(sync.run(stop))
        async with asyncio.timeout(10):
            await server.idle.wait()
        stop.set()
        await running
        await client.close()

    return listening


def text(number: int, *, at: datetime = NOW) -> dict[str, Any]:
    return {
        "type": "m.room.message",
        "event_id": f"${number}",
        "sender": "@sam:example.org",
        "origin_server_ts": int(at.timestamp() * 1000),
        "content": {"msgtype": "m.text", "body": f"said {number}"},
    }


def batch(position: str, *numbers: int, **timeline: Any) -> dict[str, Any]:
    events = [text(number) for number in numbers]
    return {
        "next_batch": position,
        "rooms": {"join": {"!r:example.org": {"timeline": {"events": events, **timeline}}}},
    }


async def test_each_sync_begins_where_the_last_one_was_committed(
    server: Homeserver, ears: Ears, listen: Listen, pauses: list[float]
) -> None:
    server.will("/sync", 200, batch("s1", 1))
    server.will("/sync", 200, batch("s2", 2))
    await listen()
    assert [query["since"] for query in server.syncs()] == ["s0", "s1", "s2"]
    assert ears.said() == ["said 1", "said 2"]
    assert pauses == []


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), ValueError("ours")])
async def test_what_could_not_be_taken_is_asked_for_again(
    fault: Exception, server: Homeserver, ears: Ears, listen: Listen, pauses: list[float]
) -> None:
    ears.faults.append(fault)
    server.will("/sync", 200, batch("s1", 1))
    server.will("/sync", 200, batch("s1", 1))
    await listen()
    assert [query["since"] for query in server.syncs()] == ["s0", "s0", "s1"]
    assert (ears.said(), pauses) == (["said 1"], [1.0])


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        (502, "<html>Bad Gateway</html>", {}, [1.0, 2.0, 4.0]),
        (401, {"errcode": "M_UNKNOWN_TOKEN", "error": "no"}, {}, [1.0, 2.0, 4.0]),
        (429, {"errcode": "M_LIMIT_EXCEEDED"}, {"Retry_After": "7"}, [7.0, 7.0, 7.0]),
        (429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}, {}, [2.5, 2.5, 2.5]),
        (200, {"next_batch": "s0"}, {}, [1.0, 2.0, 4.0]),
        (200, "no JSON", {}, [1.0, 2.0, 4.0]),
        (200, {"rooms": []}, {}, [1.0, 2.0, 4.0]),
    ],
)
async def test_trouble_is_waited_for_and_never_spins(
    status: int,
    body: Any,
    headers: dict[str, str],
    expected: list[float],
    server: Homeserver,
    ears: Ears,
    listen: Listen,
    pauses: list[float],
) -> None:
    for _ in range(3):
        server.will("/sync", status, body, **headers)
    server.will("/sync", 200, batch("s1", 1))
    await listen()
    assert pauses == expected
    assert ears.said() == ["said 1"]


async def test_a_gap_is_fetched_backwards_and_told_in_order(
    server: Homeserver, ears: Ears, listen: Listen, pauses: list[float]
) -> None:
    server.will("/sync", 200, batch("s1", 5, 6, limited=True, prev_batch="p1"))
    messages = "/rooms/!r:example.org/messages"
    server.will(messages, 200, {"chunk": [text(4), text(3)], "end": "p2"})
    server.will(messages, 502, "gone for a moment")
    server.will("/sync", 200, batch("s1", 5, 6, limited=True, prev_batch="p1"))
    server.will(messages, 200, {"chunk": [text(4), text(3)], "end": "p2"})
    server.will(messages, 200, {"chunk": [text(2)]})
    await listen()
    assert ears.said() == [f"said {number}" for number in range(2, 7)]
    asked = [query for path, query in server.asked if path == messages]
    assert [(one["from"], one["to"], one["dir"]) for one in asked[2:]] == [
        ("p1", "s0", "b"),
        ("p2", "s0", "b"),
    ]
    assert pauses == [1.0]


async def test_a_gap_has_an_end(server: Homeserver, ears: Ears, listen: Listen) -> None:
    server.will("/sync", 200, batch("s1", 9, limited=True, prev_batch="p0"))
    for page in range(5):
        server.will(
            "/rooms/!r:example.org/messages",
            200,
            {"chunk": [text(8 - page)], "end": f"p{page + 1}"},
        )
    await listen(most_pages=2)
    assert ears.said() == ["said 7", "said 8", "said 9"]


async def test_the_first_look_takes_nothing_that_was_said_before(
    server: Homeserver, ears: Ears, listen: Listen
) -> None:
    ears.since = None
    first = batch("s1", 1, limited=True, prev_batch="p")
    timeline = first["rooms"]["join"]["!r:example.org"]["timeline"]
    timeline["events"] = [text(0, at=NOW - timedelta(minutes=1)), text(1)]
    server.will("/sync", 200, first)
    await listen()
    assert "since" not in server.syncs()[0]
    assert ears.said() == ["said 1"]
    assert [path for path, _ in server.asked] == ["/account/whoami", "/sync", "/sync"]


async def test_a_position_that_means_nothing_any_more_is_given_up(
    server: Homeserver, ears: Ears, listen: Listen, pauses: list[float]
) -> None:
    server.will("/sync", 400, {"errcode": "M_UNKNOWN_POS", "error": "?"})
    server.will("/sync", 200, batch("t1", 1))
    await listen()
    assert [query.get("since") for query in server.syncs()] == ["s0", None, "t1"]
    assert pauses == [1.0]


async def test_rooms_that_change_are_told_of(
    server: Homeserver, ears: Ears, listen: Listen
) -> None:
    def state(kind: str, key: str, **content: Any) -> dict[str, Any]:
        event = {"type": kind, "state_key": key, "sender": "@sam:example.org", "content": content}
        return {**event, "event_id": f"${kind}-{content}"}

    upgrade = state("m.room.tombstone", "", replacement_room="!new:example.org")
    secret = state("m.room.encryption", "", algorithm="m.megolm.v1.aes-sha2")
    kick = state("m.room.member", BOT, membership="leave")
    invite = state("m.room.member", BOT, membership="invite")
    del invite["event_id"]
    server.will(
        "/sync",
        200,
        {
            "next_batch": "s1",
            "rooms": {
                "join": {"!a:x": {"timeline": {"events": [upgrade, secret, "odd", {}]}}},
                "leave": {"!b:x": {"timeline": {"events": [kick]}}},
                "invite": {"!c:x": {"invite_state": {"events": [invite]}}, "!d:x": "odd"},
            },
        },
    )
    await listen()
    changes = [(one.room_id, one.what, one.detail) for one in ears.told[0].changes]
    assert changes == [
        ("!a:x", RoomFate.UPGRADED, "!new:example.org"),
        ("!a:x", RoomFate.ENCRYPTED, ""),
        ("!b:x", RoomFate.REMOVED, "leave"),
        ("!c:x", RoomFate.INVITED, ""),
    ]


async def test_a_password_logs_in_once_and_again_when_its_session_has_ended(
    server: Homeserver, url: str
) -> None:
    kept: list[Login] = []

    async def load() -> Login | None:
        return kept[-1] if kept else None

    async def save(made: Login) -> None:
        kept.append(made)

    async def joined() -> object:
        """As a process that has just started."""
        client = MatrixClient(url, BOT, BotIdentity(None, "hush", load, save))
        answer = await client.ask("GET", "/joined_rooms")
        await client.close()
        return answer

    server.will("/login", 200, {"access_token": "t1", "device_id": "DEV"})
    server.will("/joined_rooms", 200, {"joined_rooms": []})
    assert await joined() == {"joined_rooms": []}
    server.will("/joined_rooms", 200, {"joined_rooms": []})
    assert await joined() == {"joined_rooms": []}
    assert kept == [Login("t1", "DEV")]
    server.will("/account/whoami", 401, {"errcode": "M_UNKNOWN_TOKEN"})
    server.will("/login", 200, {"access_token": "t2", "device_id": "DEV"})
    server.will("/joined_rooms", 200, {"joined_rooms": []})
    assert await joined() == {"joined_rooms": []}
    assert kept == [Login("t1", "DEV"), Login("t2", "DEV")]
    assert server.bodies[-1]["device_id"] == "DEV"


async def test_a_refused_password_is_not_tried_again_and_again(
    server: Homeserver, url: str
) -> None:
    client = MatrixClient(url, BOT, BotIdentity(None, "hush", nobody, forget))
    server.will("/login", 403, {"errcode": "M_FORBIDDEN", "error": "Invalid password"})
    answer = await client.ask("GET", "/joined_rooms")
    assert getattr(answer, "after", None) == timedelta(minutes=5)
    assert "matrix.password" in getattr(answer, "reason", "")
    assert "hush" not in str(answer)
    await client.close()
