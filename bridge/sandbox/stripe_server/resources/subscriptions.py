"""/v1/subscriptions"""

from typing import Final

from bridge.sandbox.stripe_server.errors import invalid
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
    if subscription["status"] == "canceled":
        raise invalid(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    fields = changes(subscription, call.params, _FIELDS.split())
    if "cancel_at_period_end" in fields:
        fields |= _ending(call, subscription, fields)
    return call.desk.change(subscription, "customer.subscription.updated", **fields)


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
    details = subscription["cancellation_details"] | call.params.get("cancellation_details", {})
    return call.desk.change(
        subscription,
        "customer.subscription.deleted",
        status="canceled",
        canceled_at=call.desk.stamp(),
        ended_at=call.desk.stamp(),
        cancel_at_period_end=False,
        cancellation_details={**details, "reason": "cancellation_requested"},
    )


ROUTES: Final = (
    Route("GET", "/v1/subscriptions", "SubscriptionListParams", "rak_subscription_read",
          subscriptions, f"{LIST_PARAMS} customer status"),
    Route("GET", "/v1/subscriptions/{subscription}", "SubscriptionRetrieveParams",
          "rak_subscription_read", retrieve("subscription")),
    Route("POST", "/v1/subscriptions/{subscription}", "SubscriptionUpdateParams",
          "rak_subscription_write", update, _FIELDS),
    Route("DELETE", "/v1/subscriptions/{subscription}", "SubscriptionCancelParams",
          "rak_subscription_write", cancel, "cancellation_details invoice_now prorate"),
)  # fmt: skip
