"""Every event type that the bridge knows how to tell; any other is told plainly."""

from collections.abc import Mapping
from types import MappingProxyType

from bridge.notices.catalogue import (
    accounts,
    customers,
    disputes,
    fraud,
    invoices,
    payments,
    payouts,
    refunds,
    subscriptions,
)
from bridge.notices.catalogue.row import Kind, Row

ROWS = (
    *payments.ROWS,
    *disputes.ROWS,
    *refunds.ROWS,
    *invoices.ROWS,
    *subscriptions.ROWS,
    *customers.ROWS,
    *payouts.ROWS,
    *fraud.ROWS,
    *accounts.ROWS,
)
CATALOGUE: Mapping[str, Row] = MappingProxyType({row.type: row for row in ROWS})
#: What is known of an object whose event type is not: by Stripe's name of the object.
KINDS: Mapping[str, Kind] = MappingProxyType({row.kind.name: row.kind for row in ROWS})
