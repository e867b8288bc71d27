"""What the billing verbs need of Stripe: invoices and subscriptions. See ports.py."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from bridge.model.event import Json
from bridge.model.money import Money


class BillingReader(Protocol):
    async def subscription(self, subscription_id: str) -> Json: ...
    async def invoices_since(self, customer_id: str, since: datetime) -> list[Json]:
        """All that were made since then, newest first."""


class BillingWriter(Protocol):
    async def pay_invoice(self, invoice_id: str, *, key: str) -> Json:
        """Charges the customer's default way to pay; raises `StripeDeclined` if that says no."""

    async def draft_invoice(
        self,
        *,
        customer: str,
        currency: str,
        days: int,
        text: str,
        metadata: Mapping[str, str],
        key: str,
    ) -> Json:
        """An empty draft that will be sent, and due so many days later. Stripe leaves it alone."""

    async def add_item(
        self, *, invoice: Json, money: Money, text: str, metadata: Mapping[str, str], key: str
    ) -> Json: ...
    async def finalize_invoice(self, invoice_id: str, *, key: str) -> Json: ...
    async def send_invoice(self, invoice_id: str, *, key: str) -> Json:
        """By e-mail; a draft is finalized by it, too."""

    async def void_invoice(self, invoice_id: str, *, key: str) -> Json: ...
    async def write_off_invoice(self, invoice_id: str, *, key: str) -> Json:
        """Marks it uncollectible."""

    async def discard_draft(self, invoice_id: str) -> None:
        """Deletes a draft; one that is gone already is no trouble."""

    async def change_subscription(
        self,
        subscription_id: str,
        *,
        change: Mapping[str, Any],
        metadata: Mapping[str, str],
        key: str,
    ) -> Json: ...
    async def resume_subscription(self, subscription_id: str, *, key: str) -> Json:
        """One whose status is paused: a period begins now, if its invoice can be paid."""

    async def cancel_subscription(self, subscription_id: str, *, comment: str) -> Json:
        """At once and for good; nothing is billed or credited by it."""
