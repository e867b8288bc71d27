"""Invoices being drawn up: a draft and its lines."""

from collections.abc import Sequence
from typing import Any, Final

from .shapes import Json
from .world import Desk


def open_draft(desk: Desk, customer: Json, currency: str, **fields: Any) -> Json:
    """A draft without lines, of which nobody is told yet."""
    invoice = desk.new(
        "invoice",
        customer=customer["id"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_address=customer["address"],
        customer_phone=customer["phone"],
        currency=currency,
        **{"period_start": desk.stamp(), "period_end": desk.stamp(), **fields},
    )
    return with_lines(desk, invoice, [])


def add_line(desk: Desk, invoice: Json, amount: int, **fields: Any) -> Json:
    return desk.new(
        "line_item",
        amount=amount,
        subtotal=amount,
        currency=invoice["currency"],
        invoice=invoice["id"],
        **fields,
    )


def with_lines(desk: Desk, invoice: Json, lines: Sequence[Json], event: str | None = None) -> Json:
    total = sum(line["amount"] for line in lines)
    owed = dict.fromkeys(("amount_due", "amount_remaining"), max(total, 0))
    url = f"/v1/invoices/{invoice['id']}/lines"
    listed = {
        "object": "list", "data": list(lines), "has_more": False, "total_count": len(lines),
        "url": url,
    }  # fmt: skip
    return desk.change(invoice, event, lines=listed, **dict.fromkeys(_TOTALS, total), **owed)


_TOTALS: Final = ("subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax")
