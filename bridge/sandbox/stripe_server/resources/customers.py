"""/v1/customers"""

from typing import Final

from bridge.sandbox.stripe_server import people
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import LIST_PARAMS, changes, listing, updating

_FIELDS: Final = (
    "address business_name description email individual_name invoice_settings metadata name phone "
    "preferred_locales shipping tax_exempt"
)


def create(call: Call) -> Json:
    shape = call.world.shapes.fresh("customer")
    card = call.params.get("payment_method")
    method = call.desk.get("payment_method", card, param="payment_method") if card else None
    customer = people.open_customer(call.desk, **changes(shape, call.params, _FIELDS.split()))
    if method:
        people.attach(call.desk, method, customer)
    return customer


def delete(call: Call) -> Json:
    customer = call.named("customer")
    call.desk.emit("customer.deleted", customer)
    # What is left can still be retrieved and expanded, and says no more than this.
    return call.world.store.put({"id": customer["id"], "object": "customer", "deleted": True})


def read(call: Call) -> Json:
    name = call.names["customer"]
    return call.world.store.get("customer", name) or call.named("customer")


def cards(call: Call) -> Json:
    customer = call.named("customer")
    params = {**call.params, "customer": customer["id"]}
    owned = Call(call.desk, params, call.names, call.url)
    return listing("payment_method", "customer", "type")(owned)


ROUTES: Final = (
    # `email` is compared exactly, case and all, as at Stripe.
    Route("GET", "/v1/customers", "CustomerListParams", "rak_customer_read",
          listing("customer", "email"), f"{LIST_PARAMS} email"),
    Route("GET", "/v1/customers/{customer}", "CustomerRetrieveParams", "rak_customer_read", read),
    Route("POST", "/v1/customers", "CustomerCreateParams", "rak_customer_write", create,
          f"{_FIELDS} payment_method"),
    Route("POST", "/v1/customers/{customer}", "CustomerUpdateParams", "rak_customer_write",
          updating("customer", "customer.updated", _FIELDS), _FIELDS),
    Route("DELETE", "/v1/customers/{customer}", "CustomerDeleteParams", "rak_customer_write", delete),
    Route("GET", "/v1/customers/{customer}/payment_methods", "CustomerPaymentMethodListParams",
          "rak_payment_method_read", cards, f"{LIST_PARAMS} type"),
)  # fmt: skip
