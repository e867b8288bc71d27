"""What scenes share: finding what they are about, or making it, with its past."""

from datetime import timedelta
from typing import Any, Final

from bridge.sandbox.stripe_server import payments, people
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.money import CURRENCIES
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.world import Desk

#: How long ago a scene's history lies; its events are older than Stripe keeps events.
LONG_AGO: Final = timedelta(days=45)


def checked(currency: str, amount: int) -> str:
    if currency.lower() not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}.", param="currency")
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", param="amount")
    return currency.lower()


def customer(desk: Desk, name: str | None, fullname: str, email: str) -> Json:
    """The customer of that id; without one, someone new with a card."""
    if name:
        return desk.get("customer", name, param="customer")
    fresh = people.open_customer(desk, name=fullname, email=email)
    card = people.hand_card(desk, fresh)
    return desk.change(fresh, invoice_settings=people.with_default(fresh, card))


def card_of(desk: Desk, owner: Json) -> Json:
    return people.default_card(desk, owner["id"]) or people.hand_card(desk, owner)


def payment(desk: Desk, owner: Json, amount: int, currency: str, **fields: Any) -> Json:
    """A payment that succeeds; its charge."""
    intent = payments.intend(
        desk, amount, currency, customer=owner["id"], receipt_email=owner["email"], **fields
    )
    intent = payments.take(desk, intent, card_of(desk, owner))
    return desk.get("charge", intent["latest_charge"])


def charge(
    desk: Desk, name: str | None, amount: int, currency: str, fullname: str, email: str
) -> Json:
    """The charge of that id (or of that PaymentIntent); without one, a payment of last week."""
    if name is None:
        past = desk.before(timedelta(days=7))
        owner = customer(past, None, fullname, email)
        return payment(past, owner, amount, checked(currency, amount), description="Order")
    if name.startswith("pi_"):
        name = desk.get("payment_intent", name, param="charge")["latest_charge"] or name
    return desk.get("charge", name, param="charge")


def latest(desk: Desk, kind: str, name: str | None, **having: object) -> Json:
    """The object of that id; without one, the youngest that fits."""
    if name:
        return desk.get(kind, name, param=kind)
    for thing in desk.world.store.newest_first(kind):
        if all(thing[field] == value for field, value in having.items()):
            return thing
    raise invalid(f"There is no {kind} like that yet.", param=kind)
