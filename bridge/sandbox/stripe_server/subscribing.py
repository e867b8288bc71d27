"""Subscriptions: begun, billed for a period, and following what becomes of the invoice."""

from typing import Any

from . import items
from .drafting import add_line, open_draft, with_lines
from .invoicing import subscription_of
from .shapes import Json
from .world import PERIOD, Desk


def subscribe(
    desk: Desk, customer: Json, amount: int, currency: str, plan: str = "Pro plan"
) -> Json:
    """A monthly subscription at the start of its period."""
    price = _price(desk, amount, currency, plan)
    subscription = desk.new(
        "subscription",
        customer=customer["id"],
        currency=currency,
        billing_cycle_anchor=desk.stamp(),
        start_date=desk.stamp(),
        default_payment_method=customer["invoice_settings"]["default_payment_method"],
    )
    item = desk.new(
        "subscription_item", price=price, subscription=subscription["id"], **_period(desk)
    )
    subscription = desk.change(subscription, items=items_of(subscription, item))
    desk.emit("customer.subscription.created", subscription)
    return subscription


def _price(desk: Desk, amount: int, currency: str, plan: str) -> Json:
    product = desk.new("product", name=plan, updated=desk.stamp())
    return desk.new(
        "price",
        product=product["id"],
        currency=currency,
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )


def _period(desk: Desk) -> Json:
    start = desk.now()
    return {
        "current_period_start": int(start.timestamp()),
        "current_period_end": int((start + PERIOD).timestamp()),
    }


def items_of(subscription: Json, item: Json) -> Json:
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    return {"object": "list", "data": [item], "has_more": False, "total_count": 1, "url": url}


def only_item(subscription: Json) -> Json:
    item: Json = subscription["items"]["data"][0]
    return item


def renewed(desk: Desk, subscription: Json, invoice: Json) -> Json:
    """The subscription's fields once its next period has begun with this invoice."""
    item = desk.change(only_item(subscription), **_period(desk))
    return {"items": items_of(subscription, item), "latest_invoice": invoice["id"]}


def bill_period(desk: Desk, customer: Json, subscription: Json, **fields: Any) -> Json:
    """The draft for the period that begins now, with what waited for it."""
    item = only_item(subscription)
    price = item["price"]
    period = {"start": desk.stamp(), "end": int((desk.now() + PERIOD).timestamp())}
    invoice = open_draft(
        desk, customer, price["currency"],
        parent=_parent(subscription), period_start=period["start"], period_end=period["end"],
        **{"auto_advance": True, "billing_reason": "subscription_cycle", **fields},
    )  # fmt: skip
    line = add_line(desk, invoice, price["unit_amount"], period=period, **_line(subscription, item))
    invoice = with_lines(desk, invoice, [line])
    waiting = items.pending(desk, customer["id"], price["currency"])
    invoice = items.take_in(desk, invoice, waiting)
    desk.emit("invoice.created", invoice)
    return invoice


def _parent(subscription: Json) -> Json:
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    return {
        "type": "subscription_details",
        "subscription_details": details,
        "quote_details": None,
    }


def _line(subscription: Json, item: Json) -> Json:
    price = item["price"]
    named = {"price": price["id"], "product": price["product"]}
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    return {
        "description": "Subscription renewal",
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": details,
            "invoice_item_details": None,
        },
        "pricing": {
            "type": "price_details",
            "price_details": named,
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
    }


def credit_unused(desk: Desk, subscription: Json) -> Json:
    """An item that gives back what is left of the period; it waits for the next invoice."""
    item, price = only_item(subscription), only_item(subscription)["price"]
    start, end = item["current_period_start"], item["current_period_end"]
    left = max(end - desk.stamp(), 0)
    return items.pend(
        desk, desk.get("customer", subscription["customer"]),
        -(price["unit_amount"] * left // max(end - start, 1)), price["currency"],
        description="Unused time", proration=True,
        period={"start": min(desk.stamp(), end), "end": end},
    )  # fmt: skip


def follow(desk: Desk, invoice: Json, **fields: Any) -> Json | None:
    """The invoice's subscription takes the status that the invoice's state gives it."""
    name = subscription_of(invoice)
    if name is None:
        return None
    status = "active" if invoice["status"] == "paid" else "past_due"
    subscription = desk.get("subscription", name)
    if subscription["status"] == "canceled":
        return subscription
    if subscription["status"] == "paused":
        resumes = status == "active" and _began_anew(subscription, invoice)
        return pausing_ends(desk, subscription) if resumes else subscription
    return desk.change(subscription, "customer.subscription.updated", status=status, **fields)


def _began_anew(subscription: Json, invoice: Json) -> bool:
    """Invoices of the time before the pause do not end it."""
    latest: bool = invoice["id"] == subscription["latest_invoice"]
    return latest and invoice["billing_reason"] == "subscription_update"


def pausing_ends(desk: Desk, subscription: Json, **fields: Any) -> Json:
    subscription = desk.change(
        subscription, "customer.subscription.updated",
        status="active", status_details=None, **fields,
    )  # fmt: skip
    desk.emit("customer.subscription.resumed", subscription)
    return subscription


def ended(desk: Desk, subscription: Json, reason: str, said: Json, **fields: Any) -> Json:
    told = {**subscription["cancellation_details"], **said, "reason": reason}
    return desk.change(
        subscription, "customer.subscription.deleted", status="canceled",
        cancellation_details=told, canceled_at=subscription["canceled_at"] or desk.stamp(),
        ended_at=desk.stamp(), **fields,
    )  # fmt: skip
