"""The proxy passes on what it is given, and spoils what it is told to spoil, where it says."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from random import Random

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from benchmarks.faults.proxy import CALM, Blow, Mood, Proxy
from bridge.sandbox.ports import LOOPBACK, Port

BODY = {"text": "x" * 500}


class Server:
    def __init__(self) -> None:
        self.done: list[dict[str, str]] = []

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.done.append(await request.json())
        if request.query.get("chunked"):
            answer = web.StreamResponse()
            answer.enable_chunked_encoding()
            await answer.prepare(request)
            for _ in range(3):
                await answer.write(b"y" * 200)
            return answer
        return web.json_response(BODY)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[tuple[Server, Proxy]]:
    made = Server()
    app = web.Application()
    app.router.add_post("/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    with Port() as port, Port() as upstream, Port() as nobody:
        await web.TCPSite(runner, LOOPBACK, upstream.number).start()
        async with Proxy(port, [nobody.number, upstream.number], Random(1)) as proxy:
            yield made, proxy
        await runner.cleanup()


async def _ask(proxy: Proxy, path: str = "/") -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession(proxy.url) as http,
        # A PUT would be asked again by the client itself.
        http.post(path, json=BODY) as answer,
    ):
        return answer.status, await answer.read()


async def test_what_is_not_spoiled_arrives_whole(server: tuple[Server, Proxy]) -> None:
    made, proxy = server
    proxy.mood = CALM
    async with aiohttp.ClientSession(proxy.url) as http:
        for path, length in (("/", 512), ("/?chunked=1", 600)) * 2:  # one connection for all
            async with http.post(path, json=BODY) as answer:
                assert (answer.status, len(await answer.read())) == (200, length)
    assert made.done == [BODY] * 4


@pytest.mark.parametrize(
    ("blow", "done"), [(Blow.CUT_REQUEST, 0), (Blow.CUT_ANSWER, 1), (Blow.NO_ANSWER, 1)]
)
async def test_a_cut_connection_ends_in_the_middle(
    blow: Blow, done: int, server: tuple[Server, Proxy]
) -> None:
    made, proxy = server
    proxy.mood = Mood((blow,), share=1)
    with pytest.raises(aiohttp.ClientError):
        await _ask(proxy)
    assert (len(made.done), proxy.blows[blow]) == (done, 1)


@pytest.mark.parametrize(
    ("blow", "status", "done"),
    [(Blow.TOO_MANY, 429, 0), (Blow.BAD_GATEWAY, 502, 0), (Blow.BAD_GATEWAY_AFTER, 502, 1)],
)
async def test_a_refusal_says_how_and_is_before_or_after_it_was_done(
    blow: Blow, status: int, done: int, server: tuple[Server, Proxy]
) -> None:
    made, proxy = server
    proxy.mood = Mood((blow,), share=1)
    assert (await _ask(proxy))[0] == status
    assert len(made.done) == done


async def test_only_some_requests_are_spoiled(server: tuple[Server, Proxy]) -> None:
    _, proxy = server
    proxy.mood = Mood((Blow.BAD_GATEWAY,), share=1, only="POST /bad")
    assert [(await _ask(proxy, path))[0] for path in ("/good", "/bad")] == [200, 502]


async def test_what_may_be_asked_again_is_until_it_is_answered() -> None:
    came = 0

    async def die_first(reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal came
        came += 1
        await reader.readuntil(b"\r\n\r\n")
        if came > 2:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    with Port() as port, Port() as upstream:
        async with (
            await asyncio.start_server(die_first, LOOPBACK, upstream.number),
            Proxy(port, [upstream.number], Random(1), again="POST") as proxy,
        ):
            assert await _ask(proxy) == (200, b"{}")
    assert came == 3
