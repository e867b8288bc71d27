"""What a customer has to their credit: negative, as at Stripe, when we owe it to them."""

from typing import Any

from .shapes import Json
from .world import Desk


def move(desk: Desk, owner: str, amount: int, currency: str, **fields: Any) -> Json:
    customer = desk.get("customer", owner)
    after = customer["balance"] + amount
    entry = desk.new(
        "customer_balance_transaction",
        customer=owner,
        amount=amount,
        currency=currency,
        ending_balance=after,
        **fields,
    )
    desk.change(
        customer, "customer.updated", balance=after, currency=customer["currency"] or currency
    )
    return entry
