"""Someone buys something, or tries to."""

from typing import Any

from bridge.sandbox.stripe_server import checkouts, payments
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.world import Desk

from . import scenes


def checkout_succeeds(
    desk: Desk,
    *,
    amount: int = 4900,
    currency: str = "usd",
    name: str = "Ada Lovelace",
    email: str = "ada@example.com",
    customer: str | None = None,
    description: str | None = None,
    metadata: dict[str, Any] | None = None,
) -> Json:
    """A checkout is paid: customer, PaymentIntent, charge, session."""
    currency = scenes.checked(currency, amount)
    owner = scenes.customer(desk, customer, name, email)
    charge = scenes.payment(
        desk, owner, amount, currency, description=description, metadata=metadata or {}
    )
    session = desk.new(
        "checkout.session",
        "checkout.session.completed",
        amount_subtotal=amount,
        amount_total=amount,
        currency=currency,
        customer=owner["id"],
        customer_details=checkouts.details(owner),
        metadata=metadata or {},
        expires_at=desk.stamp(days=1),
        payment_intent=charge["payment_intent"],
        payment_status="paid",
        status="complete",
    )
    return {
        "customer": owner["id"],
        "payment_intent": charge["payment_intent"],
        "charge": charge["id"],
        "checkout_session": session["id"],
    }


def payment_is_authorised(
    desk: Desk,
    *,
    amount: int = 4900,
    currency: str = "usd",
    name: str = "Ada Lovelace",
    email: str = "ada@example.com",
    customer: str | None = None,
    description: str | None = None,
    metadata: dict[str, Any] | None = None,
) -> Json:
    """A payment is authorised and waits to be captured."""
    currency = scenes.checked(currency, amount)
    owner = scenes.customer(desk, customer, name, email)
    charge = scenes.payment(
        desk, owner, amount, currency,
        capture_method="manual", description=description, metadata=metadata or {},
    )  # fmt: skip
    return {
        "customer": owner["id"],
        "payment_intent": charge["payment_intent"],
        "charge": charge["id"],
    }


def payment_fails(
    desk: Desk,
    *,
    amount: int = 4900,
    currency: str = "usd",
    name: str = "Ada Lovelace",
    email: str = "ada@example.com",
    customer: str | None = None,
    decline_code: str = "generic_decline",
    metadata: dict[str, Any] | None = None,
) -> Json:
    """A single payment is declined."""
    currency = scenes.checked(currency, amount)
    owner = scenes.customer(desk, customer, name, email)
    intent = payments.intend(desk, amount, currency, customer=owner["id"], metadata=metadata or {})
    intent = payments.refuse(desk, intent, scenes.card_of(desk, owner), decline_code)
    return {
        "customer": owner["id"],
        "payment_intent": intent["id"],
        "charge": intent["latest_charge"],
    }
