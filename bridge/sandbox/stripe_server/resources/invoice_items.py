"""/v1/invoiceitems"""

from typing import Final

from bridge.sandbox.stripe_server import items, selling
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.lists import page
from bridge.sandbox.stripe_server.money import CURRENCIES
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json
from bridge.sandbox.stripe_server.world import Desk

from .shared import LIST_PARAMS, changes, retrieve

_FIELDS: Final = "description discountable metadata period quantity"


def create(call: Call) -> Json:
    invoice = _invoice(call)
    owner = invoice["customer"] if invoice else call.params.get("customer")
    if owner is None:
        raise invalid(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = call.desk.get("customer", owner, param="customer")
    if call.params.get("customer", owner) != owner:
        raise invalid("The invoice belongs to another customer.", param="invoice")
    item = described(call.desk, customer, call.params, invoice)
    if invoice:
        items.take_in(call.desk, invoice, [item], "invoice.updated")
    return call.desk.get("invoiceitem", item["id"])


def _invoice(call: Call) -> Json | None:
    name = call.params.get("invoice")
    if name is None:
        return None
    invoice = call.desk.get("invoice", name, param="invoice")
    items.check_draft(invoice)
    return invoice


def described(desk: Desk, customer: Json, params: Json, invoice: Json | None = None) -> Json:
    """The pending item that the parameters describe, in the invoice's currency if there is one."""
    shape = desk.world.shapes.fresh("invoiceitem")
    fields = changes(shape, params, _FIELDS.split())
    quantity = fields.get("quantity", 1)
    usual = invoice["currency"] if invoice else customer["currency"]
    if quantity < 1:
        raise invalid("A quantity is 1 or more.", param="quantity")
    amount, currency = params.get("amount"), params.get("currency", usual)
    if amount is None:
        price = _price(desk, params)
        amount, currency = price["unit_amount"] * quantity, price["currency"]
        fields["pricing"] = _pricing(price)
    if currency is None or currency.lower() not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency or ''}.", param="currency")
    if invoice and currency.lower() != invoice["currency"]:
        raise invalid(
            f"The item is in {currency} and the invoice in {invoice['currency']}.", param="currency"
        )
    counted = {"quantity": quantity, "quantity_decimal": str(quantity)}
    return items.pend(desk, customer, amount, currency.lower(), **{**fields, **counted})


def _price(desk: Desk, params: Json) -> Json:
    if "price_data" in params:
        return selling.inline_price(desk, params["price_data"])
    name = params.get("pricing", {}).get("price")
    if name is None:
        raise invalid("You must pass `amount`, `price_data` or `pricing`.", param="amount")
    return desk.get("price", name, param="pricing[price]")


def _pricing(price: Json) -> Json:
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def listed(call: Call) -> Json:
    asked = {k: call.params[k] for k in ("customer", "invoice") if k in call.params}
    pending = call.params.get("pending")
    # Items have a `date` where other objects have `created`.
    things = [
        {**item, "created": item["date"]} for item in call.world.store.newest_first("invoiceitem")
    ]
    found = page(
        things,
        call.params,
        call.url,
        lambda i: i.items() >= asked.items() and pending in {None, i["invoice"] is None},
    )
    for item in found["data"]:
        del item["created"]
    return found


def delete(call: Call) -> Json:
    item = call.named("invoiceitem")
    items.drop(call.desk, item)
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


ROUTES: Final = (
    Route("GET", "/v1/invoiceitems", "InvoiceItemListParams", "rak_invoice_item_read", listed,
          f"{LIST_PARAMS} customer invoice pending"),
    Route("GET", "/v1/invoiceitems/{invoiceitem}", "InvoiceItemRetrieveParams",
          "rak_invoice_item_read", retrieve("invoiceitem")),
    Route("POST", "/v1/invoiceitems", "InvoiceItemCreateParams", "rak_invoice_item_write", create,
          f"{_FIELDS} amount currency customer invoice price_data pricing"),
    Route("DELETE", "/v1/invoiceitems/{invoiceitem}", "InvoiceItemDeleteParams",
          "rak_invoice_item_write", delete),
)  # fmt: skip
