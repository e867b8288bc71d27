"""/v1/invoices and /v1/invoice_payments: what becomes of an invoice; drafts are drawn up next door."""

from typing import Final

from bridge.sandbox.stripe_server import invoicing, subscribing
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.lists import page
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .payment_methods import find_card
from .shared import LIST_PARAMS, changes, listing, retrieve


def pay(call: Call) -> Json:
    invoice = call.named("invoice")
    if invoice["status"] not in {"draft", "open", "uncollectible"}:
        raise invalid(f"Invoice is already {invoice['status']}")
    if invoice["status"] == "draft":
        invoice = invoicing.finalise(call.desk, invoice)
    if invoice["status"] != "paid":
        invoice = _paid(call, invoice)
    if refusal := invoicing.declined(call.desk, invoice):
        raise refusal
    subscribing.follow(call.desk, invoice)
    return invoice


def _paid(call: Call, invoice: Json) -> Json:
    if call.params.get("paid_out_of_band"):
        invoicing.release(call.desk, invoice)
        return invoicing.mark_paid(call.desk, invoice)
    name = call.params.get("payment_method")
    return invoicing.collect(call.desk, invoice, find_card(call.desk, name) if name else None)


def finalise(call: Call) -> Json:
    invoice = call.named("invoice")
    invoice = call.desk.change(invoice, **changes(invoice, call.params, ("auto_advance",)))
    return invoicing.finalise(call.desk, invoice)


def send(call: Call) -> Json:
    invoice = call.named("invoice")
    if invoice["collection_method"] != "send_invoice":
        raise invalid(
            "You can only manually send an invoice if its collection method is 'send_invoice'."
        )
    if invoice["status"] not in {"draft", "open", "paid"}:
        raise invalid(f"You cannot send an invoice that is {invoice['status']}.")
    if invoice["status"] == "draft":
        invoice = invoicing.finalise(call.desk, invoice)
    call.desk.emit("invoice.sent", invoice)
    return invoice


def void(call: Call) -> Json:
    _check(call, "open", "uncollectible")
    invoicing.release(call.desk, call.named("invoice"))
    return invoicing.end(call.desk, call.named("invoice"), "voided", status="void")


def write_off(call: Call) -> Json:
    _check(call, "open")
    return invoicing.end(
        call.desk, call.named("invoice"), "marked_uncollectible", status="uncollectible"
    )


def _check(call: Call, *allowed: str) -> None:
    status = call.named("invoice")["status"]
    if status not in allowed:
        raise invalid(f"You cannot do this to an invoice that is {status}.")


def payments(call: Call) -> Json:
    invoice, asked = call.params.get("invoice"), call.params.get("payment")
    status = call.params.get("status")
    return page(
        call.world.store.newest_first("invoice_payment"),
        call.params,
        call.url,
        lambda p: (
            invoice in {None, p["invoice"]}
            and status in {None, p["status"]}
            and (asked is None or p["payment"].items() >= asked.items())
        ),
    )


def invoices(call: Call) -> Json:
    name = call.params.get("subscription")
    if name is None:
        return listing("invoice", "customer", "status", "collection_method")(call)
    billed = [
        i for i in call.world.store.newest_first("invoice") if invoicing.subscription_of(i) == name
    ]
    asked = {k: call.params[k] for k in ("customer", "status") if k in call.params}
    return page(billed, call.params, call.url, lambda i: i.items() >= asked.items())


ROUTES: Final = (
    Route("GET", "/v1/invoices", "InvoiceListParams", "rak_invoice_read", invoices,
          f"{LIST_PARAMS} collection_method customer status subscription"),
    Route("GET", "/v1/invoices/{invoice}", "InvoiceRetrieveParams", "rak_invoice_read",
          retrieve("invoice")),
    Route("POST", "/v1/invoices/{invoice}/pay", "InvoicePayParams", "rak_invoice_write", pay,
          "off_session paid_out_of_band payment_method"),
    Route("POST", "/v1/invoices/{invoice}/finalize", "InvoiceFinalizeInvoiceParams",
          "rak_invoice_write", finalise, "auto_advance"),
    Route("POST", "/v1/invoices/{invoice}/send", "InvoiceSendInvoiceParams",
          "rak_invoice_write", send),
    Route("POST", "/v1/invoices/{invoice}/void", "InvoiceVoidInvoiceParams",
          "rak_invoice_write", void),
    Route("POST", "/v1/invoices/{invoice}/mark_uncollectible", "InvoiceMarkUncollectibleParams",
          "rak_invoice_write", write_off),
    Route("GET", "/v1/invoice_payments", "InvoicePaymentListParams", "rak_invoice_read", payments,
          f"{LIST_PARAMS} invoice payment status"),
    Route("GET", "/v1/invoice_payments/{invoice_payment}", "InvoicePaymentRetrieveParams",
          "rak_invoice_read", retrieve("invoice_payment")),
)  # fmt: skip
