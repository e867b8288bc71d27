"""A real Synapse on SQLite, on a loopback port, with nobody to federate with."""

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml

from bridge.model.errors import BridgeError
from bridge.sandbox.ports import LOOPBACK, Port
from bridge.sandbox.process import Process

SERVER_NAME = "sandbox.test"
#: For tests and demos, where one address logs many people in; messages keep Synapse's own limits.
EASY_ENTRY: Mapping[str, Any] = {
    "rc_registration": {"per_second": 1000, "burst_count": 1000},
    "rc_login": {
        kind: {"per_second": 1000, "burst_count": 1000}
        for kind in ("address", "account", "failed_attempts")
    },
    "rc_joins": {"local": {"per_second": 1000, "burst_count": 1000}},
}
#: For a world whose people answer as fast as programs do.
QUICK_PEOPLE: Mapping[str, Any] = {
    **EASY_ENTRY,
    "rc_message": {"per_second": 50, "burst_count": 200},
}


class HomeserverError(BridgeError):
    pass


@dataclass(frozen=True)
class Login:
    user_id: str
    password: str
    token: str
    device: str


@dataclass(frozen=True)
class Appservice:
    """Who an appservice is to a homeserver. It listens on `port`; its aliases begin with `alias_prefix`."""

    id: str
    port: Port
    sender_localpart: str
    alias_prefix: str
    as_token: str = field(default_factory=lambda: secrets.token_hex(16))
    hs_token: str = field(default_factory=lambda: secrets.token_hex(16))

    def registration(self, server_name: str = SERVER_NAME) -> dict[str, Any]:
        """The content of its registration file."""
        sender = re.escape(f"@{self.sender_localpart}:{server_name}")
        aliases = f"#{re.escape(self.alias_prefix)}.*:{re.escape(server_name)}"
        return {
            "id": self.id,
            "url": self.port.url,
            "as_token": self.as_token,
            "hs_token": self.hs_token,
            "sender_localpart": self.sender_localpart,
            "rate_limited": False,
            "namespaces": {
                "users": [{"exclusive": True, "regex": sender}],
                "aliases": [{"exclusive": True, "regex": aliases}],
                "rooms": [],
            },
        }


class Synapse:
    """`registrations` are the contents of appservices' registration files.

    `limits` replaces Synapse's rate limits by their names in its configuration; what is not
    named keeps Synapse's default.
    """

    def __init__(
        self,
        directory: Path,
        *,
        registrations: Sequence[Mapping[str, Any]] = (),
        limits: Mapping[str, Any] = EASY_ENTRY,
        server_name: str = SERVER_NAME,
        port: Port | None = None,
    ) -> None:
        self.directory = directory
        self.server_name = server_name
        self._registrations = registrations
        self._limits = limits
        self._port = port or Port()
        self._shared_secret = secrets.token_hex(16)
        self.process = Process("Synapse", self._command(), log=directory / "synapse.log")

    @property
    def url(self) -> str:
        return self._port.url

    async def start(self) -> None:
        """Until it answers. Raises `ProcessFailed`, with its log's tail, if it does not in time."""
        self.process.start()
        await self.process.answers(f"{self.url}/health")

    async def stop(self) -> None:
        await asyncio.to_thread(self.process.stop)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def kill(self) -> None:
        await asyncio.to_thread(self.process.kill)

    async def register(
        self, name: str, password: str | None = None, *, displayname: str | None = None
    ) -> Login:
        """Makes the person `@name:server_name`; without a password, one is made up."""
        password = password or secrets.token_hex(4)
        url = f"{self.url}/_synapse/admin/v1/register"
        async with aiohttp.ClientSession() as http:
            nonce = (await _answer(await http.get(url)))["nonce"]
            body = {"nonce": nonce, "username": name, "password": password, "admin": False}
            body["displayname"] = displayname or name
            made = await _answer(
                await http.post(url, json={**body, "mac": self._mac(nonce, name, password)})
            )
        return Login(made["user_id"], password, made["access_token"], made["device_id"])

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self._write)
            await self.start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
        self._port.close()

    def _command(self) -> list[str]:
        return [
            sys.executable,
            "-m",
            "synapse.app.homeserver",
            "-c",
            str(self.directory / "homeserver.yaml"),
        ]

    def _write(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        files = [f"appservice-{number}.yaml" for number in range(len(self._registrations))]
        for name, registration in zip(files, self._registrations, strict=True):
            _write_yaml(self.directory / name, dict(registration))
        _write_yaml(self.directory / "log.yaml", _LOGGING)
        _write_yaml(self.directory / "homeserver.yaml", self._configuration(files))
        _write(self.directory / "signing.key", _signing_key())

    def _configuration(self, appservices: list[str]) -> dict[str, Any]:
        return {
            "server_name": self.server_name,
            "public_baseurl": f"{self.url}/",
            "listeners": [_listener(self._port.number)],
            "database": {
                "name": "sqlite3",
                "args": {"database": str(self.directory / "homeserver.db")},
            },
            "media_store_path": str(self.directory / "media"),
            "signing_key_path": str(self.directory / "signing.key"),
            "log_config": str(self.directory / "log.yaml"),
            "app_service_config_files": [str(self.directory / name) for name in appservices],
            "registration_shared_secret": self._shared_secret,
            "macaroon_secret_key": secrets.token_hex(16),
            "form_secret": secrets.token_hex(16),
            **_ALONE,
            **self._limits,
        }

    def _mac(self, nonce: str, name: str, password: str) -> str:
        parts = b"\x00".join(part.encode() for part in (nonce, name, password, "notadmin"))
        return hmac.new(self._shared_secret.encode(), parts, hashlib.sha1).hexdigest()


_ALONE = {
    "federation_domain_whitelist": [],
    "trusted_key_servers": [],
    "suppress_key_server_warning": True,
    "serve_server_wellknown": False,
    "enable_registration": False,
    "report_stats": False,
    # Passwords here protect nothing, and hashing them well takes a quarter of a second each.
    "bcrypt_rounds": 4,
    "presence": {"enabled": False},
}
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
}


def _listener(port: int) -> dict[str, Any]:
    return {
        "port": port,
        "bind_addresses": [LOOPBACK],
        "type": "http",
        "resources": [{"names": ["client"]}],
    }


def _signing_key() -> str:
    seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return f"ed25519 a_{secrets.token_hex(2)} {seed}\n"


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    _write(path, yaml.safe_dump(content))


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


async def _answer(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    async with answer:
        body: dict[str, Any] = await answer.json(content_type=None)
        if answer.status != 200:
            raise HomeserverError(f"Synapse refused: {body.get('errcode')}: {body.get('error')}")
        return body
