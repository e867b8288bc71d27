"""A Stripe event as it is taken in: the envelope checked, the object left as Stripe sent it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


class Written(dict[str, Any]):
    """A Stripe object as a call left it; `request_id` is Stripe's name for that call."""

    request_id: str | None = None


@dataclass(frozen=True)
class Event:
    """`object` is the Stripe object (empty for a thin event until it is fetched)."""

    account: str
    id: str
    type: str
    created: datetime
    livemode: bool
    object: Json
    previous: Mapping[str, Any] = field(default_factory=dict)
    api_version: str | None = None
    #: The idempotency key of the API call that caused it: ours when it is an action's id.
    idempotency_key: str | None = None
    thin: bool = False
    #: What a thin event is about: the object's id.
    related_id: str | None = None


def id_of(value: object) -> str | None:
    """The id of what Stripe gives as an id, as an expanded object, or not at all."""
    name = value.get("id") if isinstance(value, Mapping) else value
    return name if isinstance(name, str) and name else None


def parse_event(account: str, body: Mapping[str, Any]) -> Event:
    """Body of a snapshot or thin event whose envelope was checked (`check_envelope`)."""
    thin = body.get("object") == "v2.core.event"
    data = _mapping(body.get("data"))
    cause = _mapping(body.get("reason")) if thin else body
    version = body.get("api_version")
    return Event(
        account=account,
        id=str(body["id"]),
        type=str(body["type"]).removeprefix("v1.") if thin else str(body["type"]),
        created=moment(body.get("created")),
        livemode=bool(body.get("livemode")),
        object=_mapping(data.get("object")),
        previous=_mapping(data.get("previous_attributes")),
        api_version=version if isinstance(version, str) else None,
        idempotency_key=id_of(_mapping(cause.get("request")).get("idempotency_key")),
        thin=thin,
        related_id=id_of(body.get("related_object")),
    )


def moment(value: object) -> datetime:
    """Stripe's seconds (snapshot) or ISO text (thin) as an aware UTC datetime; the epoch if neither."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value)
            return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return datetime.fromtimestamp(0, UTC)


def _mapping(value: object) -> Json:
    return dict(value) if isinstance(value, Mapping) else {}
