"""/v1/credit_notes"""

from typing import Final

from bridge.sandbox.stripe_server import crediting
from bridge.sandbox.stripe_server.crediting import Wanted
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.lists import page
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import changes, family, updating

_USES: Final = (
    "amount credit_amount effective_at email_type invoice lines memo metadata out_of_band_amount "
    "reason refund_amount"
)


def create(call: Call) -> Json:
    """Beware, as at Stripe: unless `email_type` is none, the customer gets a mail."""
    return crediting.issue(call.desk, _invoice(call), _wanted(call))


def preview(call: Call) -> Json:
    return crediting.sketch(call.desk, _invoice(call), _wanted(call))


def void(call: Call) -> Json:
    return crediting.void(call.desk, call.named("credit_note"))


def lines(call: Call) -> Json:
    note = call.named("credit_note")
    return page(note["lines"]["data"], call.params, call.url, lambda _: True)


def _invoice(call: Call) -> Json:
    return call.desk.get("invoice", call.params["invoice"], param="invoice")


def _wanted(call: Call) -> Wanted:
    shape = call.world.shapes.fresh("credit_note")
    shares = {
        name: _share(call, f"{param}_amount")
        for name, param in (
            ("refund", "refund"),
            ("credit", "credit"),
            ("elsewhere", "out_of_band"),
        )
    }
    fields = changes(shape, call.params, ("effective_at", "memo", "metadata", "reason"))
    return Wanted(tuple(_lines(call)), **shares, fields=fields)


def _share(call: Call, param: str) -> int:
    amount: int = call.params.get(param, 0)
    if amount < 0:
        raise invalid("This value must be greater than or equal to 0.", param=param)
    return amount


def _lines(call: Call) -> list[Json]:
    if ("amount" in call.params) == ("lines" in call.params):
        raise invalid("You must pass either `amount` or `lines`.", param="amount")
    if "amount" in call.params:
        return [{"amount": call.params["amount"], "quantity": 1}]
    invoiced = {line["id"]: line for line in _invoice(call)["lines"]["data"]}
    return [_line(line, invoiced, at) for at, line in enumerate(call.params["lines"])]


def _line(given: Json, invoiced: dict[str, Json], at: int) -> Json:
    told = ("description", "metadata", "quantity", "unit_amount")
    kept: Json = {name: given[name] for name in told if name in given}
    kept |= {"type": given["type"], "amount": given.get("amount", _product(given))}
    if given["type"] == "custom_line_item":
        return kept
    name = given.get("invoice_line_item")
    line = invoiced.get(name or "")
    if line is None:
        raise invalid(
            f"No such line on the invoice: '{name}'", param=f"lines[{at}][invoice_line_item]"
        )
    if not kept["amount"]:
        kept["amount"] = (
            line["amount"] * given.get("quantity", line["quantity"]) // line["quantity"]
        )
    if kept["amount"] > line["amount"]:
        raise invalid("That is more than the line of the invoice.", param=f"lines[{at}][amount]")
    return {"description": line["description"], **kept, "invoice_line_item": line["id"]}


def _product(given: Json) -> int:
    return int(given.get("unit_amount", 0) * given.get("quantity", 1))


ROUTES: Final = (
    Route("GET", "/v1/credit_notes/preview", "CreditNotePreviewParams", "rak_credit_note_read",
          preview, _USES),
    *family("credit_note", "/v1/credit_notes", "CreditNote", "rak_credit_note",
            "customer", "invoice"),
    Route("POST", "/v1/credit_notes", "CreditNoteCreateParams", "rak_credit_note_write", create,
          _USES),
    Route("POST", "/v1/credit_notes/{credit_note}", "CreditNoteUpdateParams",
          "rak_credit_note_write", updating("credit_note", "credit_note.updated", "memo metadata"),
          "memo metadata"),
    Route("POST", "/v1/credit_notes/{credit_note}/void", "CreditNoteVoidCreditNoteParams",
          "rak_credit_note_write", void),
    Route("GET", "/v1/credit_notes/{credit_note}/lines", "CreditNoteLineItemListParams",
          "rak_credit_note_read", lines, "ending_before limit starting_after"),
)  # fmt: skip
