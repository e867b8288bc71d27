"""/v1/payment_intents"""

from typing import Final

from bridge.sandbox.stripe_server import payments
from bridge.sandbox.stripe_server.errors import StripeError, card_declined, invalid
from bridge.sandbox.stripe_server.money import CURRENCIES
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.world import Desk

from .payment_methods import find_card
from .shared import changes, family

_FIELDS: Final = (
    "capture_method customer description metadata receipt_email "
    "setup_future_usage shipping statement_descriptor statement_descriptor_suffix"
)


def create(call: Call) -> Json:
    amount, currency = call.params["amount"], call.params["currency"].lower()
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}.", param="currency")
    if "customer" in call.params:
        call.desk.get("customer", call.params["customer"], param="customer")
    card = _card(call)
    shape = call.world.shapes.fresh("payment_intent")
    fields = changes(shape, call.params, _FIELDS.split())
    chosen = {"payment_method": card["id"]} if card else {}
    intent = payments.intend(call.desk, amount, currency, **fields, **chosen)
    return _try(call.desk, intent, card) if call.params.get("confirm") else intent


def _card(call: Call) -> Json | None:
    name = call.params.get("payment_method")
    return find_card(call.desk, name) if name else None


def confirm(call: Call) -> Json:
    intent = _in(call, "requires_payment_method", "requires_confirmation")
    card = _card(call)
    if card is None and intent["payment_method"]:
        card = call.desk.get("payment_method", intent["payment_method"])
    return _try(call.desk, intent, card)


def _try(desk: Desk, intent: Json, card: Json | None) -> Json:
    if card is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    intent = payments.attempt(desk, intent, card)
    if intent["last_payment_error"]:
        raise _declined(intent)
    return intent


def _declined(intent: Json) -> StripeError:
    return card_declined({**intent["last_payment_error"], "payment_intent": intent})


def capture(call: Call) -> Json:
    intent = _in(call, "requires_capture")
    most: int = intent["amount_capturable"]
    amount: int = {"amount_to_capture": most, **call.params}["amount_to_capture"]
    if not 1 <= amount <= most:
        raise invalid(
            "Invalid amount to capture.", code="amount_too_large", param="amount_to_capture"
        )
    intent = call.desk.change(intent, **changes(intent, call.params, ("metadata",)))
    return payments.capture(call.desk, intent, amount)


def cancel(call: Call) -> Json:
    intent = _in(call, "requires_payment_method", "requires_confirmation", "requires_capture")
    return payments.cancel(call.desk, intent, call.params.get("cancellation_reason"))


def update(call: Call) -> Json:
    intent = call.named("payment_intent")
    fields = changes(intent, call.params, f"{_FIELDS} amount".split())
    if "amount" in fields and intent["status"] not in _EARLY:
        raise _unexpected(intent, "amount")
    # Stripe has no `payment_intent.updated`.
    return call.desk.change(intent, **fields)


_EARLY: Final = frozenset({"requires_payment_method", "requires_confirmation"})


def _in(call: Call, *states: str) -> Json:
    variable, name = next(iter(call.names.items()))
    intent = call.desk.get("payment_intent", name, param=variable, status=404)
    if intent["status"] not in states:
        raise _unexpected(intent, None)
    return intent


def _unexpected(intent: Json, param: str | None) -> StripeError:
    return invalid(
        f"This PaymentIntent's status is {intent['status']}, which does not allow this.",
        code="payment_intent_unexpected_state",
        param=param,
    )


ROUTES: Final = (
    *family("payment_intent", "/v1/payment_intents", "PaymentIntent", "rak_payment_intent",
            "customer"),
    Route("POST", "/v1/payment_intents", "PaymentIntentCreateParams", "rak_payment_intent_write",
          create, f"{_FIELDS} amount currency confirm payment_method off_session"),
    Route("POST", "/v1/payment_intents/{payment_intent}", "PaymentIntentUpdateParams",
          "rak_payment_intent_write", update, f"{_FIELDS} amount"),
    Route("POST", "/v1/payment_intents/{payment_intent}/confirm", "PaymentIntentConfirmParams",
          "rak_payment_intent_write", confirm, "payment_method off_session"),
    Route("POST", "/v1/payment_intents/{payment_intent}/capture", "PaymentIntentCaptureParams",
          "rak_payment_intent_write", capture, "amount_to_capture metadata"),
    Route("POST", "/v1/payment_intents/{payment_intent}/cancel", "PaymentIntentCancelParams",
          "rak_payment_intent_write", cancel, "cancellation_reason"),
)  # fmt: skip
