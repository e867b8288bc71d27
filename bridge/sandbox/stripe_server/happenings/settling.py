"""What the banks do later: refunds and payouts that settle or fail; and anything else at all."""

from typing import Any

from bridge.sandbox.stripe_server import refunding
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.payments import book
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.world import Desk

from . import scenes


def refund_settles(desk: Desk, *, refund: str | None = None) -> Json:
    """A pending refund reaches the customer (without `refund`: the latest pending one)."""
    given = _waiting(desk, refund)
    return _refund(refunding.settle(desk, given))


def refund_fails(
    desk: Desk, *, refund: str | None = None, reason: str = "expired_or_canceled_card"
) -> Json:
    """A refund fails; even one that had succeeded may, if named."""
    given = scenes.latest(desk, "refund", refund, **({} if refund else {"status": "pending"}))
    if given["status"] in {"failed", "canceled"}:
        raise invalid(f"That refund is {given['status']} already.", param="refund")
    return _refund(refunding.fail(desk, given, reason))


def _waiting(desk: Desk, refund: str | None) -> Json:
    given = scenes.latest(desk, "refund", refund, **({} if refund else {"status": "pending"}))
    if given["status"] not in {"pending", "requires_action"}:
        raise invalid(f"That refund is {given['status']} already.", param="refund")
    return given


def _refund(given: Json) -> Json:
    return {"refund": given["id"], "charge": given["charge"], "status": given["status"]}


def payout_fails(
    desk: Desk,
    *,
    amount: int = 250000,
    currency: str = "usd",
    failure_code: str = "account_closed",
) -> Json:
    """The bank sends a payout back."""
    currency = scenes.checked(currency, amount)
    gone = book(desk, "payout", -amount, currency, "payout")
    back = book(desk, "payout", amount, currency, "payout_failure")
    payout = desk.new(
        "payout",
        "payout.failed",
        amount=amount,
        arrival_date=desk.stamp(days=-1),
        balance_transaction=gone["id"],
        currency=currency,
        destination=desk.world.ids.new("bank_account"),
        failure_balance_transaction=back["id"],
        failure_code=failure_code,
        failure_message=_MESSAGES.get(failure_code, "The bank could not process this payout."),
        reconciliation_status="not_applicable",
        status="failed",
    )
    for entry in (gone, back):
        desk.change(entry, source=payout["id"])
    return {"payout": payout["id"]}


_MESSAGES = {
    "account_closed": "The bank account has been closed.",
    "could_not_process": "The bank could not process this payout.",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
    "no_account": "The bank account could not be located.",
}


def event(
    desk: Desk,
    *,
    type: str,  # noqa: A002 - the arguments' names are the event's own
    object: dict[str, Any],  # noqa: A002
    previous_attributes: dict[str, Any] | None = None,
) -> Json:
    """Any event at all, about the object given; it can be fetched afterwards if it has an id."""
    if not isinstance(object.get("object"), str):
        raise invalid("The object needs an `object` that tells its kind.", param="object")
    if "id" in object:
        desk.world.store.put(object)
    desk.emit(type, object, previous_attributes)
    return {"type": type, "object": object.get("id")}
