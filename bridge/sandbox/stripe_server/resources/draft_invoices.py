"""/v1/invoices while they are being drawn up."""

from typing import Final

from bridge.sandbox.stripe_server import drafting, items
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.lists import page
from bridge.sandbox.stripe_server.money import CURRENCIES
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .invoice_items import described
from .shared import changes

_FIELDS: Final = "auto_advance collection_method description due_date footer metadata"


def create(call: Call) -> Json:
    name = call.params.get("customer")
    if name is None:
        raise invalid(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = call.desk.get("customer", name, param="customer")
    fields = _fields(call, call.world.shapes.fresh("invoice"))
    invoice = drafting.open_draft(call.desk, customer, _currency(call, customer), **fields)
    if call.params.get("pending_invoice_items_behavior") == "include":
        waiting = items.pending(call.desk, customer["id"], invoice["currency"])
        invoice = items.take_in(call.desk, invoice, waiting)
    call.desk.emit("invoice.created", invoice)
    return invoice


def _currency(call: Call, customer: Json) -> str:
    usual = customer["currency"] or call.world.account["default_currency"]
    currency = str(call.params.get("currency", usual)).lower()
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}.", param="currency")
    return currency


def _fields(call: Call, invoice: Json) -> Json:
    fields = changes(invoice, call.params, _FIELDS.split())
    if "days_until_due" in call.params:
        fields["due_date"] = call.desk.stamp(days=call.params["days_until_due"])
    after = {**invoice, **fields}
    if (after["collection_method"] == "send_invoice") != (after["due_date"] is not None):
        raise invalid(
            "An invoice with collection_method=send_invoice needs days_until_due or due_date; one "
            "that is charged automatically cannot have them.",
            param="collection_method",
        )
    return fields


def update(call: Call) -> Json:
    invoice = call.named("invoice")
    later = {"description", "footer", "metadata", "auto_advance", "expand"}
    if call.params.keys() - later:
        items.check_draft(invoice)
        return call.desk.change(invoice, "invoice.updated", **_fields(call, invoice))
    fields = changes(invoice, call.params, later - {"expand"})
    return call.desk.change(invoice, "invoice.updated", **fields)


def add_lines(call: Call) -> Json:
    invoice = call.named("invoice")
    items.check_draft(invoice)
    customer = call.desk.get("customer", invoice["customer"])
    added = [_item(call, customer, invoice, line) for line in call.params["lines"]]
    return items.take_in(call.desk, invoice, added, "invoice.updated")


def _item(call: Call, customer: Json, invoice: Json, line: Json) -> Json:
    name = line.get("invoice_item")
    if name is None:
        return described(call.desk, customer, line, invoice)
    item = call.desk.get("invoiceitem", name, param="lines")
    if item not in items.pending(call.desk, customer["id"], invoice["currency"]):
        raise invalid(f"Invoice item {name} cannot go on this invoice.", param="lines")
    return item


def lines(call: Call) -> Json:
    invoice = call.named("invoice")
    return page(invoice["lines"]["data"], call.params, call.url, lambda _: True)


def delete(call: Call) -> Json:
    invoice = call.named("invoice")
    items.check_draft(invoice)
    items.scrap(call.desk, invoice)
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


ROUTES: Final = (
    Route("POST", "/v1/invoices", "InvoiceCreateParams", "rak_invoice_write", create,
          f"{_FIELDS} currency customer days_until_due pending_invoice_items_behavior"),
    Route("POST", "/v1/invoices/{invoice}", "InvoiceUpdateParams", "rak_invoice_write", update,
          f"{_FIELDS} days_until_due"),
    Route("DELETE", "/v1/invoices/{invoice}", "InvoiceDeleteParams", "rak_invoice_write", delete),
    Route("POST", "/v1/invoices/{invoice}/add_lines", "InvoiceAddLinesParams",
          "rak_invoice_write", add_lines, "lines"),
    Route("GET", "/v1/invoices/{invoice}/lines", "InvoiceLineItemListParams", "rak_invoice_read",
          lines, "ending_before limit starting_after"),
)  # fmt: skip
