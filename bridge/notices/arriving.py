"""What Stripe tells, as it is kept: under which lane, how urgent, and without what nobody may read."""

import json
from zlib import crc32

from bridge.model.event import Event, Json, id_of
from bridge.notices.catalogue import signal_class_of
from bridge.store.inbox import Arrival

#: Events of one customer share a lane, so they are handled in the order they came.
_EVENT_LANES = 16
#: Events whose `url` is a key to a customer's account.
_KEYS = frozenset({"billing_portal.session.created"})


def arrival_of(event: Event, body: Json, raw: str) -> Arrival:
    """`raw` is the text that `body` was read from."""
    lane = f"events:{event.account}:{crc32(_whose(event).encode(errors='replace')) % _EVENT_LANES}"
    kept = json.dumps(_without_its_key(body)) if event.type in _KEYS else raw
    urgency = signal_class_of(event.type).urgency
    return Arrival(f"stripe:{event.account}", event.id, event.type, kept, lane, "events", urgency)


def _without_its_key(body: Json) -> Json:
    """Whoever reads our store must not be able to act as the customer."""
    data = body.get("data")
    if not isinstance(data, dict) or not isinstance(told := data.get("object"), dict):
        return body
    return {**body, "data": {**data, "object": {k: v for k, v in told.items() if k != "url"}}}


def _whose(event: Event) -> str:
    """What decides the lane: the customer, else the object."""
    return (
        id_of(event.object.get("customer")) or id_of(event.object) or event.related_id or event.id
    )
