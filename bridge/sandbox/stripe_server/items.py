"""Invoice items: waiting for the customer's next invoice, or put on a draft."""

from collections.abc import Iterable
from typing import Any

from .drafting import add_line, with_lines
from .errors import invalid
from .shapes import Json
from .world import Desk


def pend(desk: Desk, customer: Json, amount: int, currency: str, **fields: Any) -> Json:
    """An item that waits for an invoice."""
    moment = {"start": desk.stamp(), "end": desk.stamp()}
    return desk.new(
        "invoiceitem",
        "invoiceitem.created",
        customer=customer["id"],
        amount=amount,
        net_amount=amount,
        currency=currency,
        date=desk.stamp(),
        **{"period": moment, **fields},
    )


def pending(desk: Desk, customer: str, currency: str) -> list[Json]:
    return [
        item
        for item in desk.world.store.oldest_first("invoiceitem")
        if item["invoice"] is None and item["customer"] == customer and item["currency"] == currency
    ]


def take_in(desk: Desk, invoice: Json, items: Iterable[Json], event: str | None = None) -> Json:
    """Put items on a draft."""
    check_draft(invoice)
    lines = [*invoice["lines"]["data"], *(_line(desk, invoice, item) for item in items)]
    return with_lines(desk, invoice, lines, event)


def check_draft(invoice: Json) -> None:
    if invoice["status"] != "draft":
        raise invalid(
            f"Invoice {invoice['id']} is {invoice['status']}; only a draft can be changed.",
            code="invoice_not_editable",
            param="invoice",
        )


def _line(desk: Desk, invoice: Json, item: Json) -> Json:
    desk.change(item, invoice=invoice["id"])
    details = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": {"credited_items": None},
        "subscription": None,
    }
    kept = ("description", "discountable", "metadata", "period", "pricing", "quantity")
    parent = {
        "type": "invoice_item_details",
        "invoice_item_details": details,
        "subscription_item_details": None,
    }
    fields = {name: item[name] for name in kept}
    return add_line(desk, invoice, item["amount"], parent=parent, **fields)


def drop(desk: Desk, item: Json) -> None:
    """An item is deleted, and its line with it."""
    if item["invoice"]:
        invoice = desk.get("invoice", item["invoice"])
        check_draft(invoice)
        kept = [line for line in invoice["lines"]["data"] if _item_of(line) != item["id"]]
        with_lines(desk, invoice, kept, "invoice.updated")
    desk.world.store.remove("invoiceitem", item["id"])
    desk.emit("invoiceitem.deleted", item)


def _item_of(line: Json) -> str | None:
    details = line["parent"].get("invoice_item_details") or {}
    name: str | None = details.get("invoice_item")
    return name


def scrap(desk: Desk, invoice: Json) -> None:
    """A draft is thrown away, with the items on it."""
    for item in desk.world.store.oldest_first("invoiceitem"):
        if item["invoice"] == invoice["id"]:
            desk.world.store.remove("invoiceitem", item["id"])
    desk.world.store.remove("invoice", invoice["id"])
    desk.emit("invoice.deleted", invoice)
