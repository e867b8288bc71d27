"""/v1/billing_portal/sessions"""

from typing import Final

from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json


def create(call: Call) -> Json:
    owner = call.params.get("customer")
    if owner is None:
        raise invalid(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    call.desk.get("customer", owner, param="customer")
    ids = call.world.ids
    asked: Json = {k: call.params[k] for k in ("locale", "return_url") if k in call.params}
    usual: Json = {"configuration": ids.new("billing_portal.configuration")}
    mode = "" if call.world.livemode else "test_"
    return call.desk.new(
        "billing_portal.session",
        "billing_portal.session.created",
        customer=owner,
        url=f"https://billing.stripe.com/p/session/{mode}{ids.new('secret')}",
        **{**usual, **asked},
    )


ROUTES: Final = (
    Route("POST", "/v1/billing_portal/sessions", "billing_portal.SessionCreateParams",
          "rak_customer_portal_write", create, "customer locale return_url"),
)  # fmt: skip
