"""Credit notes: less is owed on an invoice, and what was paid already goes back some way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from . import balances, invoicing, refunding
from .disputing import forbids_refund
from .errors import invalid
from .money import spoken
from .shapes import Json
from .world import Desk

_CREDITABLE: Final = frozenset({"open", "paid", "uncollectible"})


@dataclass(frozen=True)
class Wanted:
    """What is asked for: the lines, and how what was paid already goes back."""

    lines: tuple[Json, ...]
    refund: int = 0
    credit: int = 0
    elsewhere: int = 0
    fields: Json = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(line["amount"] for line in self.lines)

    @property
    def given_back(self) -> int:
        return self.refund + self.credit + self.elsewhere


def creditable(invoice: Json) -> int:
    credited = (
        invoice["pre_payment_credit_notes_amount"] + invoice["post_payment_credit_notes_amount"]
    )
    return int(invoice["total"] - credited)


def sketch(desk: Desk, invoice: Json, wanted: Wanted) -> Json:
    """The credit note as it would be; nothing is changed."""
    _check(desk, invoice, wanted)
    return _note(desk, invoice, wanted, desk.draft)


def issue(desk: Desk, invoice: Json, wanted: Wanted) -> Json:
    _check(desk, invoice, wanted)
    note = _note(desk, invoice, wanted, desk.new)
    refunds = _refunded(desk, invoice, wanted)
    note = desk.change(note, refunds=refunds, **_credited(desk, note, wanted))
    invoice = _lowered(desk, invoice, note)
    desk.emit("credit_note.created", note)
    if note["pre_payment_amount"] and not invoice["amount_remaining"]:
        invoicing.release(desk, invoice)
        invoicing.mark_paid(desk, invoice)
    return note


def void(desk: Desk, note: Json) -> Json:
    invoice = desk.get("invoice", note["invoice"])
    if note["status"] == "void":
        raise invalid(f"Credit note {note['id']} is void already.")
    if note["post_payment_amount"] or invoice["status"] != "open":
        raise invalid("Only the credit note of an open invoice can be voided.")
    note = desk.change(note, "credit_note.voided", status="void", voided_at=desk.stamp())
    _adjust(desk, invoice, -note["pre_payment_amount"], 0)
    return note


def _check(desk: Desk, invoice: Json, wanted: Wanted) -> None:
    currency = invoice["currency"]
    if invoice["status"] not in _CREDITABLE:
        raise invalid(
            f"Invoice {invoice['id']} is {invoice['status']}; a credit note needs one that is "
            "finalized and not void.",
            param="invoice",
        )
    if wanted.total < 1:
        raise invalid("A credit note must be of more than nothing.", param="amount")
    if wanted.total > (most := creditable(invoice)):
        raise invalid(
            f"The total of the credit note ({spoken(wanted.total, currency)}) is greater than what "
            f"is left of the invoice to credit ({spoken(most, currency)}).",
            param="amount",
        )
    _check_shares(desk, invoice, wanted)


def _check_shares(desk: Desk, invoice: Json, wanted: Wanted) -> None:
    paid, currency = wanted.total - _unpaid(invoice, wanted), invoice["currency"]
    if wanted.given_back != paid:
        raise invalid(
            "The sum of credit_amount, refund_amount and out_of_band_amount "
            f"({spoken(wanted.given_back, currency)}) must equal the part of the credit note that "
            f"was paid already ({spoken(paid, currency)})."
        )
    if wanted.refund:
        charge = charge_of(desk, invoice)
        disputed = forbids_refund(desk, charge)
        if refusal := refunding.refusal(charge, wanted.refund, disputed=disputed):
            raise refusal


def _unpaid(invoice: Json, wanted: Wanted) -> int:
    return min(wanted.total, int(invoice["amount_remaining"]))


def charge_of(desk: Desk, invoice: Json) -> Json:
    payment = invoicing.payment_of(desk, invoice)
    if payment is None or payment["status"] != "paid":
        raise invalid(
            f"Invoice {invoice['id']} was not paid through Stripe; there is nothing to refund.",
            param="refund_amount",
        )
    return desk.get("charge", invoicing.intent_of(desk, invoice)["latest_charge"])


def _note(desk: Desk, invoice: Json, wanted: Wanted, make: Callable[..., Json]) -> Json:
    before = _unpaid(invoice, wanted)
    after = wanted.total - before
    kind = "mixed" if before and after else "post_payment" if after else "pre_payment"
    notes = [
        n for n in desk.world.store.oldest_first("credit_note") if n["invoice"] == invoice["id"]
    ]
    note = make(
        "credit_note",
        invoice=invoice["id"],
        customer=invoice["customer"],
        currency=invoice["currency"],
        number=f"{invoice['number']}-CN-{len(notes) + 1:02d}",
        effective_at=desk.stamp(),
        out_of_band_amount=wanted.elsewhere or None,
        pdf=f"{invoice['invoice_pdf']}/credit_note/{len(notes) + 1}",
        pre_payment_amount=before,
        post_payment_amount=after,
        type=kind,
        **dict.fromkeys(_TOTALS, wanted.total),
        **wanted.fields,
    )
    lines = [make("credit_note_line_item", **line) for line in wanted.lines]
    url = f"/v1/credit_notes/{note['id']}/lines"
    note["lines"] = {"object": "list", "data": lines, "has_more": False, "url": url}
    return note


_TOTALS: Final = ("amount", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax")


def _refunded(desk: Desk, invoice: Json, wanted: Wanted) -> list[Json]:
    if not wanted.refund:
        return []
    given = refunding.refund(
        desk, charge_of(desk, invoice), wanted.refund, refunding.next_outcome(desk)
    )
    return [
        {
            "amount_refunded": wanted.refund,
            "payment_record_refund": None,
            "refund": given["id"],
            "type": "refund",
        }
    ]


def _credited(desk: Desk, note: Json, wanted: Wanted) -> dict[str, Any]:
    if not wanted.credit:
        return {}
    entry = balances.move(
        desk, note["customer"], -wanted.credit, note["currency"],
        type="credit_note", credit_note=note["id"], invoice=note["invoice"],
    )  # fmt: skip
    return {"customer_balance_transaction": entry["id"]}


def _lowered(desk: Desk, invoice: Json, note: Json) -> Json:
    return _adjust(desk, invoice, note["pre_payment_amount"], note["post_payment_amount"])


def _adjust(desk: Desk, invoice: Json, before: int, after: int) -> Json:
    """So much less is owed on the invoice, and on the PaymentIntent that asks for it."""
    invoice = desk.change(
        invoice, "invoice.updated",
        amount_due=invoice["amount_due"] - before,
        amount_remaining=invoice["amount_remaining"] - before,
        pre_payment_credit_notes_amount=invoice["pre_payment_credit_notes_amount"] + before,
        post_payment_credit_notes_amount=invoice["post_payment_credit_notes_amount"] + after,
    )  # fmt: skip
    payment = invoicing.payment_of(desk, invoice)
    if before and payment and invoice["amount_remaining"]:
        desk.change(payment, amount_requested=invoice["amount_due"])
        desk.change(invoicing.intent_of(desk, invoice), amount=invoice["amount_due"])
    return invoice
