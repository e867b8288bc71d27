"""What happened, written down once: the snapshot event and its thin twin."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from .ids import Ids
from .shapes import Json, copied

API_VERSION: Final = "2026-10-28.endive"
KEPT_FOR: Final = timedelta(days=30)


@dataclass(frozen=True)
class Cause:
    """The API request behind a change; without an id, Stripe did it by itself."""

    id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Recorded:
    snapshot: Json
    thin: Json
    changes: Json | None

    @property
    def id(self) -> str:
        return str(self.snapshot["id"])

    @property
    def type(self) -> str:
        return str(self.snapshot["type"])

    def fetched_thin(self) -> Json:
        """What `GET /v2/core/events/{id}` adds to the notification."""
        return {**self.thin, "snapshot_event": self.id, "changes": self.changes}


class EventLog:
    def __init__(self, ids: Ids, *, livemode: bool) -> None:
        self._ids = ids
        self._livemode = livemode
        self._recorded: dict[str, Recorded] = {}
        self._thin: dict[str, str] = {}

    def record(
        self,
        kind: str,
        thing: Json,
        previous: Json | None,
        cause: Cause,
        at: datetime,
        *,
        heard_by: int = 0,
    ) -> Recorded:
        data: Json = {"object": copied(thing)}
        if previous is not None:
            data["previous_attributes"] = copied(previous)
        recorded = Recorded(
            self._snapshot(kind, data, cause, at) | {"pending_webhooks": heard_by},
            self._thin_twin(kind, thing, cause, at),
            _changes(thing, previous),
        )
        self._recorded[recorded.id] = recorded
        self._thin[recorded.thin["id"]] = recorded.id
        return recorded

    def _snapshot(self, kind: str, data: Json, cause: Cause, at: datetime) -> Json:
        return {
            "id": self._ids.new("event"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(at.timestamp()),
            "data": data,
            "livemode": self._livemode,
            "request": {"id": cause.id, "idempotency_key": cause.idempotency_key},
            "type": kind,
        }

    def _thin_twin(self, kind: str, thing: Json, cause: Cause, at: datetime) -> Json:
        request = {"id": cause.id, "idempotency_key": cause.idempotency_key or ""}
        return {
            "id": self._ids.new("v2.core.event"),
            "object": "v2.core.event",
            "type": f"v1.{kind}",
            "created": at.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z",
            "livemode": self._livemode,
            "context": None,
            "reason": {"type": "request", "request": request} if cause.id else None,
            "related_object": related(thing),
        }

    def get(self, name: str) -> Recorded | None:
        return self._recorded.get(name)

    def get_thin(self, name: str) -> Recorded | None:
        return self._recorded.get(self._thin.get(name, ""))

    def newest_first(self, now: datetime) -> list[Recorded]:
        oldest = (now - KEPT_FOR).timestamp()
        kept = [r for r in self._recorded.values() if r.snapshot["created"] >= oldest]
        return kept[::-1]

    def __iter__(self) -> Iterator[Recorded]:
        return iter(list(self._recorded.values()))

    def __len__(self) -> int:
        return len(self._recorded)

    def since(self, count: int) -> list[Recorded]:
        """What was recorded after the first `count` events."""
        return list(islice(self._recorded.values(), count, None))


def body_of(event: Json) -> bytes:
    """Stripe sends its webhooks indented and in plain UTF-8."""
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


#: Where an object is found again, when its path is not its name with an `s`.
_PATHS: Final = {
    "checkout.session": "/v1/checkout/sessions",
    "radar.early_fraud_warning": "/v1/radar/early_fraud_warnings",
    "balance": "/v1/balance",
}


def path_of(thing: Json) -> str:
    start = _PATHS.get(thing["object"]) or f"/v1/{thing['object'].replace('.', '/')}s"
    return f"{start}/{thing['id']}" if "id" in thing else start


def related(thing: Json) -> Json | None:
    if "object" not in thing or "id" not in thing:
        return None
    return {"id": thing["id"], "type": thing["object"], "url": path_of(thing)}


def difference(old: Any, new: Any) -> Json:
    """The old values of what changed: hashes by their keys, arrays whole, additions as null."""
    changed: Json = {}
    for key in old.keys() | new.keys():
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        both = isinstance(before, dict) and isinstance(after, dict)
        changed[key] = difference(before, after) if both else before
    return dict(sorted(changed.items()))


def _changes(thing: Json, previous: Json | None) -> Json | None:
    if previous is None:
        return None
    return {"before": previous, "after": {key: thing.get(key) for key in previous}}
