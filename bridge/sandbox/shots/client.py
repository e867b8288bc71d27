"""A folder with a built web client, served on loopback with the sandbox's homeserver as its own."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from aiohttp import web

from bridge.model.errors import BridgeError
from bridge.sandbox.ports import LOOPBACK

_TITLE = re.compile(r"<title>\s*(\w+)", re.IGNORECASE)
_WANTED = "a folder with a built Cinny or Element (its index.html beside its scripts)"


class ClientMissing(BridgeError):
    """There is no client that can be pictured; the sentence says what is wanted."""


class Kind(StrEnum):
    CINNY = "cinny"
    ELEMENT = "element"


@dataclass(frozen=True)
class WebClient:
    folder: Path
    kind: Kind

    def config(self, homeserver: str, server_name: str) -> dict[str, Any]:
        """The content of its config.json: this homeserver and no other, nothing of the world outside."""
        if self.kind is Kind.CINNY:
            return {
                "defaultHomeserver": 0,
                "homeserverList": [homeserver],
                "allowCustomHomeservers": True,
                "featuredCommunities": {"openAsDefault": False, "spaces": [], "rooms": []},
                "hashRouter": {"enabled": True, "basename": "/"},
            }
        server = {"base_url": homeserver, "server_name": server_name}
        return {
            "default_server_config": {"m.homeserver": server},
            "disable_guests": True,
            "disable_3pid_login": True,
            "integrations_ui_url": None,
            "integrations_rest_url": None,
            "show_labs_settings": False,
        }

    def path_of(self, room_id: str, space: str | None) -> str:
        """Where in the client a room is: behind the `#` of its address. A room of a space stands under it."""
        match self.kind:
            case Kind.ELEMENT:
                return f"/room/{room_id}"
            case Kind.CINNY:
                return f"/{quote(space or 'home', safe='')}/{quote(room_id, safe='')}/"


def web_client(folder: str) -> WebClient:
    """The client in that folder. Raises `ClientMissing`."""
    if not folder:
        raise ClientMissing(f"Say which client: CLIENT=folder, {_WANTED}.")
    here = Path(folder).expanduser().resolve()
    index = here / "index.html"
    if not index.is_file():
        raise ClientMissing(f"There is no web client in {here}: CLIENT must be {_WANTED}.")
    title = _TITLE.search(index.read_text(errors="replace"))
    named = title[1].lower() if title else ""
    if named not in set(Kind):
        raise ClientMissing(f"What is in {here} is not known here: CLIENT must be {_WANTED}.")
    return WebClient(here, Kind(named))


class Served:
    """The client on a free loopback port while entered; its folder is only read."""

    def __init__(self, client: WebClient, config: dict[str, Any]) -> None:
        self._client = client
        self._config = config
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_get("/config{host:[^/]*}.json", self._configured)
        application.router.add_get("/", self._index)
        application.router.add_static("/", self._client.folder)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, 0).start()
        self.url = f"http://{LOOPBACK}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _configured(self, _: web.Request) -> web.Response:
        return web.json_response(self._config)

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(self._client.folder / "index.html")
