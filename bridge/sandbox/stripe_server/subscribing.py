"""Subscriptions: begun, billed for a period, and following what becomes of the invoice."""

from typing import Any

from .invoicing import bill, subscription_of
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
    subscription = desk.change(subscription, items=_items(subscription, item))
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


def _items(subscription: Json, item: Json) -> Json:
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    return {"object": "list", "data": [item], "has_more": False, "total_count": 1, "url": url}


def only_item(subscription: Json) -> Json:
    item: Json = subscription["items"]["data"][0]
    return item


def renewed(desk: Desk, subscription: Json, invoice: Json) -> Json:
    """The subscription's fields once its next period has begun with this invoice."""
    item = desk.change(only_item(subscription), **_period(desk))
    return {"items": _items(subscription, item), "latest_invoice": invoice["id"]}


def bill_period(desk: Desk, customer: Json, subscription: Json) -> Json:
    item = only_item(subscription)
    price = item["price"]
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    period = {"period_start": desk.stamp(), "period_end": int((desk.now() + PERIOD).timestamp())}
    return bill(
        desk, customer, price["unit_amount"], price["currency"],
        line=_line(subscription, item),
        billing_reason="subscription_cycle",
        parent={
            "type": "subscription_details",
            "subscription_details": details,
            "quote_details": None,
        },
        **period,
    )  # fmt: skip


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


def follow(desk: Desk, invoice: Json, **fields: Any) -> Json | None:
    """The invoice's subscription takes the status that the invoice's state gives it."""
    name = subscription_of(invoice)
    if name is None:
        return None
    status = "active" if invoice["status"] == "paid" else "past_due"
    subscription = desk.get("subscription", name)
    if subscription["status"] == "canceled":
        return subscription
    return desk.change(subscription, "customer.subscription.updated", status=status, **fields)
