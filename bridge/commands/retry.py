"""`retry [invoice]`: an open invoice is charged again, now. What the bank says is the result."""

from bridge.commands import arguments, invoices
from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.finding import called_since
from bridge.commands.invoices import Invoice, as_invoice
from bridge.model.action import ActionState
from bridge.model.errors import Refused, StripeDeclined
from bridge.model.event import Json, Written
from bridge.model.ports import StripeReader
from bridge.store.actions import Action

_EVENTS = ("invoice.paid", "invoice.payment_failed", "invoice.payment_action_required")
#: Where the bank's words stand in what `execute` and `find` return.
_DECLINED = "declined"


async def propose(desk: Desk, ask: Ask) -> Proposal:
    invoice, rest = await invoices.meant(desk, ask, arguments.read(ask.command.rest))
    if rest.named or rest.words:
        raise Refused("Write just `retry`, or `retry in_…` with the id of the invoice.")
    if problem := why_not(invoice):
        raise Refused(problem)
    return Proposal(
        object_id=invoice.id,
        params={},
        question=f"Charge {invoice.words(desk.config.locale)} again, now?",
        remarks=tuple(_remarks(desk, invoice)),
        money=invoice.remaining,
        before=invoice.state,
        objects=invoice.objects,
    )


def why_not(invoice: Invoice) -> str | None:
    if invoice.status == "draft":
        return f"The invoice {invoice.number} is only a draft: nobody owes it yet."
    if problem := invoices.closed(invoice):
        return f"{problem} There is nothing to retry."
    if invoice.remaining.amount <= 0:
        return f"Nothing is left to pay of the invoice {invoice.number}."
    return None


async def execute(desk: Desk, action: Action) -> Json:
    """Reads the invoice once more; a card that is declined is an answer, and told as one."""
    reader = desk.readers[action.account]
    invoice = as_invoice(await reader.invoice(action.object_id))
    if problem := why_not(invoice):
        raise Refused(f"Nothing was charged, for something has changed meanwhile. {problem}")
    if invoice.remaining != action.money:
        left = invoice.remaining.words(desk.config.locale)
        raise Refused(f"Nothing was charged: by now {left} are left to pay. Ask again.")
    try:
        return await desk.writers[action.account].pay_invoice(action.object_id, key=action.id)
    except StripeDeclined as declined:
        told = Written({**await reader.invoice(action.object_id), _DECLINED: str(declined)})
        told.request_id = declined.request_id
        return told


async def find(desk: Desk, action: Action) -> Json | None:
    """By the events of the call with the action's id: paid, or declined and then why."""
    reader = desk.readers[action.account]
    made = await reader.made_by(action.id, _EVENTS, called_since(action))
    found = next((one for one in made if one.get("object") == "invoice"), None)
    if found is None or found.get("status") != "open":
        return found
    return {**found, _DECLINED: await _why_declined(reader, action.object_id)}


def told(desk: Desk, action: Action, made: Json) -> Result:
    invoice = as_invoice(made)
    paid = action.money.words(desk.config.locale) if action.money else ""
    status, after = invoice.status, invoice.state
    if status == "paid":
        words = say(f"Paid: {paid} for the invoice {invoice.number}.")
    elif declined := made.get(_DECLINED):
        status = "declined"
        words = say(f"Declined: {declined}", _what_next(desk, invoice))
        return Result(ActionState.FAILED, words, invoice.id, status, after)
    else:
        status = "pending"
        words = say(
            f"The payment of {paid} is on its way.",
            "Stripe does not know yet how it ends: a bank account can take days.",
        )
    return Result(ActionState.SUCCEEDED, words, invoice.id, status, after)


async def _why_declined(reader: StripeReader, invoice_id: str) -> str:
    for payment in (await reader.payments_of_invoice(invoice_id))[:1]:
        error = (await reader.payment_intent(payment)).get("last_payment_error") or {}
        if isinstance(message := error.get("message"), str):
            return message
    return "the bank gave no reason."


def _remarks(desk: Desk, invoice: Invoice) -> list[str]:
    tried = [f"It was tried {_times(invoice.attempts)} so far."] if invoice.attempts else []
    if invoice.next_try:
        tried.append(f"Stripe itself would try again on {desk.words.moment(invoice.next_try)}.")
    if invoice.is_sent:
        until = f" until {desk.words.day(invoice.due)}" if invoice.due else ""
        tried.append(
            f"It was sent to be paid by hand{until}: this charges the card on file instead."
        )
    return tried


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _what_next(desk: Desk, invoice: Invoice) -> str:
    if invoice.next_try:
        return (
            f"Tried {_times(invoice.attempts)}; Stripe tries again by itself on "
            f"{desk.words.moment(invoice.next_try)}."
        )
    return (
        f"Tried {_times(invoice.attempts)}; Stripe does not try again by itself. "
        "The customer must give another card, or pay it on its page."
    )
