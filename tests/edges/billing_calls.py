"""The billing family's calls, for the contract with Stripe's own mock server."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bridge.edges.stripe_api import StripeApi
from bridge.model.money import Money

_MARK = {"chat_action": "1"}

CALLS: dict[str, Callable[[StripeApi], Awaitable[object]]] = {
    "subscription": lambda api: api.subscription("sub_1"),
    "invoices_since": lambda api: api.invoices_since("cus_1", datetime(2026, 11, 27, tzinfo=UTC)),
    "pay_invoice": lambda api: api.pay_invoice("in_1", key="k"),
    "draft_invoice": lambda api: api.draft_invoice(
        customer="cus_1", currency="eur", days=14, text="Repair", metadata=_MARK, key="k"
    ),
    "add_item": lambda api: api.add_item(
        invoice={"id": "in_1", "customer": "cus_1"},
        money=Money(12_000, "eur"),
        text="Repair",
        metadata=_MARK,
        key="k:item",
    ),
    "finalize_invoice": lambda api: api.finalize_invoice("in_1", key="k:finalize"),
    "send_invoice": lambda api: api.send_invoice("in_1", key="k:send"),
    "void_invoice": lambda api: api.void_invoice("in_1", key="k"),
    "write_off_invoice": lambda api: api.write_off_invoice("in_1", key="k"),
    "discard_draft": lambda api: api.discard_draft("in_1"),
    "change_subscription": lambda api: api.change_subscription(
        "sub_1", change={"cancel_at_period_end": True}, metadata=_MARK, key="k"
    ),
    "cancel_subscription": lambda api: api.cancel_subscription("sub_1", comment="sam: 1"),
}
#: Every way in which a subscription is changed.
CHANGES: tuple[dict[str, object], ...] = (
    {"cancel_at_period_end": True, "cancellation_details": {"comment": "sam: moved away"}},
    {"cancel_at_period_end": False},
    {"pause_collection": {"behavior": "void"}},
    {"pause_collection": {"behavior": "keep_as_draft", "resumes_at": 1_800_000_000}},
    {"pause_collection": {"behavior": "mark_uncollectible"}},
    {"pause_collection": ""},
)
