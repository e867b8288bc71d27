"""/v1/subscriptions"""

from typing import Final

from bridge.sandbox.stripe_server import drafting, invoicing, items, pausing, subscribing
from bridge.sandbox.stripe_server.errors import invalid, not_served
from bridge.sandbox.stripe_server.lists import page
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.subscribing import only_item

from .shared import LIST_PARAMS, changes, retrieve

_FIELDS: Final = (
    "cancel_at_period_end cancellation_details default_payment_method description metadata "
    "pause_collection"
)


def subscriptions(call: Call) -> Json:
    customer, status = call.params.get("customer"), call.params.get("status")
    return page(
        call.world.store.newest_first("subscription"),
        call.params,
        call.url,
        lambda s: customer in {None, s["customer"]} and _shown(s, status),
    )


def _shown(subscription: Json, status: str | None) -> bool:
    """Canceled subscriptions are listed only when asked for."""
    if status in {None, "all"}:
        return status == "all" or subscription["status"] != "canceled"
    ended = status == "ended" and subscription["status"] in {"canceled", "incomplete_expired"}
    return ended or subscription["status"] == status


def update(call: Call) -> Json:
    subscription = call.named("subscription")
    if subscription["status"] == "canceled" and call.params.keys() - _STILL:
        raise invalid(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    fields = changes(subscription, call.params, _FIELDS.split())
    if "cancel_at_period_end" in fields:
        fields |= _ending(call, subscription, fields)
    if fields.get("pause_collection"):
        fields["pause_collection"] = {"resumes_at": None, **fields["pause_collection"]}
    return call.desk.change(subscription, "customer.subscription.updated", **fields)


_STILL: Final = frozenset({"cancellation_details", "expand", "metadata"})


def _ending(call: Call, subscription: Json, fields: Json) -> Json:
    ends = fields["cancel_at_period_end"]
    details = {**subscription, **fields}["cancellation_details"]
    return {
        "cancel_at": only_item(subscription)["current_period_end"] if ends else None,
        "canceled_at": call.desk.stamp() if ends else None,
        "cancellation_details": {**details, "reason": "cancellation_requested" if ends else None},
    }


def cancel(call: Call) -> Json:
    subscription = call.named("subscription")
    if subscription["status"] == "canceled":
        raise invalid(f"No such subscription: '{subscription['id']}'", code="resource_missing")
    if call.params.get("prorate"):
        subscribing.credit_unused(call.desk, subscription)
    ended = subscribing.ended(
        call.desk,
        subscription,
        "cancellation_requested",
        call.params.get("cancellation_details", {}),
        cancel_at_period_end=False,
    )
    if call.params.get("invoice_now"):
        _settle_up(call, ended)
    return ended


def _settle_up(call: Call, subscription: Json) -> None:
    """A last invoice of what is pending; less than nothing goes to the customer's credit."""
    customer = call.desk.get("customer", subscription["customer"])
    waiting = items.pending(call.desk, customer["id"], subscription["currency"])
    if not waiting:
        return
    invoice = drafting.open_draft(call.desk, customer, subscription["currency"])
    invoice = items.take_in(call.desk, invoice, waiting)
    call.desk.emit("invoice.created", invoice)
    invoicing.finalise(call.desk, invoice)


def pause(call: Call) -> Json:
    if call.params.get("invoicing_behavior") == "invoice":
        raise not_served("invoicing_behavior")
    unused = call.params.get("bill_for", {}).get("unused_time_from", {"type": "now"})
    if unused["type"] == "item_current_period_start":
        raise not_served("bill_for[unused_time_from]")
    subscription = call.named("subscription")
    return pausing.pause(call.desk, subscription, credit=unused["type"] == "now")


def resume(call: Call) -> Json:
    if call.params.get("billing_cycle_anchor", {"type": "now"})["type"] != "now":
        raise not_served("billing_cycle_anchor")
    paid = call.params.get("payment_behavior") == "resume_on_payment_success"
    return pausing.resume(call.desk, call.named("subscription"), only_if_paid=paid)


ROUTES: Final = (
    Route("GET", "/v1/subscriptions", "SubscriptionListParams", "rak_subscription_read",
          subscriptions, f"{LIST_PARAMS} customer status"),
    Route("GET", "/v1/subscriptions/{subscription}", "SubscriptionRetrieveParams",
          "rak_subscription_read", retrieve("subscription")),
    Route("POST", "/v1/subscriptions/{subscription}", "SubscriptionUpdateParams",
          "rak_subscription_write", update, _FIELDS),
    Route("DELETE", "/v1/subscriptions/{subscription}", "SubscriptionCancelParams",
          "rak_subscription_write", cancel, "cancellation_details invoice_now prorate"),
    Route("POST", "/v1/subscriptions/{subscription}/pause", "SubscriptionPauseParams",
          "rak_subscription_write", pause, "bill_for invoicing_behavior type"),
    Route("POST", "/v1/subscriptions/{subscription}/resume", "SubscriptionResumeParams",
          "rak_subscription_write", resume, "billing_cycle_anchor payment_behavior"),
)  # fmt: skip
