"""/v1/payment_links"""

from typing import Final

from bridge.sandbox.stripe_server import selling
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import belongings, changes, family, intention

_FIELDS: Final = "active customer_creation inactive_message metadata"
_OPTIONS: Final = (
    "after_completion customer_creation inactive_message metadata payment_intent_data restrictions"
)
_INTENTION: Final = (
    "capture_method description metadata setup_future_usage statement_descriptor "
    "statement_descriptor_suffix transfer_group"
)


def create(call: Call) -> Json:
    shape = call.world.shapes.fresh("payment_link")
    fields = _fields(call, shape)
    items = selling.line_items(call.desk, call.params["line_items"])
    link = call.desk.new("payment_link", currency=items[0]["currency"], **fields)
    call.world.store.give(link["id"], items)
    mode = "" if call.world.livemode else "test_"
    page = f"https://buy.stripe.com/{mode}{link['id'].removeprefix('plink_')}"
    link = call.desk.change(link, url=page)
    call.desk.emit("payment_link.created", link)
    return link


def update(call: Call) -> Json:
    link = call.named("payment_link")
    return call.desk.change(link, "payment_link.updated", **_fields(call, link))


def _fields(call: Call, link: Json) -> Json:
    fields = changes(link, call.params, _FIELDS.split())
    if "payment_intent_data" in call.params:
        before = link["payment_intent_data"] or dict.fromkeys(_INTENTION.split())
        fields["payment_intent_data"] = {**before, **intention(call.params)}
    if "after_completion" in call.params:
        # What a page says and where it leads exclude each other: nothing of the old one is kept.
        fields["after_completion"] = call.params["after_completion"]
    if "restrictions" in call.params:
        fields["restrictions"] = _restrictions(link, call.params["restrictions"])
    return fields


def _restrictions(link: Json, given: Json | str) -> Json | None:
    if not isinstance(given, dict):
        return None
    before = (link["restrictions"] or {}).get("completed_sessions", {"count": 0})
    limit = given["completed_sessions"]["limit"]
    if limit < 1:
        raise invalid(
            "A link can be limited to 1 payment or more.",
            param="restrictions[completed_sessions][limit]",
        )
    return {"completed_sessions": {"count": before["count"], "limit": limit}}


ROUTES: Final = (
    *family("payment_link", "/v1/payment_links", "PaymentLink", "rak_payment_link", "active"),
    Route("POST", "/v1/payment_links", "PaymentLinkCreateParams", "rak_payment_link_write", create,
          f"{_OPTIONS} line_items"),
    Route("POST", "/v1/payment_links/{payment_link}", "PaymentLinkUpdateParams",
          "rak_payment_link_write", update, f"active {_OPTIONS}"),
    Route("GET", "/v1/payment_links/{payment_link}/line_items", "PaymentLinkLineItemListParams",
          "rak_payment_link_read", belongings("payment_link"),
          "ending_before limit starting_after"),
)  # fmt: skip
