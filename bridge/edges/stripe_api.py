"""What the bridge asks of Stripe with one key; a family of verbs has its calls in a file of its own."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from bridge.edges.stripe_billing import BillingCalls
from bridge.edges.stripe_calls import StripeCalls, told_in_words
from bridge.edges.stripe_disputes import DisputeCalls
from bridge.edges.stripe_paying import PayingCalls
from bridge.edges.stripe_search import SearchCalls
from bridge.model.errors import StripeRefused
from bridge.model.event import Event, Json, id_of
from bridge.model.money import Money
from bridge.model.ports import Listed

_RELATED = re.compile(r"/v[12](?:/[a-z_]+){1,4}/[A-Za-z0-9_]{1,255}")
_PAGE = 100
_MOST_CHARGES = 300


class StripeApi(BillingCalls, DisputeCalls, PayingCalls, SearchCalls, StripeCalls):
    """Implements `StripeReader` and `StripeWriter`; which of them it can be is up to the key."""

    async def event_object(self, event: Event) -> Json:
        """The object a thin event is about, by way of the event that Stripe itself has kept."""
        whole = await self._get(
            self._client.raw_request_async("get", f"/v2/core/events/{event.id}")
        )
        url = whole.get("related_object", {}).get("url") if whole.get("related_object") else None
        if not url:
            return {}
        if not isinstance(url, str) or not _RELATED.fullmatch(url):
            raise StripeRefused("Stripe's event points to something that is not an object.")
        return await self._get(self._client.raw_request_async("get", url))

    async def event(self, event_id: str) -> Json:
        """The event as its webhook brought it; Stripe keeps them for 30 days."""
        return await self._get(self._client.v1.events.retrieve_async(event_id))

    async def charge(self, charge_id: str) -> Json:
        return await self._get(
            self._client.v1.charges.retrieve_async(charge_id, {"expand": ["customer"]})
        )

    async def payment_intent(self, payment_intent_id: str) -> Json:
        return await self._get(self._client.v1.payment_intents.retrieve_async(payment_intent_id))

    async def invoice(self, invoice_id: str) -> Json:
        return await self._get(self._client.v1.invoices.retrieve_async(invoice_id))

    async def customer(self, customer_id: str) -> Json:
        return await self._get(self._client.v1.customers.retrieve_async(customer_id))

    async def invoice_of_payment(self, payment_intent_id: str) -> str | None:
        wanted = {
            "payment": {"type": "payment_intent", "payment_intent": payment_intent_id},
            "limit": 1,
        }
        page = await self._get(self._client.v1.invoice_payments.list_async(cast("Any", wanted)))
        return next((id_of(one.get("invoice")) for one in page["data"]), None)

    async def payments_of_invoice(self, invoice_id: str) -> list[str]:
        page = await self._get(
            self._client.v1.invoice_payments.list_async({"invoice": invoice_id, "limit": _PAGE})
        )
        found = [id_of((one.get("payment") or {}).get("payment_intent")) for one in page["data"]]
        return [payment for payment in found if payment]

    async def refunds_of_charge(self, charge_id: str) -> list[Json]:
        found: list[Json] = []
        async with told_in_words(reading=True):
            page = await self._client.v1.refunds.list_async({"charge": charge_id, "limit": _PAGE})
            async for one in page.auto_paging_iter():
                found.append(one.to_dict())  # noqa: PERF401 - the SDK's pages are asynchronous
        return found

    async def owner(self, customer_id: str) -> Json:
        expand = {"expand": ["invoice_settings.default_payment_method"]}
        return await self._get(
            self._client.v1.customers.retrieve_async(customer_id, cast("Any", expand))
        )

    async def charges_of(self, customer_id: str) -> tuple[list[Json], bool]:
        found: list[Json] = []
        async with told_in_words(reading=True):
            wanted = {"customer": customer_id, "limit": _PAGE}
            page = await self._client.v1.charges.list_async(cast("Any", wanted))
            async for one in page.auto_paging_iter():
                if len(found) == _MOST_CHARGES:
                    return found, False
                found.append(one.to_dict())
        return found, True

    async def subscriptions_of(self, customer_id: str) -> list[Json]:
        wanted = {"customer": customer_id, "status": "all", "limit": _PAGE}
        page = await self._get(self._client.v1.subscriptions.list_async(cast("Any", wanted)))
        return list(page["data"])

    async def invoices_of(self, customer_id: str, status: str | None = None) -> list[Json]:
        wanted = {"customer": customer_id, "limit": _PAGE} | ({"status": status} if status else {})
        page = await self._get(self._client.v1.invoices.list_async(cast("Any", wanted)))
        return list(page["data"])

    async def made_since(self, what: Listed, since: datetime, after: str | None) -> list[Json]:
        wanted: dict[str, Any] = {"limit": _PAGE, "created": {"gte": int(since.timestamp())}}
        if after:
            wanted["starting_after"] = after
        if what is Listed.SUBSCRIPTIONS:
            wanted["status"] = "all"
        services: Mapping[Listed, Any] = {
            Listed.CHARGES: self._client.v1.charges,
            Listed.INVOICES: self._client.v1.invoices,
            Listed.SUBSCRIPTIONS: self._client.v1.subscriptions,
            Listed.CUSTOMERS: self._client.v1.customers,
        }
        page = await self._get(services[what].list_async(wanted))
        return list(page["data"])

    async def made_by(self, key: str, types: Sequence[str], since: datetime) -> list[Json]:
        wanted = {"types": list(types), "created": {"gte": int(since.timestamp())}, "limit": _PAGE}
        found: list[Json] = []
        async with told_in_words(reading=True):
            page = await self._client.v1.events.list_async(cast("Any", wanted))
            async for one in page.auto_paging_iter():
                event = one.to_dict()
                if (event.get("request") or {}).get("idempotency_key") == key:
                    found.append(event["data"]["object"])
        return found

    async def check(self) -> str:
        """Reads one event: the least that every key of the bridge must be able to do."""
        page = await self._get(self._client.v1.events.list_async({"limit": 1}))
        return "reads events" + ("" if page["data"] else "; there are none in the last 30 days")

    async def refund(
        self,
        *,
        charge: str,
        money: Money,
        reason: str | None,
        metadata: Mapping[str, str],
        key: str,
    ) -> Json:
        params: dict[str, Any] = {
            "charge": charge,
            "amount": money.amount,
            "metadata": dict(metadata),
        }
        if reason:
            params["reason"] = reason
        return await self._write(
            self._client.v1.refunds.create_async(cast("Any", params), {"idempotency_key": key})
        )

    async def set_metadata(
        self, *, kind: str, object_id: str, metadata: Mapping[str, str], key: str
    ) -> Json:
        services: dict[str, Any] = {
            "charge": self._client.v1.charges,
            "customer": self._client.v1.customers,
            "dispute": self._client.v1.disputes,
            "invoice": self._client.v1.invoices,
            "payment_intent": self._client.v1.payment_intents,
            "subscription": self._client.v1.subscriptions,
        }
        params: dict[str, Any] = {"metadata": dict(metadata)}
        if kind == "dispute":
            params["submit"] = False  # Stripe would otherwise submit the evidence as it stands
        return await self._write(
            services[kind].update_async(object_id, params, {"idempotency_key": key})
        )
