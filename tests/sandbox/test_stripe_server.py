"""The server as a whole: it never breaks, and it runs alone."""

import asyncio
import re
import sys

import aiohttp
import pytest

from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.resources.catalogue import ROUTES
from bridge.sandbox.stripe_server.routes import Route

ODD = ("", "limit=x", "a[=b", "metadata=1&metadata[a]=b", "expand[]=a.b", "%00=%ff", "a" * 5000)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_no_request_breaks_it(sandbox: SandboxStripe, route: Route) -> None:
    path = re.sub(r"\{\w+\}", "nobody", route.path)
    headers = {"Authorization": f"Bearer {sandbox.owner_key}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        for text in ODD:
            query, body = (None, text) if route.method == "POST" else (text, None)
            url = f"{sandbox.url}{path}" + (f"?{query}" if query else "")
            async with http.request(route.method, url, data=body) as answer:
                assert answer.status in {200, 400, 404}
                assert ("error" in await answer.json()) is (answer.status != 200)


async def test_by_itself() -> None:
    alone = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "bridge.sandbox.stripe_server", "--seed", "4",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert alone.stdout is not None
    line = (await alone.stdout.readline()).decode()
    (url,) = re.findall(r"at (http://127\.0\.0\.1:\d+);", line)
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{url}/_sandbox/happen/payout_fails", json={}) as answer,
    ):
        assert answer.status == 200
    alone.terminate()
    await alone.communicate()
