"""Headless Chromium, spoken to over its DevTools protocol; it reaches nothing but this machine."""

import asyncio
import json
import os
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import aiohttp

from bridge.model.errors import BridgeError
from bridge.sandbox.ports import LOOPBACK
from bridge.sandbox.process import Process

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_OPTIONS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en-GB",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {LOOPBACK}",
)
_START_SECONDS = 30
_ANSWER_SECONDS = 30
_PAUSE = 0.05
_MOST_BYTES = 64 * 1024 * 1024


class BrowserTrouble(BridgeError):
    """There is no Chromium, or it did not do what it was asked."""


def find_chromium() -> str:
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        raise BrowserTrouble(
            "There is no Chromium on PATH, and pictures need one:"
            " on Debian, apt-get install chromium."
        )
    return found


class Chromium:
    """One browser with a profile of its own, which is gone with it."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def page(self) -> "Page":
        async with self._http.put(f"http://{LOOPBACK}:{self._port}/json/new?about:blank") as answer:
            made = await answer.json(content_type=None)
        socket = await self._http.ws_connect(
            made["webSocketDebuggerUrl"], max_msg_size=_MOST_BYTES, heartbeat=None
        )
        page = Page(socket)
        self._open.push_async_callback(page.close)
        return page

    async def _start(self) -> None:
        # A browser that is being ended may still write to its profile.
        profile = Path(
            self._open.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="stripe-bridge-chromium-", ignore_cleanup_errors=True
                )
            )
        )
        command = [self._program, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        # Its own sandbox refuses to be root's.
        command[1:1] = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.process = Process("Chromium", command, log=profile / "chromium.log")
        self._open.push_async_callback(asyncio.to_thread, self._end)
        self.process.start()
        self._http = await self._open.enter_async_context(aiohttp.ClientSession())
        self._port = await self._told_port(profile / "DevToolsActivePort")

    def _end(self) -> None:
        self.process.stop()

    async def _told_port(self, told: Path) -> int:
        try:
            async with asyncio.timeout(_START_SECONDS):
                while (port := _port_in(told)) is None:
                    if self.process.pid is None:
                        raise BrowserTrouble(str(self.process.failed("ended at once")))
                    await asyncio.sleep(_PAUSE)
        except TimeoutError:
            raise BrowserTrouble(str(self.process.failed("did not start"))) from None
        return port


def _port_in(told: Path) -> int | None:
    lines = told.read_text().splitlines() if told.exists() else []
    return int(lines[0]) if lines else None


class Page:
    """One tab. Every method raises `BrowserTrouble` if the browser refuses or is gone."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._hearing = asyncio.create_task(self._hear())

    async def close(self) -> None:
        await self._socket.close()
        self._hearing.cancel()
        await asyncio.gather(self._hearing, return_exceptions=True)

    async def do(self, method: str, **given: Any) -> dict[str, Any]:
        """One command of the protocol (`Page.navigate`), and its result."""
        number = len(self._waiting) + 1
        self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send_json({"id": number, "method": method, "params": given})
            answer = await asyncio.wait_for(self._waiting[number], _ANSWER_SECONDS)
        except (TimeoutError, ConnectionError) as trouble:
            raise BrowserTrouble(f"Chromium did not answer {method}.") from trouble
        if error := answer.get("error"):
            raise BrowserTrouble(f"Chromium refused {method}: {error.get('message')}")
        result: dict[str, Any] = answer.get("result", {})
        return result

    async def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        answer = await self.do(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"].get("exception", {}).get("description", "?")
            raise BrowserTrouble(f"The page threw: {str(thrown)[:300]}")
        return answer["result"].get("value")

    async def until(self, script: str, *, what: str, within: float = 30) -> None:
        """Until the expression is true."""
        try:
            async with asyncio.timeout(within):
                await self._come_true(f"Boolean({script})")
        except TimeoutError:
            shown = str(await self.evaluate("document.body && document.body.innerText"))
            raise BrowserTrouble(
                f"The page did not show {what} within {within:g} s. It shows: {shown[:400]!r}"
            ) from None

    async def _come_true(self, script: str) -> None:
        while True:
            if await self.evaluate(script):
                return
            await asyncio.sleep(_PAUSE)

    async def _hear(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            waiting = self._waiting.get(told.get("id"))
            if waiting and not waiting.done():
                waiting.set_result(told)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("the browser is gone"))
