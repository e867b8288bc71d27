"""Invoices and subscriptions; implements `BillingReader` and `BillingWriter`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from bridge.edges.stripe_calls import StripeCalls, told_in_words
from bridge.model.errors import StripeRefused
from bridge.model.event import Json
from bridge.model.money import Money

_PAGE = 100
_GONE = "resource_missing"


class BillingCalls(StripeCalls):
    async def subscription(self, subscription_id: str) -> Json:
        return await self._get(self._client.v1.subscriptions.retrieve_async(subscription_id))

    async def invoices_since(self, customer_id: str, since: datetime) -> list[Json]:
        wanted = {"customer": customer_id, "created": {"gte": int(since.timestamp())}}
        found: list[Json] = []
        async with told_in_words(reading=True):
            page = await self._client.v1.invoices.list_async(
                cast("Any", {**wanted, "limit": _PAGE})
            )
            async for one in page.auto_paging_iter():
                found.append(one.to_dict())  # noqa: PERF401 - the SDK's pages are asynchronous
        return found

    async def pay_invoice(self, invoice_id: str, *, key: str) -> Json:
        call = self._client.v1.invoices.pay_async(invoice_id, {}, {"idempotency_key": key})
        return await self._write(call)

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
        params = {
            "customer": customer,
            "currency": currency,
            "collection_method": "send_invoice",
            "days_until_due": days,
            "description": text,
            "metadata": dict(metadata),
            # Otherwise Stripe finalizes what was left half done, an hour later and by itself.
            "auto_advance": False,
            # Otherwise what waits for the customer's next renewal may be put on this one.
            "pending_invoice_items_behavior": "exclude",
        }
        return await self._write(
            self._client.v1.invoices.create_async(cast("Any", params), {"idempotency_key": key})
        )

    async def add_item(
        self, *, invoice: Json, money: Money, text: str, metadata: Mapping[str, str], key: str
    ) -> Json:
        params = {
            "customer": invoice["customer"],
            "invoice": invoice["id"],
            "amount": money.amount,
            "currency": money.currency,
            "description": text,
            "metadata": dict(metadata),
        }
        return await self._write(
            self._client.v1.invoice_items.create_async(
                cast("Any", params), {"idempotency_key": key}
            )
        )

    async def finalize_invoice(self, invoice_id: str, *, key: str) -> Json:
        # It is sent by a call of its own: with auto_advance Stripe would send it, too.
        call = self._client.v1.invoices.finalize_invoice_async(
            invoice_id, {"auto_advance": False}, {"idempotency_key": key}
        )
        return await self._write(call)

    async def send_invoice(self, invoice_id: str, *, key: str) -> Json:
        call = self._client.v1.invoices.send_invoice_async(invoice_id, {}, {"idempotency_key": key})
        return await self._write(call)

    async def void_invoice(self, invoice_id: str, *, key: str) -> Json:
        call = self._client.v1.invoices.void_invoice_async(invoice_id, {}, {"idempotency_key": key})
        return await self._write(call)

    async def write_off_invoice(self, invoice_id: str, *, key: str) -> Json:
        call = self._client.v1.invoices.mark_uncollectible_async(
            invoice_id, {}, {"idempotency_key": key}
        )
        return await self._write(call)

    async def discard_draft(self, invoice_id: str) -> None:
        try:
            await self._write(self._client.v1.invoices.delete_async(invoice_id))
        except StripeRefused as refused:
            if refused.code != _GONE:
                raise

    async def change_subscription(
        self,
        subscription_id: str,
        *,
        change: Mapping[str, Any],
        metadata: Mapping[str, str],
        key: str,
    ) -> Json:
        params = cast("Any", {**change, "metadata": dict(metadata)})
        return await self._write(
            self._client.v1.subscriptions.update_async(
                subscription_id, params, {"idempotency_key": key}
            )
        )

    async def resume_subscription(self, subscription_id: str, *, key: str) -> Json:
        params = cast("Any", {"payment_behavior": "resume_on_payment_success"})
        return await self._write(
            self._client.v1.subscriptions.resume_async(
                subscription_id, params, {"idempotency_key": key}
            )
        )

    async def cancel_subscription(self, subscription_id: str, *, comment: str) -> Json:
        """Stripe takes no idempotency key for it: what is cancelled stays so, and names the comment."""
        params = cast("Any", {"cancellation_details": {"comment": comment}})
        return await self._write(
            self._client.v1.subscriptions.cancel_async(subscription_id, params)
        )
