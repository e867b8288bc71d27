"""/v1/checkout/sessions"""

from typing import Final

from bridge.sandbox.stripe_server import checkouts, selling
from bridge.sandbox.stripe_server.errors import invalid, not_served
from bridge.sandbox.stripe_server.lists import page
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import LIST_PARAMS, belongings, changes, intention, retrieve, updating

_FIELDS: Final = (
    "cancel_url client_reference_id customer customer_creation customer_email expires_at locale "
    "metadata success_url"
)
_SOONEST: Final = 30 * 60
_LATEST: Final = 24 * 60 * 60


def create(call: Call) -> Json:
    if call.params.get("mode") != "payment":
        raise (
            not_served("mode")
            if "mode" in call.params
            else invalid("Missing required param: mode.", code="parameter_missing", param="mode")
        )
    _check(call)
    fields = changes(call.world.shapes.fresh("checkout.session"), call.params, _FIELDS.split())
    items = selling.line_items(call.desk, call.params.get("line_items", []))
    usual = {"customer_creation": None if "customer" in call.params else "if_required"}
    return checkouts.open_session(call.desk, items, intention(call.params), **{**usual, **fields})


def _check(call: Call) -> None:
    if "success_url" not in call.params:
        raise invalid(
            "You must provide success_url for a page that Stripe hosts.",
            code="parameter_missing", param="success_url",
        )  # fmt: skip
    if {"customer", "customer_email"} <= call.params.keys():
        raise invalid("You may only specify one of these parameters: customer, customer_email.")
    if "customer" in call.params:
        call.desk.get("customer", call.params["customer"], param="customer")
    if len(call.params.get("client_reference_id", "")) > 200:
        raise invalid("At most 200 characters.", param="client_reference_id")
    _check_end(call)


def _check_end(call: Call) -> None:
    now = call.desk.stamp()
    ends = call.params.get("expires_at", now + _LATEST)
    if not now + _SOONEST <= ends <= now + _LATEST:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours after the "
            "session is created.",
            param="expires_at",
        )


def expire(call: Call) -> Json:
    session = call.named("checkout.session")
    if session["status"] != "open":
        raise invalid(
            "Only Checkout Sessions with a status of open can be expired; this one is "
            f"{session['status']}."
        )
    return checkouts.expire(call.desk, session)


def sessions(call: Call) -> Json:
    names = ("customer", "payment_intent", "payment_link", "status", "subscription")
    asked = {name: call.params[name] for name in names if name in call.params}
    email = call.params.get("customer_details", {}).get("email")
    return page(
        call.world.store.newest_first("checkout.session"),
        call.params,
        call.url,
        lambda s: s.items() >= asked.items() and email in {None, _email(s)},
    )


def _email(session: Json) -> str | None:
    email: str | None = (session["customer_details"] or {}).get("email")
    return email or session["customer_email"]


ROUTES: Final = (
    Route("GET", "/v1/checkout/sessions", "checkout.SessionListParams",
          "rak_checkout_session_read", sessions,
          f"{LIST_PARAMS} customer customer_details payment_intent payment_link status "
          "subscription"),
    Route("GET", "/v1/checkout/sessions/{session}", "checkout.SessionRetrieveParams",
          "rak_checkout_session_read", retrieve("checkout.session")),
    Route("POST", "/v1/checkout/sessions", "checkout.SessionCreateParams",
          "rak_checkout_session_write", create,
          f"{_FIELDS} line_items mode payment_intent_data"),
    Route("POST", "/v1/checkout/sessions/{session}", "checkout.SessionUpdateParams",
          "rak_checkout_session_write", updating("checkout.session", None, "metadata"),
          "metadata"),
    Route("POST", "/v1/checkout/sessions/{session}/expire", "checkout.SessionExpireParams",
          "rak_checkout_session_write", expire),
    Route("GET", "/v1/checkout/sessions/{session}/line_items",
          "checkout.SessionLineItemListParams", "rak_checkout_session_read",
          belongings("checkout.session"), "ending_before limit starting_after"),
)  # fmt: skip
