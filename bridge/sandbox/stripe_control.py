"""The sandbox's Stripe as a story sees it: things are made to happen, and looked up, over HTTP."""

from types import TracebackType
from typing import Any, Self

import aiohttp

from bridge.model.errors import BridgeError

_WITHIN = 30


class StripeControl:
    """`key` is one that may read. Every method raises `BridgeError` with what the sandbox said."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self._key = key
        timeout = aiohttp.ClientTimeout(total=_WITHIN + 10)
        self._http = aiohttp.ClientSession(url, timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def happen(self, happening: str, **given: Any) -> dict[str, Any]:
        """The ids of what it was about; `GET /_sandbox/` on the sandbox lists all happenings."""
        made: dict[str, Any] = await self._call("POST", f"/_sandbox/happen/{happening}", given)
        return made

    async def settled(self) -> None:
        """Until every webhook was answered, or given up."""
        answer = await self._call("POST", "/_sandbox/settled", {"within": _WITHIN})
        if not answer["settled"]:
            raise BridgeError(f"The sandbox's webhooks were not all answered within {_WITHIN} s.")

    async def open_endpoint(self, url: str, secret: str) -> None:
        await self._call("POST", "/_sandbox/endpoints", {"url": url, "secret": secret})

    async def fail_next(self, kind: str, path: str, *, method: str = "POST") -> None:
        """The next request there fails; `GET /_sandbox/` on the sandbox lists all kinds."""
        await self._call("POST", "/_sandbox/faults", {"kind": kind, "method": method, "path": path})

    async def ledger(self) -> list[dict[str, Any]]:
        """Every charge, with its refunds."""
        charges: list[dict[str, Any]] = await self._call("GET", "/_sandbox/ledger")
        return charges

    async def files(self) -> list[dict[str, Any]]:
        """What was uploaded: its name, size, pages and sha256."""
        files: list[dict[str, Any]] = await self._call("GET", "/_sandbox/files")
        return files

    async def undelivered(self) -> list[str]:
        """The ids of the events that no endpoint took (yet)."""
        deliveries = await self._call("GET", "/_sandbox/deliveries")
        return [one["event"] for one in deliveries if one["state"] != "delivered"]

    async def read(self, path: str) -> dict[str, Any]:
        """An object of Stripe's API (`payment_intents/pi_…`)."""
        found: dict[str, Any] = await self._call("GET", f"/v1/{path}")
        return found

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._key}"}
        async with self._http.request(method, path, json=body, headers=headers) as answer:
            found = await answer.json()
            if answer.status != 200:
                raise BridgeError(f"The sandbox's Stripe refused {method} {path}: {found['error']}")
            return found
