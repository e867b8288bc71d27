"""Matrix's client API for one person, over plain HTTP. It shares no code with the bridge."""

import asyncio
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp

from bridge.model.errors import BridgeError
from bridge.sandbox.seen import Json

API = "/_matrix/client/v3"
UPLOAD = "/_matrix/media/v3/upload"
_TRIES = 6
_MOST_PATIENCE = 30.0
#: Between tries while the homeserver is away.
_PAUSE = 0.2


class PersonError(BridgeError):
    """The homeserver refused what a person wanted; `code` is Matrix's `errcode`."""

    def __init__(self, sentence: str, *, status: int, code: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


async def log_in(homeserver: str, name: str, password: str) -> tuple[str, str]:
    """The person's Matrix id and a token."""
    who = {"type": "m.id.user", "user": name}
    body = {"type": "m.login.password", "identifier": who, "password": password}
    async with (
        aiohttp.ClientSession(homeserver) as http,
        http.post(f"{API}/login", json=body) as answer,
    ):
        found = await _read(f"{name} could not log in", answer)
    return str(found["user_id"]), str(found["access_token"])


class MatrixClient:
    """`http` is a session with the homeserver's address and the person's token."""

    def __init__(self, user_id: str, http: aiohttp.ClientSession) -> None:
        self.user_id = user_id
        self._http = http

    async def get(self, path: str, query: Mapping[str, str]) -> Json:
        """Patient: goes on asking while the homeserver is away."""
        while True:
            try:
                return await self._call("GET", path, query=query)
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
                pass
            except PersonError as refusal:
                if refusal.status < 500:
                    raise
            await asyncio.sleep(_PAUSE)

    async def post(self, path: str, body: Mapping[str, Any]) -> Json:
        return await self._call("POST", path, body=body)

    async def put(self, path: str, body: Mapping[str, Any]) -> Json:
        return await self._call("PUT", path, body=body)

    async def upload(self, content: bytes, name: str) -> str:
        headers = {"Content-Type": "application/octet-stream"}
        body, query = io.BytesIO(content), {"filename": name}
        async with self._http.post(UPLOAD, data=body, params=query, headers=headers) as answer:
            return str((await _read(f"{self.user_id}: upload", answer))["content_uri"])

    async def _call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Json:
        """Waits as long as the homeserver asks, a few times."""
        for tries_left in reversed(range(_TRIES)):
            async with self._http.request(method, API + path, json=body, params=query) as answer:
                if answer.status != 429 or not tries_left:
                    return await _read(f"{self.user_id}: {method} {path}", answer)
                pause = _asked_pause(answer)
            await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")


def part(text: str) -> str:
    """As one part of a path."""
    return quote(text, safe="")


async def _read(what: str, answer: aiohttp.ClientResponse) -> Json:
    body = await _json(answer)
    if answer.status >= 400:
        code = str(body.get("errcode"))
        sentence = f"{what}: {answer.status} {code}: {body.get('error')}"
        raise PersonError(sentence, status=answer.status, code=code)
    return body


async def _json(answer: aiohttp.ClientResponse) -> Json:
    """A proxy's page of an error is not JSON, and says nothing we need."""
    try:
        body = await answer.json(content_type=None)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _asked_pause(answer: aiohttp.ClientResponse) -> float:
    return min(float(answer.headers.get("Retry-After", "1")), _MOST_PATIENCE)
