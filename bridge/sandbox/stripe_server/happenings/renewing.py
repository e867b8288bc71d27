"""Subscriptions renew, or fail to, and customers change their billing details."""

from bridge.sandbox.stripe_server import invoicing, people, subscribing
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.world import Desk

from . import scenes


def renewal_fails(
    desk: Desk,
    *,
    amount: int = 2900,
    currency: str = "usd",
    name: str = "Grace Hopper",
    email: str = "grace@example.com",
    customer: str | None = None,
    subscription: str | None = None,
    decline_code: str = "insufficient_funds",
    plan: str = "Pro plan",
) -> Json:
    """A renewal is declined: charge, PaymentIntent, invoice and subscription tell of it."""
    owner, current = (
        _subscribed(desk, subscription)
        if subscription
        else _subscriber(desk, customer, name, email, amount, currency, plan)
    )
    card = scenes.card_of(desk, owner)
    desk.world.declines[card["id"]] = decline_code
    invoice = invoicing.finalise(desk, subscribing.bill_period(desk, owner, current))
    invoice = invoicing.collect_in_vain(desk, invoice, card, decline_code)
    subscribing.follow(desk, invoice, **subscribing.renewed(desk, current, invoice))
    return _ids(desk, invoice)


def renewal_succeeds(
    desk: Desk,
    *,
    amount: int = 2900,
    currency: str = "usd",
    name: str = "Grace Hopper",
    email: str = "grace@example.com",
    customer: str | None = None,
    subscription: str | None = None,
    plan: str = "Pro plan",
) -> Json:
    """A renewal is paid."""
    owner, current = (
        _subscribed(desk, subscription)
        if subscription
        else _subscriber(desk, customer, name, email, amount, currency, plan)
    )
    invoice = invoicing.finalise(desk, subscribing.bill_period(desk, owner, current))
    invoice = invoicing.collect_surely(desk, invoice, scenes.card_of(desk, owner))
    subscribing.follow(desk, invoice, **subscribing.renewed(desk, current, invoice))
    return _ids(desk, invoice)


def renewal_fails_again(
    desk: Desk,
    *,
    invoice: str | None = None,
    decline_code: str = "insufficient_funds",
    last: bool = False,
) -> Json:
    """The retry of a failed renewal is declined too; with `last`, no further one is planned."""
    due = _due(desk, invoice)
    owner = desk.get("customer", due["customer"])
    card = scenes.card_of(desk, owner)
    desk.world.declines[card["id"]] = decline_code
    due = invoicing.collect_in_vain(desk, due, card, decline_code, last=last)
    subscribing.follow(desk, due)
    return _ids(desk, due)


def renewal_recovers(
    desk: Desk, *, invoice: str | None = None, last4: str | None = None, brand: str = "mastercard"
) -> Json:
    """The retry of a failed renewal is paid; with `last4`, by a new card that was given first."""
    due = _due(desk, invoice)
    owner = desk.get("customer", due["customer"])
    card = _replaced(desk, owner, due, last4, brand) if last4 else scenes.card_of(desk, owner)
    desk.world.declines.pop(card["id"], None)
    paid = invoicing.collect_surely(desk, due, card)
    subscribing.follow(desk, paid)
    return _ids(desk, paid)


def _due(desk: Desk, invoice: str | None) -> Json:
    due = scenes.latest(desk, "invoice", invoice, status="open")
    if due["status"] != "open":
        raise invalid(f"That invoice is {due['status']}.", param="invoice")
    return due


def _replaced(desk: Desk, owner: Json, due: Json, last4: str, brand: str) -> Json:
    """A new card, the one to charge from now on for the customer and for the subscription."""
    card = people.hand_card(desk, owner, last4=last4, brand=brand)
    settings = people.with_default(owner, card)
    desk.change(owner, "customer.updated", invoice_settings=settings)
    if name := invoicing.subscription_of(due):
        current = desk.get("subscription", name)
        desk.change(current, "customer.subscription.updated", default_payment_method=card["id"])
    return card


def subscription_renews(desk: Desk, *, subscription: str | None = None) -> Json:
    """A period ends, and what was arranged happens: billed, skipped, or the end."""
    current = scenes.latest(desk, "subscription", subscription)
    if current["status"] in {"canceled", "paused"}:
        raise invalid(f"A {current['status']} subscription does not renew.", param="subscription")
    owner = desk.get("customer", current["customer"])
    if current["cancel_at_period_end"]:
        subscribing.ended(desk, current, "cancellation_requested", {})
        return {"customer": owner["id"], "subscription": current["id"]}
    invoice = subscribing.bill_period(desk, owner, current)
    begun = subscribing.renewed(desk, current, invoice)
    if paused := current["pause_collection"]:
        _uncollected(desk, invoice, paused["behavior"])
        desk.change(current, "customer.subscription.updated", **begun)
        return {"customer": owner["id"], "subscription": current["id"], "invoice": invoice["id"]}
    invoice = invoicing.finalise(desk, invoice)
    if invoice["status"] != "paid":
        invoice = invoicing.collect(desk, invoice, scenes.card_of(desk, owner))
    subscribing.follow(desk, invoice, **begun)
    return _ids(desk, invoice)


def _uncollected(desk: Desk, invoice: Json, behavior: str) -> None:
    if behavior == "keep_as_draft":
        desk.change(invoice, "invoice.updated", auto_advance=False)
        return
    invoice = invoicing.finalise(desk, invoice)
    invoicing.release(desk, invoice)
    word = {"void": "voided"}.get(behavior, "marked_uncollectible")
    status = {"void": "void"}.get(behavior, "uncollectible")
    invoicing.end(desk, invoice, word, status=status)


def _subscribed(desk: Desk, name: str) -> tuple[Json, Json]:
    subscription = desk.get("subscription", name, param="subscription")
    if subscription["status"] == "canceled":
        raise invalid("A canceled subscription does not renew.", param="subscription")
    return desk.get("customer", subscription["customer"]), subscription


def _subscriber(
    desk: Desk, customer: str | None, name: str, email: str, amount: int, currency: str, plan: str
) -> tuple[Json, Json]:
    """Someone who subscribed a while ago."""
    past = desk.before(scenes.LONG_AGO)
    owner = scenes.customer(past, customer, name, email)
    currency = scenes.checked(currency, amount)
    return owner, subscribing.subscribe(past, owner, amount, currency, plan)


def _ids(desk: Desk, invoice: Json) -> Json:
    ids = {
        "customer": invoice["customer"],
        "subscription": invoicing.subscription_of(invoice),
        "invoice": invoice["id"],
    }
    if invoicing.payment_of(desk, invoice) is None:
        return ids
    intent = invoicing.intent_of(desk, invoice)
    return {**ids, "payment_intent": intent["id"], "charge": intent["latest_charge"]}


def billing_details_change(
    desk: Desk,
    *,
    customer: str | None = None,
    name: str | None = None,
    email: str | None = None,
    last4: str = "4444",
    brand: str = "mastercard",
    city: str = "Lisbon",
    country: str = "PT",
) -> Json:
    """A customer gives a new card and address (without `customer`: an old one no scene has met)."""
    past = desk.before(scenes.LONG_AGO)
    owner = scenes.customer(past, customer, "Alan Turing", "alan@example.com")
    card = people.hand_card(desk, owner, last4=last4, brand=brand)
    address = {"city": city, "country": country, "line1": "Rua do Alecrim 1", "postal_code": "1200"}
    given = {key: value for key, value in (("name", name), ("email", email)) if value is not None}
    desk.change(
        owner,
        "customer.updated",
        address=(owner["address"] or {}) | address,
        invoice_settings=people.with_default(owner, card),
        **given,
    )
    return {"customer": owner["id"], "payment_method": card["id"]}


def subscription_ends(desk: Desk, *, subscription: str | None = None) -> Json:
    """Stripe gives a past-due subscription up."""
    current = scenes.latest(desk, "subscription", subscription)
    if current["status"] == "canceled":
        raise invalid("That subscription has ended already.", param="subscription")
    subscribing.ended(desk, current, "payment_failed", {})
    return {"customer": current["customer"], "subscription": current["id"]}
