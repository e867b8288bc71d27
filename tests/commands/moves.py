"""What actions have done at Stripe, told by Stripe alone: its events and its objects."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.stripe_server import SandboxStripe

#: Each can be caused once by one action; `charge.succeeded` is money taken, or only authorised.
_EVENTS = (
    "charge.captured",
    "charge.dispute.closed",
    "charge.succeeded",
    "credit_note.created",
    "customer.subscription.resumed",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.sent",
    "invoice.voided",
    "payment_intent.canceled",
    "payment_link.created",
    "refund.created",
)
_AMOUNTS = {
    "charge.captured": "amount_captured",
    "charge.succeeded": "amount_captured",
    "credit_note.created": "total",
    "invoice.finalized": "total",
    "refund.created": "amount",
}
#: Stripe has no event for these.
_MADE = {"checkout.session": "amount_total", "invoice": "total"}
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Move:
    """`amount` is None where it is no matter of money."""

    what: str
    action: str
    amount: int | None = None


def moves(stripe: SandboxStripe) -> list[Move]:
    return [*_told(stripe), *_made(stripe), *_ended(stripe), *_submitted(stripe)]


def _told(stripe: SandboxStripe) -> Iterator[Move]:
    for record in stripe.world.events:
        key = record.snapshot["request"]["idempotency_key"]
        if record.type in _EVENTS and key and _ID.fullmatch(action := key.partition(":")[0]):
            thing = record.snapshot["data"]["object"]
            yield Move(record.type, action, _amount(thing, _AMOUNTS.get(record.type)))


def _made(stripe: SandboxStripe) -> Iterator[Move]:
    for kind, amount in _MADE.items():
        for thing in stripe.world.store.oldest_first(kind):
            if action := thing["metadata"].get("chat_action"):
                yield Move(kind, action, _amount(thing, amount))


def _ended(stripe: SandboxStripe) -> Iterator[Move]:
    for one in stripe.world.store.oldest_first("subscription"):
        found = _ID.search(str(one["cancellation_details"]["comment"]))
        if found and one["status"] == "canceled":
            yield Move("customer.subscription.deleted", found[0])


def _submitted(stripe: SandboxStripe) -> Iterator[Move]:
    for one in stripe.world.store.oldest_first("dispute"):
        for _ in range(one["evidence_details"]["submission_count"]):
            yield Move("submission", str(one["metadata"].get("chat_action")))


def _amount(thing: dict[str, Any], name: str | None) -> int | None:
    return int(thing[name]) if name else None
