"""Everything this server answers, family by family. A new resource family is added here."""

from typing import Final

from bridge.sandbox.stripe_server.routes import Route

from . import (
    charges,
    customers,
    disputes,
    events,
    invoices,
    others,
    payment_intents,
    payment_methods,
    refunds,
    subscriptions,
    webhook_endpoints,
)

ROUTES: Final[tuple[Route, ...]] = (
    *customers.ROUTES,
    *payment_methods.ROUTES,
    *payment_intents.ROUTES,
    *charges.ROUTES,
    *refunds.ROUTES,
    *invoices.ROUTES,
    *subscriptions.ROUTES,
    *disputes.ROUTES,
    *events.ROUTES,
    *webhook_endpoints.ROUTES,
    *others.ROUTES,
)
