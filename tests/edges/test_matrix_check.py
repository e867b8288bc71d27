"""`check` in bot mode: the token is tried, a password only looked for."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from bridge.config import Config
from bridge.edges import matrix_check
from bridge.edges.matrix_registration import registration
from bridge.model.errors import BridgeError
from bridge.model.finding import Verdict
from bridge.sandbox.homeserver import Synapse

BOT = "@bot:example.org"


def configured(homeserver: str, **matrix: Any) -> Config:
    account = {"reader_key": "rk_test_x", "webhook_secrets": ["whsec_x"]}
    place = {"homeserver": homeserver, "server_name": "example.org", "mode": "bot", "user_id": BOT}
    return Config.model_validate({"accounts": {"acme": account}, "matrix": {**place, **matrix}})


async def look(config: Config) -> list[tuple[Verdict, str]]:
    async with aiohttp.ClientSession() as http:
        return [
            (one.verdict, str(one))
            async for one in matrix_check.look(config.matrix, http, "http://127.0.0.1:1")
        ][1:]


@pytest_asyncio.fixture
async def no_passwords() -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/versions"):
            return web.json_response({"versions": ["v1.11"]})
        return web.json_response({"flows": [{"type": "m.login.sso"}, "odd"]})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_token_is_tried_on_a_real_homeserver(homeserver: Synapse) -> None:
    login = await homeserver.register("checked-bot")
    server = login.user_id.partition(":")[2]
    who = {"server_name": server, "user_id": login.user_id}
    ((verdict, _),) = await look(configured(homeserver.url, access_token=login.token, **who))
    assert verdict is Verdict.WELL
    ((verdict, text),) = await look(configured(homeserver.url, access_token="wrong", **who))
    assert verdict is Verdict.WRONG
    assert "401 M_UNKNOWN_TOKEN" in text
    who["user_id"] = f"@somebody-else:{server}"
    ((verdict, text),) = await look(configured(homeserver.url, access_token=login.token, **who))
    assert (verdict, login.user_id in text) == (Verdict.WRONG, True)
    ((verdict, _),) = await look(configured(homeserver.url, password=login.password, **who))
    assert verdict is Verdict.NOTE


async def test_a_homeserver_without_passwords(no_passwords: str) -> None:
    ((verdict, text),) = await look(configured(no_passwords, password="hush hush"))
    assert verdict is Verdict.WRONG
    assert "hush" not in text


def test_a_bot_has_nothing_to_register() -> None:
    with pytest.raises(BridgeError, match="nothing to register"):
        registration(configured("http://127.0.0.1:1", access_token="x"))
