"""What finding and explaining need of Stripe: its lists know everything at once, its search lags."""

from typing import Protocol

from bridge.model.event import Json


class SearchReader(Protocol):
    """At most `limit` objects (1 to 100), newest first, and whether there are more.

    `search_*` know nothing that is younger than a minute, in an outage than an hour, and raise
    `StripeRefused` where Stripe has no search (docs.stripe.com/search: in India).
    """

    async def search_customers(self, email: str, limit: int) -> tuple[list[Json], bool]:
        """Whatever the size of the letters."""

    async def search_charges(
        self, *, last4: str | None, amount: int | None, currency: str | None, limit: int
    ) -> tuple[list[Json], bool]:
        """`amount` in minor units; what is None may be anything."""

    async def search_invoices(self, number: str, limit: int) -> tuple[list[Json], bool]: ...
    async def event(self, event_id: str) -> Json:
        """Whole; Stripe keeps it for 30 days."""
