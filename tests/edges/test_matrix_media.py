"""What people drop is had from a real homeserver, with the bridge's token and never more than wanted."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from bridge.edges.matrix_client import Identity, MatrixClient
from bridge.edges.matrix_identity import AppserviceIdentity, BotIdentity
from bridge.edges.matrix_media import MatrixMedia
from bridge.model.errors import MediaAway, Refused
from bridge.model.outcome import Delivered, Outcome
from bridge.sandbox.homeserver import SERVER_NAME, Appservice, Synapse
from bridge.sandbox.person import Person

CONTENT = b"%PDF-1.4 " + bytes(range(256)) * 8_000
People = Callable[..., Awaitable[Person]]


@pytest_asyncio.fixture
async def media(homeserver: Synapse, appservice: Appservice) -> AsyncIterator[MatrixMedia]:
    user = f"@{appservice.sender_localpart}:{SERVER_NAME}"
    client = MatrixClient(homeserver.url, user, AppserviceIdentity(appservice.as_token))
    yield MatrixMedia(client)
    await client.close()


async def test_an_appservice_has_it_whole(media: MatrixMedia, people: People) -> None:
    sam = await people("sam")
    address = await sam.upload(CONTENT, "bill.pdf")
    assert await media.fetch(address, len(CONTENT)) == CONTENT
    with pytest.raises(Refused, match=r"larger than 0\.01 MB"):
        await media.fetch(address, 10_000)


async def test_a_bot_has_it_whole(homeserver: Synapse, people: People) -> None:
    sam = await people("sam")
    address = await sam.upload(CONTENT, "bill.pdf")
    login = await homeserver.register("media-bot")
    client = MatrixClient(homeserver.url, login.user_id, _bot(login.token))
    assert await MatrixMedia(client).fetch(address, 4_500_000) == CONTENT
    await client.close()


async def test_the_homeserver_gives_it_to_nobody_without_a_token(
    homeserver: Synapse, people: People
) -> None:
    """So that what the others show is that the token goes along."""
    sam = await people("sam")
    path = (await sam.upload(CONTENT, "bill.pdf")).removeprefix("mxc://")
    url = f"{homeserver.url}/_matrix/client/v1/media/download/{path}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert answer.status == 401


async def test_a_file_that_is_not_there(media: MatrixMedia) -> None:
    with pytest.raises(Refused, match="does not have that file any more"):
        await media.fetch(f"mxc://{SERVER_NAME}/aaaaaaaaaaaaaaaaaaaaaaaa", 10)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://example.org/a.pdf",
        "mxc://here",
        "mxc://here/",
        "mxc://here/..",
        "mxc://here/a/b",
        "mxc://here/a?user_id=@x:y",
        "mxc://here/a\n",
        "mxc:///a",
    ],
)
async def test_an_address_leads_nowhere_else(media: MatrixMedia, address: str) -> None:
    with pytest.raises(Refused, match="no address"):
        await media.fetch(address, 10)


class _Known:
    async def establish(self, client: MatrixClient) -> Outcome:
        client.act("token")
        return Delivered()


@pytest_asyncio.fixture
async def odd() -> AsyncIterator[tuple[web.Application, MatrixMedia, list[int]]]:
    """A homeserver that misbehaves by the name of what it is asked for; how much it got rid of."""
    sent: list[int] = [0]

    async def answer(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        assert request.headers["Authorization"] == "Bearer token"
        if name.isdigit():
            return web.json_response({"errcode": "M_UNKNOWN", "error": "no"}, status=int(name))
        response = web.StreamResponse()
        if name == "cut":
            response.content_length = 1_000_000
        await response.prepare(request)
        try:
            for _ in range(1 if name == "cut" else 10_000):
                await response.write(b"x" * 10_000)
                sent[0] += 10_000
        except (ConnectionError, aiohttp.ClientError):
            pass
        if name == "cut" and request.transport:
            request.transport.abort()
        return response

    app = web.Application()
    app.router.add_get("/_matrix/client/v1/media/download/here/{name}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = MatrixClient(f"http://127.0.0.1:{runner.addresses[0][1]}", "@us:here", _Known())
    yield app, MatrixMedia(client), sent
    await client.close()
    await runner.cleanup()


@pytest.mark.parametrize("name", ["401", "429", "500", "503", "cut"])
async def test_trouble_is_for_later(
    odd: tuple[web.Application, MatrixMedia, list[int]], name: str
) -> None:
    with pytest.raises(MediaAway):
        await odd[1].fetch(f"mxc://here/{name}", 2_000_000)


@pytest.mark.parametrize("name", ["403", "404"])
async def test_a_no_is_a_no(odd: tuple[web.Application, MatrixMedia, list[int]], name: str) -> None:
    with pytest.raises(Refused):
        await odd[1].fetch(f"mxc://here/{name}", 1_000)


async def test_what_never_ends_is_left_unread(
    odd: tuple[web.Application, MatrixMedia, list[int]],
) -> None:
    with pytest.raises(Refused, match="larger"):
        await odd[1].fetch("mxc://here/endless", 100_000)
    assert odd[2][0] < 50_000_000


def _bot(token: str) -> Identity:
    async def nothing(*_: object) -> None:
        return None

    return BotIdentity(token, None, nothing, nothing)
