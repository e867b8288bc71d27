"""What finding and explaining ask of Stripe: one call each, for the contract test."""

from collections.abc import Awaitable, Callable

from bridge.edges.stripe_api import StripeApi

CALLS: dict[str, Callable[[StripeApi], Awaitable[object]]] = {
    "search_customers": lambda api: api.search_customers("anna@example.org", 5),
    "search_charges": lambda api: api.search_charges(
        last4="4242", amount=2000, currency="eur", limit=5
    ),
    "search_invoices": lambda api: api.search_invoices("ABC-0001", 5),
}
