"""Finding objects in Stripe: its lists, which know everything at once, and its search, which lags."""

import re
from typing import Any, cast

from bridge.edges.stripe_calls import StripeCalls
from bridge.model.errors import StripeRefused
from bridge.model.event import Json

#: What may stand in a query between quotes: nothing that could end them.
_PLAIN = re.compile(r'[^"\\\x00-\x1f]{1,400}')


class SearchCalls(StripeCalls):
    async def search_customers(self, email: str, limit: int) -> tuple[list[Json], bool]:
        wanted = {"query": f"email:{_quoted(email)}", "limit": limit}
        return _found(await self._get(self._client.v1.customers.search_async(cast("Any", wanted))))

    async def search_charges(
        self, *, last4: str | None, amount: int | None, currency: str | None, limit: int
    ) -> tuple[list[Json], bool]:
        clauses = []
        if last4:
            clauses.append(f"payment_method_details.card.last4:{_quoted(last4)}")
        if amount is not None:
            clauses.append(f"amount:{amount}")
        if currency:
            clauses.append(f"currency:{_quoted(currency)}")
        wanted = {"query": " AND ".join(clauses), "limit": limit}
        return _found(await self._get(self._client.v1.charges.search_async(cast("Any", wanted))))

    async def search_invoices(self, number: str, limit: int) -> tuple[list[Json], bool]:
        wanted = {"query": f"number:{_quoted(number)}", "limit": limit}
        return _found(await self._get(self._client.v1.invoices.search_async(cast("Any", wanted))))


def _found(page: Json) -> tuple[list[Json], bool]:
    return list(page["data"]), bool(page.get("has_more"))


def _quoted(text: str) -> str:
    """As a value of a query; what could end it is refused."""
    if not _PLAIN.fullmatch(text):
        raise StripeRefused(
            "That can't be searched for: leave out quotation marks and backslashes."
        )
    return f'"{text}"'
