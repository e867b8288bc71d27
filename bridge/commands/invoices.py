"""Which invoice is meant, and what Stripe says of it right now."""

import re
from dataclasses import dataclass
from datetime import datetime

from bridge.commands.choices import which
from bridge.commands.desk import Ask, Desk
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of, moment
from bridge.model.money import Money
from bridge.model.text import safe

_ID = re.compile(r"in_[A-Za-z0-9]{1,250}", re.ASCII)


@dataclass(frozen=True)
class Invoice:
    """`remaining` is what is not paid yet; `due` is when an invoice that was sent must be paid."""

    id: str
    number: str
    status: str
    customer: str | None
    remaining: Money
    attempts: int
    #: When Stripe tries again by itself, if it does.
    next_try: datetime | None
    is_sent: bool
    due: datetime | None

    def words(self, locale: str) -> str:
        """`invoice ACME-0001 of €120.00`."""
        return f"invoice {self.number} of {self.remaining.words(locale)}"

    @property
    def state(self) -> Json:
        """For the audit trail."""
        return {
            "status": self.status,
            "remaining": self.remaining.amount,
            "currency": self.remaining.currency,
            "attempts": self.attempts,
        }


def as_invoice(found: Json) -> Invoice:
    """A Stripe invoice; tolerant of what is missing, exact in what is there."""
    return Invoice(
        id=str(found["id"]),
        number=safe(found.get("number") or found["id"], cap=40),
        status=str(found.get("status") or "unknown"),
        customer=id_of(found.get("customer")),
        remaining=Money(
            int(found.get("amount_remaining") or 0), str(found.get("currency") or "").lower()
        ),
        attempts=int(found.get("attempt_count") or 0),
        next_try=_time(found.get("next_payment_attempt")),
        is_sent=found.get("collection_method") == "send_invoice",
        due=_time(found.get("due_date")),
    )


def is_id(word: str) -> bool:
    return bool(_ID.fullmatch(word))


async def meant(desk: Desk, ask: Ask, named: str, command: str) -> Invoice:
    """The one that was named or replied to, else the customer's only open one.

    `command` is what was typed before the invoice's id; raises `Refused` when it could be several.
    """
    reader = desk.readers[ask.subject.account]
    if one := named or ask.objects.invoice:
        return as_invoice(await reader.invoice(one))
    if payment := ask.objects.payment_intent:
        if one := await reader.invoice_of_payment(payment):
            return as_invoice(await reader.invoice(one))
        raise Refused("That payment belongs to no invoice.")
    if not ask.objects.customer:
        raise Refused(f"Which invoice? Reply to its message, or write `{command} in_…`.")
    found = [as_invoice(one) for one in await reader.invoices_of(ask.objects.customer, "open")]
    if not found:
        raise Refused("This customer has no open invoice.")
    if len(found) > 1:
        raise _which_of(desk, found, command)
    return found[0]


def closed(invoice: Invoice) -> str | None:
    """Why nothing more can be had from it; None if it is open or a draft."""
    match invoice.status:
        case "paid":
            return f"The invoice {invoice.number} is paid already."
        case "void":
            return f"The invoice {invoice.number} is void: nobody owes anything for it."
        case "uncollectible":
            return f"The invoice {invoice.number} was marked uncollectible."
        case "draft" | "open":
            return None
    return f"The invoice {invoice.number} is {safe(invoice.status, cap=40)}."


def _which_of(desk: Desk, found: list[Invoice], command: str) -> Refused:
    choices = [(one.words(desk.config.locale), f"{command} {one.id}") for one in found]
    return which("This customer has several open invoices. Which one?", choices)


def _time(value: object) -> datetime | None:
    return moment(value) if isinstance(value, int) and value else None
