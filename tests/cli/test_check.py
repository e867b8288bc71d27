"""`check` on real parts: a Synapse, an SQLite store, and servers on this machine that answer as told."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from bridge.check import findings
from bridge.config import Config
from bridge.model.finding import Finding, Verdict, note, well, wrong
from bridge.sandbox.homeserver import Appservice, Synapse
from bridge.store.migrate import upgrade_async

READER, WRITER = "rk_test_reader", "rk_test_writer"
Serve = Callable[[web.Application], Awaitable[str]]
PING = "homeserver to bridge"


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """The address of an application on a free port; it ends with the test."""
    runners = []

    async def serving(app: web.Application) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield serving
    for runner in runners:
        await runner.cleanup()


def answering(routes: Mapping[str, tuple[int, Any]]) -> web.Application:
    """Answers each path with a status and JSON; anything else with 404."""

    async def answer(request: web.Request) -> web.Response:
        status, body = routes.get(request.path, (404, {"errcode": "M_UNRECOGNIZED"}))
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app


def nowhere() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


async def stripe_with(keys: Mapping[str, int], serve: Serve) -> str:
    """A Stripe that answers each key with a status."""

    async def events(request: web.Request) -> web.Response:
        status = keys.get(request.headers["Authorization"].removeprefix("Bearer "), 401)
        ok = {"object": "list", "data": [], "has_more": False, "url": "/v1/events"}
        refusal = {"error": {"type": "invalid_request_error", "message": "No."}}
        return web.json_response(ok if status == 200 else refusal, status=status)

    app = web.Application()
    app.router.add_get("/v1/events", events)
    return await serve(app)


def configured(folder: Path, **parts: Any) -> Config:
    """With nothing that answers, but for what is given."""
    account = {
        "reader_key": READER,
        "webhook_secrets": ["whsec_x"],
        "api_base": nowhere(),
        "timeout": "5s",
    }
    matrix = {
        "homeserver": nowhere(),
        "server_name": "example.org",
        "as_token": "ours",
        "hs_token": "theirs",
    }
    return Config.model_validate(
        {
            "store": {"url": f"sqlite+aiosqlite:///{folder}/bridge.db"} | parts.get("store", {}),
            "web": {"port": int(nowhere().rpartition(":")[2])} | parts.get("web", {}),
            "accounts": {"acme": account | parts.get("account", {})},
            "matrix": matrix | parts.get("matrix", {}),
            "targets": parts.get("targets", {}),
        }
    )


async def found(config: Config, what: str = "", patience: float = 20) -> list[Finding]:
    return [
        finding async for finding in findings(config, patience) if finding.what.startswith(what)
    ]


async def test_all_are_tried_although_none_works(tmp_path: Path) -> None:
    config = configured(
        tmp_path,
        targets={"pager": {"apprise": "nothing://hush"}, "mail": {"apprise": "json://127.0.0.1"}},
    )
    told = await found(config)
    assert [(one.what, one.verdict) for one in told] == [
        ("store", Verdict.WRONG),
        ("account acme, reader key", Verdict.WRONG),
        ("account acme, writer key", Verdict.NOTE),
        ("homeserver", Verdict.WRONG),
        ("target pager", Verdict.WRONG),
        ("target mail", Verdict.WELL),
    ]
    assert "hush" not in str(told)


# --- the store


async def test_the_store_of_this_version(tmp_path: Path) -> None:
    config = configured(tmp_path)
    await upgrade_async(config.store.url.get_secret_value())
    assert await found(config, "store") == [well("store", "can be read and written (sqlite)")]


async def test_looking_makes_no_store(tmp_path: Path) -> None:
    told = await found(configured(tmp_path), "store")
    assert told == [
        wrong("store", f"has no file {tmp_path}/bridge.db yet", "run `stripe-bridge migrate`")
    ]
    assert not (tmp_path / "bridge.db").exists()


async def test_a_store_without_tables(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").touch()
    told = await found(configured(tmp_path), "store")
    assert told == [wrong("store", "has no tables yet", "run `stripe-bridge migrate`")]


async def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").write_bytes(b"not a database, hush" * 100)
    (told,) = await found(configured(tmp_path), "store")
    assert (told.verdict, "hush" in str(told)) == (Verdict.WRONG, False)


async def test_postgresql(postgres_url: str, tmp_path: Path) -> None:
    config = configured(tmp_path, store={"url": postgres_url})
    assert await found(config, "store") == [
        wrong("store", "has no tables yet", "run `stripe-bridge migrate`")
    ]
    await upgrade_async(postgres_url)
    assert await found(config, "store") == [well("store", "can be read and written (postgresql)")]


async def test_a_database_that_is_not_there(postgres_url: str, tmp_path: Path) -> None:
    elsewhere = (
        postgres_url.replace("?", "_no?", 1) if "?" in postgres_url else f"{postgres_url}_no"
    )
    (told,) = await found(configured(tmp_path, store={"url": elsewhere}), "store")
    assert told.verdict is Verdict.WRONG
    assert "InvalidCatalogNameError" in told.says


async def test_a_database_server_that_is_away(tmp_path: Path) -> None:
    port = nowhere().rpartition(":")[2]
    (told,) = await found(
        configured(tmp_path, store={"url": f"postgresql+asyncpg://u:hush@127.0.0.1:{port}/d"}),
        "store",
    )
    assert told.says == "does not answer (ConnectionRefusedError)"
    assert "hush" not in str(told)


# --- Stripe


async def test_both_keys(tmp_path: Path, serve: Serve) -> None:
    base = await stripe_with({READER: 200, WRITER: 200}, serve)
    told = await found(
        configured(tmp_path, account={"api_base": base, "writer_key": WRITER}), "account"
    )
    assert [one.verdict for one in told] == [Verdict.WELL, Verdict.WELL]


@pytest.mark.parametrize(
    ("status", "reader", "writer"),
    [
        (401, Verdict.WRONG, Verdict.WRONG),
        (403, Verdict.WRONG, Verdict.NOTE),
        (500, Verdict.WRONG, Verdict.WRONG),
    ],
)
async def test_keys_that_stripe_refuses(
    status: int, reader: Verdict, writer: Verdict, tmp_path: Path, serve: Serve
) -> None:
    """A writer key that may not read is as it should be."""
    base = await stripe_with({READER: status, WRITER: status}, serve)
    told = await found(
        configured(tmp_path, account={"api_base": base, "writer_key": WRITER}), "account"
    )
    assert [one.verdict for one in told] == [reader, writer]
    assert READER not in str(told)
    assert WRITER not in str(told)


# --- the homeserver, as told


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ({}, "answers 404, not as a homeserver does"),
        ({"/_matrix/client/versions": (200, ["no"])}, "answers 200, not as a homeserver does"),
        ({"/_matrix/client/versions": (302, {})}, "answers 302, not as a homeserver does"),
    ],
)
async def test_what_is_no_homeserver(
    routes: dict[str, tuple[int, Any]], expected: str, tmp_path: Path, serve: Serve
) -> None:
    base = await serve(answering(routes))
    (told,) = await found(configured(tmp_path, matrix={"homeserver": base}), "homeserver")
    assert told.says == expected


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, {"duration_ms": 1}, "works"),
        (403, {"errcode": "M_FORBIDDEN"}, "fails: the token belongs to another appservice"),
        (400, {"errcode": "M_URL_NOT_SET"}, "fails: the registration has no address"),
        (
            404,
            {"errcode": "M_UNRECOGNIZED"},
            "was not tried: this homeserver is too old to be asked",
        ),
        (
            502,
            {"errcode": "M_BAD_STATUS", "status": 403},
            "fails: the bridge does not accept its token",
        ),
        (502, {"errcode": "M_BAD_STATUS", "status": 404}, "fails: what answers there says 404"),
        (
            504,
            {"errcode": "M_CONNECTION_TIMEOUT"},
            "fails: http://127.0.0.1:8080 does not answer it in time",
        ),
        (
            502,
            {"errcode": "M_CONNECTION_FAILED"},
            "fails: it cannot connect to http://127.0.0.1:8080",
        ),
        (500, [], "fails with 500"),
    ],
)
async def test_what_the_homeserver_says_of_the_bridge(
    status: int, body: Any, says: str, tmp_path: Path, serve: Serve
) -> None:
    """The bridge is running here: so it is not that."""
    base = await serve(
        answering(
            {
                "/_matrix/client/versions": (200, {"versions": ["v1.11"]}),
                "/_matrix/client/v3/account/whoami": (200, {"user_id": "@stripe:example.org"}),
                "/_matrix/client/v1/appservice/stripe-bridge/ping": (status, body),
            }
        )
    )
    bridge = await serve(answering({"/live": (200, {})}))
    config = configured(
        tmp_path, matrix={"homeserver": base}, web={"port": int(bridge.rpartition(":")[2])}
    )
    told = await found(config, PING)
    assert [one.says for one in told] == [says]


# --- the homeserver, real


def known_to(homeserver: Synapse, appservice: Appservice, **more: Any) -> dict[str, Any]:
    return {
        "homeserver": homeserver.url,
        "server_name": homeserver.server_name,
        "id": appservice.id,
        "sender_localpart": appservice.sender_localpart,
        "as_token": appservice.as_token,
        "hs_token": appservice.hs_token,
        "bridge_url": appservice.port.url,
    } | more


async def test_a_synapse_that_knows_the_bridge(
    homeserver: Synapse, appservice: Appservice, tmp_path: Path
) -> None:
    told = await found(configured(tmp_path, matrix=known_to(homeserver, appservice)), "")
    assert [one for one in told if one.what in {"homeserver", "appservice token", PING}] == [
        well("homeserver", "answers"),
        well(
            "appservice token",
            f"is that of @{appservice.sender_localpart}:{homeserver.server_name}",
        ),
        note(
            PING,
            "was not tried: the bridge is not running here",
            "run `stripe-bridge check` again beside the running bridge",
        ),
    ]


@pytest.mark.parametrize(
    ("answers", "says"), [(200, "works"), (403, "fails: the bridge does not accept its token")]
)
async def test_a_synapse_that_reaches_the_bridge(
    answers: int, says: str, homeserver: Synapse, appservice: Appservice, tmp_path: Path
) -> None:
    runner = web.AppRunner(answering({"/_matrix/app/v1/ping": (answers, {})}), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", appservice.port.number).start()
    try:
        told = await found(configured(tmp_path, matrix=known_to(homeserver, appservice)), PING)
    finally:
        await runner.cleanup()
    assert [one.says for one in told] == [says]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"as_token": "hush"}, "is not known to the homeserver"),
        ({"sender_localpart": "other"}, "belongs to @"),
    ],
)
async def test_a_synapse_that_knows_another_bridge(
    changed: dict[str, str], says: str, homeserver: Synapse, appservice: Appservice, tmp_path: Path
) -> None:
    (told,) = await found(
        configured(tmp_path, matrix=known_to(homeserver, appservice, **changed)), "appservice token"
    )
    assert told.verdict is Verdict.WRONG
    assert told.says.startswith(says)
    assert "hush" not in str(told)


async def test_whoever_does_not_answer_is_not_waited_for(tmp_path: Path, serve: Serve) -> None:
    never = asyncio.Event()

    async def wait(_request: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", wait)
    base = await serve(app)
    told = await found(configured(tmp_path, matrix={"homeserver": base}), patience=0.3)
    assert [one.says for one in told if one.what == "homeserver"] == [
        "gives no answer within 0.3 s"
    ]
    never.set()
