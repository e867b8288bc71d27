"""Everything this server answers, family by family. A new resource family is added here."""

from typing import Final

from bridge.sandbox.stripe_server.routes import Route

from . import (
    charges,
    checkout_sessions,
    credit_notes,
    customer_balances,
    customers,
    disputes,
    draft_invoices,
    events,
    files,
    invoice_items,
    invoices,
    others,
    payment_intents,
    payment_links,
    payment_methods,
    portal,
    refunds,
    searching,
    subscriptions,
    webhook_endpoints,
)

ROUTES: Final[tuple[Route, ...]] = (
    *searching.ROUTES,  # before the families: `search` is no id
    *customers.ROUTES,
    *customer_balances.ROUTES,
    *payment_methods.ROUTES,
    *payment_intents.ROUTES,
    *charges.ROUTES,
    *refunds.ROUTES,
    *credit_notes.ROUTES,
    *payment_links.ROUTES,
    *checkout_sessions.ROUTES,
    *invoice_items.ROUTES,
    *draft_invoices.ROUTES,
    *invoices.ROUTES,
    *subscriptions.ROUTES,
    *portal.ROUTES,
    *disputes.ROUTES,
    *files.ROUTES,
    *events.ROUTES,
    *webhook_endpoints.ROUTES,
    *others.ROUTES,
)
