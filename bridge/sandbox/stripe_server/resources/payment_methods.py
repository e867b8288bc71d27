"""/v1/payment_methods"""

from typing import Final

from bridge.sandbox.stripe_server import people
from bridge.sandbox.stripe_server.declines import TEST_CARDS
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.world import Desk

from .shared import LIST_PARAMS, listing, retrieve, updating


def find_card(desk: Desk, name: str) -> Json:
    """A payment method by its id, or a new one by the name of one of Stripe's test cards."""
    if name not in TEST_CARDS:
        return desk.get("payment_method", name, param="payment_method")
    last4, decline = TEST_CARDS[name]
    card = people.hand_card(desk, last4=last4)
    if decline:
        desk.world.declines[card["id"]] = decline
    return card


def create(call: Call) -> Json:
    token = call.params.get("card", {}).get("token", "")
    name = token.replace("tok_", "pm_card_", 1)
    if name not in TEST_CARDS:
        raise invalid("The sandbox takes test tokens only, such as tok_visa.", param="card[token]")
    return find_card(call.desk, name)


def attach(call: Call) -> Json:
    card = find_card(call.desk, call.names["payment_method"])
    customer = call.desk.get("customer", call.params["customer"], param="customer")
    if card["customer"] not in {None, customer["id"]}:
        raise invalid("The payment method you provided has already been attached to a customer.")
    return people.attach(call.desk, card, customer)


def detach(call: Call) -> Json:
    card = call.named("payment_method")
    if card["customer"] is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
    return people.detach(call.desk, card)


ROUTES: Final = (
    Route("GET", "/v1/payment_methods", "PaymentMethodListParams", "rak_payment_method_read",
          listing("payment_method", "customer", "type"), f"{LIST_PARAMS} customer type"),
    Route("POST", "/v1/payment_methods", "PaymentMethodCreateParams", "rak_payment_method_write",
          create, "type card"),
    Route("GET", "/v1/payment_methods/{payment_method}", "PaymentMethodRetrieveParams",
          "rak_payment_method_read", retrieve("payment_method")),
    Route("POST", "/v1/payment_methods/{payment_method}", "PaymentMethodUpdateParams",
          "rak_payment_method_write",
          updating("payment_method", "payment_method.updated", "billing_details metadata"),
          "billing_details metadata"),
    Route("POST", "/v1/payment_methods/{payment_method}/attach", "PaymentMethodAttachParams",
          "rak_payment_method_write", attach, "customer"),
    Route("POST", "/v1/payment_methods/{payment_method}/detach", "PaymentMethodDetachParams",
          "rak_payment_method_write", detach),
)  # fmt: skip
