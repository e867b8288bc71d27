"""Which invoice is meant, and what Stripe says of it right now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.commands.arguments import Arguments
from bridge.commands.desk import Ask, Desk
from bridge.commands.naming import Candidate, only, take_ids, the_named
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of, moment
from bridge.model.money import Money
from bridge.model.signal import Objects
from bridge.model.text import safe


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
    def objects(self) -> Objects:
        return Objects(customer=self.customer, invoice=self.id)

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


async def meant(
    desk: Desk, ask: Ask, arguments: Arguments, *, statuses: Sequence[str] = ("open",)
) -> tuple[Invoice, Arguments]:
    """The one that is named or replied to, else the customer's only one in these states.

    With the arguments that are left. Raises `Refused` with the choices when it could be several.
    """
    ids, rest = take_ids(arguments)
    one = the_named(ask, ids)
    objects = one.objects if one else ask.objects
    reader = desk.readers[ask.subject.account]
    if objects.invoice:
        return as_invoice(await reader.invoice(objects.invoice)), rest
    if objects.payment_intent:
        if bill := await reader.invoice_of_payment(objects.payment_intent):
            return as_invoice(await reader.invoice(bill)), rest
        raise Refused("That payment belongs to no invoice.")
    if objects.customer is None:
        verb = f"!stripe {ask.command.verb}"
        raise Refused(f"Which invoice? Reply to its message, or name it by its id: `{verb} in_…`.")
    return await _only_one(desk, ask, objects.customer, statuses), rest


async def _only_one(desk: Desk, ask: Ask, customer: str, statuses: Sequence[str]) -> Invoice:
    reader = desk.readers[ask.subject.account]
    found = [
        as_invoice(one) for status in statuses for one in await reader.invoices_of(customer, status)
    ]
    locale = desk.config.locale
    chosen = only(
        ask,
        [Candidate(one.id, one.words(locale), Objects(invoice=one.id)) for one in found],
        what=f"Which invoice do you want to {ask.command.verb}?",
        none="This customer has no open invoice.",
    )
    return next(one for one in found if one.id == chosen.id)


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


def _time(value: object) -> datetime | None:
    return moment(value) if isinstance(value, int) and value else None
