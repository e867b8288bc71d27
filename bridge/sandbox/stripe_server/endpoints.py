"""Webhook endpoints: who listens, for what, in which style, and the secrets that sign for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .ids import Ids
from .shapes import Json
from .store import Store


@dataclass(frozen=True)
class Secret:
    value: str
    expires_at: datetime | None = None

    def active(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True)
class Listener:
    """What of an endpoint is not part of its Stripe object."""

    secrets: tuple[Secret, ...]
    thin: bool = False


class Endpoints:
    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids
        self._listeners: dict[str, Listener] = {}

    def open(self, endpoint: Json, *, secret: str | None = None, thin: bool = False) -> str:
        value = secret or self._ids.new("signing_secret")
        self._listeners[endpoint["id"]] = Listener((Secret(value),), thin)
        return value

    def roll(self, name: str, now: datetime, keep_old_for: timedelta) -> str:
        """A new secret; the old ones go on signing for a while, as when rolled in the dashboard."""
        listener = self._listeners[name]
        old = tuple(
            Secret(s.value, s.expires_at or now + keep_old_for)
            for s in listener.secrets
            if s.active(now)
        )
        fresh = Secret(self._ids.new("signing_secret"))
        self._listeners[name] = Listener((fresh, *old), listener.thin)
        return fresh.value

    def secrets(self, name: str, now: datetime) -> list[str]:
        return [s.value for s in self._listeners[name].secrets if s.active(now)]

    def thin(self, name: str) -> bool:
        return self._listeners[name].thin

    def enabled(self, name: str) -> bool:
        endpoint = self._store.get("webhook_endpoint", name)
        return endpoint is not None and endpoint["status"] == "enabled"

    def listening(self, event: str) -> list[Json]:
        return [
            endpoint
            for endpoint in self._store.oldest_first("webhook_endpoint")
            if endpoint["status"] == "enabled" and _asks_for(endpoint["enabled_events"], event)
        ]


def _asks_for(enabled: list[str], event: str) -> bool:
    return "*" in enabled or event in enabled
