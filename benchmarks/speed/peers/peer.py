"""A peer: its environment, its process, its own twenty rooms, and the work that it is given."""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import yaml

from benchmarks.speed.load import send
from bridge.model.errors import BridgeError
from bridge.sandbox.homeserver import Login
from bridge.sandbox.matrix_client import MatrixClient, part
from bridge.sandbox.ports import LOOPBACK, Port
from bridge.sandbox.process import Process

if TYPE_CHECKING:
    from benchmarks.speed.house import House

_HERE = Path(__file__).parent
ENVIRONMENTS = Path("build/peers")
_ROOMS = 20
#: Callers wait for these programs, so it takes many of them.
_AT_ONCE = 32
_INSTALL_SECONDS = 600
_API_KEY = "bench"


@dataclass(frozen=True)
class Place:
    """What a peer's process is made of."""

    python: Path
    directory: Path
    homeserver: str
    login: Login
    port: int


@dataclass(frozen=True)
class Kind:
    """`body` is what it is sent for a message's content."""

    key: str
    package: str
    command: Callable[[Place], list[str]]
    body: Callable[[dict[str, Any]], dict[str, Any]]


class Peer:
    def __init__(self, house: "House", kind: Kind, directory: Path) -> None:
        self.key = kind.key
        self._house = house
        self._kind = kind
        self._directory = directory / kind.key
        self._port = Port()
        self._rooms: list[str] = []

    async def __aenter__(self) -> Self:
        self._directory.mkdir()
        python = await asyncio.to_thread(_environment, self._kind.package)
        server = self._house.homeserver
        login = await server.register(self.key.replace("_", "-"))
        self._rooms = await self._make_rooms(login)
        place = Place(python, self._directory, server.url, login, self._port.number)
        self._process = Process(
            self.key, self._kind.command(place), log=self._directory / f"{self.key}.log"
        )
        self._process.start()
        try:
            await self._answers()
        except BaseException:
            self._process.kill()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        self._process.stop()
        self._port.close()

    async def carry(self, house: "House", number: int) -> float:
        """Messages a second, from the first POST until the last message is seen."""
        marks, messages = house.messages(number)
        requests = [
            self._request(self._rooms[n % _ROOMS], content)
            for n, (_, content) in enumerate(messages)
        ]
        start = time.monotonic()
        await send(self._port.number, requests, _AT_ONCE)
        return number / (await house.watcher.sees(marks) - start)

    async def _make_rooms(self, login: Login) -> list[str]:
        watcher = self._house.watcher.login.user_id
        what = {"preset": "private_chat", "invite": [watcher]}
        headers = {"Authorization": f"Bearer {login.token}"}
        async with aiohttp.ClientSession(self._house.homeserver.url, headers=headers) as http:
            client = MatrixClient(login.user_id, http)
            rooms = [
                str((await client.post("/createRoom", what))["room_id"]) for _ in range(_ROOMS)
            ]
            for room in rooms:
                while not await _is_joined(client, room, watcher):
                    await asyncio.sleep(0.05)
        return rooms

    async def _answers(self) -> None:
        for _ in range(600):
            try:
                await self.carry(self._house, 1)
            except (OSError, BridgeError) as trouble:
                if self._process.pid is None:
                    raise self._process.failed(
                        f"ended with exit code {self._process.exit_code}"
                    ) from trouble
                await asyncio.sleep(0.1)
            else:
                return
        raise self._process.failed("did not post anything")

    def _request(self, room: str, content: dict[str, Any]) -> bytes:
        body = json.dumps(self._kind.body(content)).encode()
        head = (
            f"POST /{part(room)} HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Type: application/json\r\n"
        )
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _is_joined(client: MatrixClient, room: str, who: str) -> bool:
    members = await client.get(f"/rooms/{part(room)}/joined_members", {})
    return who in members["joined"]


def _environment(package: str) -> Path:
    """Its Python; installed from its lock file unless that has been done."""
    folder, lock = ENVIRONMENTS / package, _HERE / f"{package}.txt"
    python, done = folder.resolve() / "bin" / "python", folder / "installed.txt"
    if done.exists() and done.read_text() == lock.read_text():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    _run(sys.executable, "-m", "venv", str(folder))
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
    _run(str(python), *install, "-r", str(lock))
    shutil.copy(lock, done)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=_INSTALL_SECONDS
    )
    if done.returncode:
        raise BridgeError(f"{' '.join(command)} failed: {done.stderr.strip()[-2000:]}")


def _webhook_command(place: Place) -> list[str]:
    where = ["-H", LOOPBACK, "-P", str(place.port), "-u", place.homeserver, "-k", _API_KEY]
    who = ["-i", place.login.user_id, "-t", place.login.token]
    return [str(place.python), "-m", "matrix_webhook", *where, *who]


def _webhook_body(content: dict[str, Any]) -> dict[str, Any]:
    return {"body": content["body"], "formatted_body": content["formatted_body"], "key": _API_KEY}


def _maubot_command(place: Place) -> list[str]:
    credentials = {
        "id": place.login.user_id,
        "homeserver": place.homeserver,
        "access_token": place.login.token,
    }
    # It posts and hears nothing: so it says of itself that it needs no sync.
    user = {
        "credentials": credentials,
        "sync": False,
        "displayname": "disable",
        "avatar_url": "disable",
    }
    server = {
        "hostname": LOOPBACK,
        "port": place.port,
        "public_url": f"http://{LOOPBACK}:{place.port}",
    }
    logging = {"version": 1, "root": {"level": "WARNING"}}
    content = {"user": user, "server": server, "database": "sqlite:bot.db", "logging": logging}
    (place.directory / "config.yaml").write_text(yaml.safe_dump(content))
    plugin = str((_HERE / "maubot_plugin" / "maubot.yaml").resolve())
    return [str(place.python), "-m", "maubot.standalone", "-c", "config.yaml", "-m", plugin]


def _maubot_body(content: dict[str, Any]) -> dict[str, Any]:
    return content


KINDS = (
    Kind("matrix_webhook", "matrix-webhook", _webhook_command, _webhook_body),
    Kind("maubot", "maubot", _maubot_command, _maubot_body),
)
