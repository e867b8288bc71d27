"""Payment links, checkouts, captures, the billing portal, the balance, credit notes."""

from collections.abc import Mapping
from typing import Any, cast

from bridge.edges.stripe_calls import StripeCalls, told_in_words
from bridge.model.event import Json
from bridge.model.money import Money
from bridge.model.stripe_paying import Credit, Sale

_PAGE = 100
_FEW = 10
_REFUNDS = "refunds.refund"


class PayingCalls(StripeCalls):
    """Implements `PayingReader` and `PayingWriter`."""

    async def payment_link(self, payment_link_id: str) -> Json:
        return await self._get(self._client.v1.payment_links.retrieve_async(payment_link_id))

    async def checkout_session(self, session_id: str) -> Json:
        return await self._get(self._client.v1.checkout.sessions.retrieve_async(session_id))

    async def sessions_of_link(self, payment_link_id: str) -> list[Json]:
        found: list[Json] = []
        wanted = {"payment_link": payment_link_id, "limit": _PAGE}
        async with told_in_words(reading=True):
            page = await self._client.v1.checkout.sessions.list_async(cast("Any", wanted))
            async for one in page.auto_paging_iter():
                found.append(one.to_dict())  # noqa: PERF401 - the SDK's pages are asynchronous
        return found

    async def sessions_of_customer(self, customer_id: str) -> list[Json]:
        wanted = {"customer": customer_id, "limit": _PAGE}
        page = await self._get(self._client.v1.checkout.sessions.list_async(cast("Any", wanted)))
        return list(page["data"])

    async def customers_of_email(self, email: str) -> list[Json]:
        wanted = {"email": email, "limit": _FEW}
        page = await self._get(self._client.v1.customers.list_async(cast("Any", wanted)))
        return list(page["data"])

    async def balance(self) -> Json:
        return await self._get(self._client.v1.balance.retrieve_async())

    async def payouts_under_way(self) -> list[Json]:
        found: list[Json] = []
        for status in ("pending", "in_transit"):
            wanted = {"status": status, "limit": _PAGE}
            page = await self._get(self._client.v1.payouts.list_async(cast("Any", wanted)))
            found += page["data"]
        return found

    async def previewed_credit(self, credit: Credit) -> Json:
        wanted = cast("Any", _credit(credit))
        return await self._get(self._client.v1.credit_notes.preview_async(wanted))

    async def credit_notes_of(self, invoice_id: str) -> list[Json]:
        wanted = {"invoice": invoice_id, "limit": _PAGE, "expand": [f"data.{_REFUNDS}"]}
        page = await self._get(self._client.v1.credit_notes.list_async(cast("Any", wanted)))
        return list(page["data"])

    async def open_link(self, sale: Sale, *, closed_words: str, key: str) -> Json:
        params = {
            **_sold(sale),
            "restrictions": {"completed_sessions": {"limit": 1}},
            "inactive_message": closed_words,
        }
        call = self._client.v1.payment_links.create_async(cast("Any", params), _once(key))
        return await self._write(call)

    async def open_checkout(self, sale: Sale, *, customer: str, thanks_url: str, key: str) -> Json:
        params = {
            **_sold(sale),
            "mode": "payment",
            "customer": customer,
            "success_url": thanks_url,
        }
        call = self._client.v1.checkout.sessions.create_async(cast("Any", params), _once(key))
        return await self._write(call)

    async def close_link(
        self, payment_link_id: str, *, metadata: Mapping[str, str], key: str
    ) -> Json:
        params = cast("Any", {"active": False, "metadata": dict(metadata)})
        return await self._write(
            self._client.v1.payment_links.update_async(payment_link_id, params, _once(key))
        )

    async def expire_checkout(self, session_id: str, *, key: str) -> Json:
        return await self._write(
            self._client.v1.checkout.sessions.expire_async(session_id, {}, _once(key))
        )

    async def capture(
        self, payment_intent_id: str, *, money: Money, metadata: Mapping[str, str], key: str
    ) -> Json:
        params = cast("Any", {"amount_to_capture": money.amount, "metadata": dict(metadata)})
        return await self._write(
            self._client.v1.payment_intents.capture_async(payment_intent_id, params, _once(key))
        )

    async def cancel_payment(self, payment_intent_id: str, *, reason: str | None, key: str) -> Json:
        params = cast("Any", {"cancellation_reason": reason} if reason else {})
        return await self._write(
            self._client.v1.payment_intents.cancel_async(payment_intent_id, params, _once(key))
        )

    async def open_portal(self, customer_id: str, *, key: str) -> Json:
        call = self._client.v1.billing_portal.sessions.create_async(
            {"customer": customer_id}, _once(key)
        )
        return await self._write(call)

    async def credit(self, credit: Credit, *, metadata: Mapping[str, str], key: str) -> Json:
        params = {**_credit(credit), "metadata": dict(metadata), "expand": [_REFUNDS]}
        call = self._client.v1.credit_notes.create_async(cast("Any", params), _once(key))
        return await self._write(call)


def _once(key: str) -> Any:
    return {"idempotency_key": key}


def _sold(sale: Sale) -> dict[str, Any]:
    """What a link and a checkout have in common. The payment is named, and else left as it is:
    its metadata would make everything that ever happens to it look like our own doing."""
    price = {
        "currency": sale.money.currency,
        "unit_amount": sale.money.amount,
        "product_data": {"name": sale.name},
    }
    return {
        "line_items": [{"price_data": price, "quantity": 1}],
        "metadata": dict(sale.metadata),
        "payment_intent_data": {"description": sale.name},
    }


def _credit(credit: Credit) -> dict[str, Any]:
    params: dict[str, Any] = {
        "invoice": credit.invoice,
        "amount": credit.money.amount,
        "refund_amount": credit.money.amount,
        "email_type": "none",  # Stripe would mail the customer by itself
    }
    told = {"reason": credit.reason, "memo": credit.memo}
    return params | {name: value for name, value in told.items() if value}
