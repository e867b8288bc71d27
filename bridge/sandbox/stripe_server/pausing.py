"""Subscriptions that pause: no invoices until they are resumed, and then a new period."""

from typing import Final

from . import invoicing, subscribing
from .errors import invalid
from .shapes import Json
from .world import Desk

_CAN_PAUSE: Final = frozenset({"active", "trialing", "past_due"})


def pause(desk: Desk, subscription: Json, *, credit: bool) -> Json:
    if subscription["status"] not in _CAN_PAUSE:
        raise invalid(f"A subscription that is {subscription['status']} cannot be paused.")
    if credit:
        subscribing.credit_unused(desk, subscription)
    why = {
        "type": "subscription",
        "subscription": {"type": "pause_requested"},
        "transitioned_at": desk.stamp(),
    }
    item = desk.change(subscribing.only_item(subscription), current_period_end=desk.stamp())
    subscription = desk.change(
        subscription, "customer.subscription.updated", status="paused",
        status_details={"paused": why}, items=subscribing.items_of(subscription, item),
    )  # fmt: skip
    desk.emit("customer.subscription.paused", subscription)
    return subscription


def resume(desk: Desk, subscription: Json, *, only_if_paid: bool) -> Json:
    """A new period begins now, with its invoice.

    Without `only_if_paid` the subscription is active at once, and the invoice waits to be paid.
    """
    if subscription["status"] != "paused":
        raise invalid(f"Only a paused subscription can be resumed; it is {subscription['status']}.")
    owner = desk.get("customer", subscription["customer"])
    invoice = subscribing.bill_period(
        desk, owner, subscription, billing_reason="subscription_update"
    )
    begun = subscribing.renewed(desk, subscription, invoice) | {
        "billing_cycle_anchor": desk.stamp()
    }
    invoice = invoicing.finalise(desk, invoice)
    if only_if_paid and invoice["status"] != "paid":
        invoice = invoicing.collect(desk, invoice)
    if only_if_paid and invoice["status"] != "paid":
        return desk.change(subscription, "customer.subscription.updated", **begun)
    return subscribing.pausing_ends(desk, subscription, **begun)
