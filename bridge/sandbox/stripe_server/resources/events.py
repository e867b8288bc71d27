"""/v1/events, and /v2/core/events for thin ones"""

from datetime import UTC, datetime
from typing import Final

from bridge.sandbox.stripe_server.errors import StripeError, invalid, missing
from bridge.sandbox.stripe_server.events import Recorded
from bridge.sandbox.stripe_server.lists import page
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import LIST_PARAMS


def events(call: Call) -> Json:
    types = call.params.get("types", [])
    if len(types) > 20:
        raise invalid("You may pass at most 20 event types.", param="types")
    if types and "type" in call.params:
        raise invalid("You may only specify one of these parameters: type, types.")
    asked = [call.params["type"]] if "type" in call.params else types
    delivered = call.params.get("delivery_success")
    things = [_shown(call, r) for r in call.world.events.newest_first(call.desk.now())]
    return page(
        things,
        call.params,
        call.url,
        lambda event: (
            (not asked or any(_fits(event["type"], pattern) for pattern in asked))
            and delivered in {None, call.world.postman.delivered(event["id"])}
        ),
    )


def _fits(kind: str, pattern: str) -> bool:
    return kind.startswith(pattern[:-1]) if pattern.endswith("*") else kind == pattern


def _shown(call: Call, recorded: Recorded) -> Json:
    waiting = call.world.postman.waiting(recorded.id)
    return {**recorded.snapshot, "pending_webhooks": waiting}


def event(call: Call) -> Json:
    name = call.names["event"]
    recorded = call.world.events.get(name)
    if recorded is None:
        raise missing("event", name, param="id", status=404)
    return _shown(call, recorded)


def thin_event(call: Call) -> Json:
    name = call.names["event"]
    recorded = call.world.events.get_thin(name)
    if recorded is None:
        raise StripeError(404, f"Event not found: {name}", code="not_found")
    return recorded.fetched_thin()


def thin_events(call: Call) -> Json:
    about, types = call.params.get("object_id"), call.params.get("types", [])
    found = [
        r.fetched_thin()
        for r in call.world.events.newest_first(call.desk.now())
        if about in {None, r.snapshot["data"]["object"].get("id")}
        and (not types or r.thin["type"] in types)
        and _since(r, call.params.get("created", {}))
    ]
    return {"data": found[: call.params.get("limit", 20)], "next_page_url": None,
            "previous_page_url": None}  # fmt: skip


def _since(recorded: Recorded, bounds: Json) -> bool:
    at = datetime.fromtimestamp(recorded.snapshot["created"], UTC)
    limits = {name: datetime.fromisoformat(text) for name, text in bounds.items()}
    tests = {"gt": at.__gt__, "gte": at.__ge__, "lt": at.__lt__, "lte": at.__le__}
    return all(tests[name](limit) is True for name, limit in limits.items())


ROUTES: Final = (
    Route("GET", "/v1/events", "EventListParams", "rak_event_read", events,
          f"{LIST_PARAMS} delivery_success type types"),
    Route("GET", "/v1/events/{event}", "EventRetrieveParams", "rak_event_read", event),
    Route("GET", "/v2/core/events", "v2.core.EventListParams", "rak_event_read", thin_events,
          "created limit object_id types"),
    Route("GET", "/v2/core/events/{event}", "v2.core.EventRetrieveParams", "rak_event_read",
          thin_event),
)  # fmt: skip
