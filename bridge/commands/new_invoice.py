"""`invoice 120.00 eur for …`: a draft, its item, made final, sent. Cut off anywhere, it is gone on with.

Each of the four calls has a key of its own (the action's id and what the call is for), and what is
there already is found by the action's id in the metadata: nothing is made twice. Until it is final
nobody owes anything, so a draft that does not come to its end is thrown away again.
"""

from bridge.commands.arguments import Arguments
from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.finding import called_since, marked, marks
from bridge.commands.invoice_words import read_wish
from bridge.commands.invoices import as_invoice
from bridge.model.action import ActionState
from bridge.model.errors import Refused, StripeRefused
from bridge.model.event import Json, Written
from bridge.model.money import Money
from bridge.model.signal import Objects
from bridge.store.actions import Action

DO = "new"
#: Why it was not sent, or not thrown away, in what `execute` and `undo` return.
_UNSENT, _LEFT = "unsent", "left"


async def propose(desk: Desk, ask: Ask, typed: Arguments) -> Proposal:
    customer_id = ask.objects.customer
    if customer_id is None:
        raise Refused("Whose invoice? Ask for it in the customer's room, or reply to a message.")
    customer = await desk.readers[ask.subject.account].customer(customer_id)
    if problem := why_not(customer):
        raise Refused(problem)
    usual = customer.get("currency") or desk.config.accounts[ask.subject.account].currency
    wish = read_wish(typed, usual)
    who = customer.get("name") or customer_id
    return Proposal(
        object_id=customer_id,
        params={"do": DO, "text": wish.text, "days": wish.days},
        question=f"Send {who} an invoice of {wish.money.words(desk.config.locale)}?",
        remarks=(f"For: {wish.text}", f"It is to be paid within {wish.days} days."),
        money=wish.money,
        objects=Objects(customer=customer_id),
    )


def why_not(customer: Json) -> str | None:
    if customer.get("deleted"):
        return "That customer was deleted at Stripe."
    if not customer.get("email"):
        return "Stripe knows no e-mail address of this customer, so nothing can be sent."
    return None


async def execute(desk: Desk, action: Action) -> Json:
    writer, money = desk.writers[action.account], action.money
    if money is None:
        raise Refused("That invoice has no amount; nothing was done.")
    invoice = await _begun(desk, action, money)
    if not invoice["lines"]["data"]:
        await writer.add_item(
            invoice=invoice,
            money=money,
            text=action.params["text"],
            metadata=marks(action),
            key=f"{action.id}:item",
        )
    if invoice["status"] == "draft":
        await _must_be_as_asked(desk, action, invoice["id"])
        invoice = await writer.finalize_invoice(invoice["id"], key=f"{action.id}:finalize")
    if invoice["status"] != "open":
        return invoice  # what the customer had to their credit has paid it already
    try:
        return await writer.send_invoice(invoice["id"], key=f"{action.id}:send")
    except StripeRefused as refused:
        told = Written({**invoice, _UNSENT: str(refused)})
        told.request_id = refused.request_id
        return told


async def find(desk: Desk, action: Action) -> Json | None:
    """The invoice that carries the action's id, if it came to its end."""
    invoice = await _made(desk, action)
    if invoice is None or invoice["status"] == "draft":
        return None
    if invoice["status"] != "open" or await _was_sent(desk, action):
        return invoice
    return None


async def undo(desk: Desk, action: Action) -> Json | None:
    """Throws the draft away; an invoice that is final is owed, and stays."""
    invoice = await _made(desk, action)
    if invoice is None:
        return None
    if invoice["status"] != "draft":
        return {**invoice, _UNSENT: "It was cut off before that."}
    try:
        await desk.writers[action.account].discard_draft(invoice["id"])
    except StripeRefused as refused:
        return {**invoice, _LEFT: str(refused)}
    return None


def told(desk: Desk, action: Action, made: Json) -> Result:
    invoice, amount = as_invoice(made), _amount(desk, action)
    name, state, outcome = invoice.number, ActionState.SUCCEEDED, "sent"
    if why := made.get(_LEFT):
        state, outcome = ActionState.FAILED, "draft"
        words = say(
            f"No invoice was sent. Its draft {invoice.id} is still there; delete it at Stripe.",
            str(why),
        )
    elif why := made.get(_UNSENT):
        outcome = "unsent"
        words = say(
            f"The invoice {name} of {amount} is made, but was not sent: {why}",
            f"It is owed all the same. Write `invoice send {invoice.id}` to send it, "
            f"or `invoice void {invoice.id}`.",
        )
    elif invoice.status == "open":
        words = say(f"Sent: invoice {name} of {amount}.", _until(desk, made))
    else:
        outcome = invoice.status
        words = say(f"The invoice {name} of {amount} is made, and {invoice.status} already.")
    return Result(state, words, invoice.id, outcome, invoice.state, objects=invoice.objects)


async def _begun(desk: Desk, action: Action, money: Money) -> Json:
    if found := await _made(desk, action):
        return found
    return await desk.writers[action.account].draft_invoice(
        customer=action.object_id,
        currency=money.currency,
        days=action.params["days"],
        text=action.params["text"],
        metadata=marks(action),
        key=action.id,
    )


async def _made(desk: Desk, action: Action) -> Json | None:
    reader = desk.readers[action.account]
    return marked(await reader.invoices_since(action.object_id, called_since(action)), action)


async def _was_sent(desk: Desk, action: Action) -> bool:
    reader, since = desk.readers[action.account], called_since(action)
    return bool(await reader.made_by(f"{action.id}:send", ("invoice.sent",), since))


async def _must_be_as_asked(desk: Desk, action: Action, invoice_id: str) -> None:
    """A draft can be changed by anyone with access to Stripe, and by taxes set up there."""
    draft = await desk.readers[action.account].invoice(invoice_id)
    total = Money(int(draft["total"]), str(draft["currency"]))
    if total != action.money:
        raise Refused(
            f"Nothing was sent: Stripe makes it {total.words(desk.config.locale)} "
            f"and not {_amount(desk, action)}."
        )


def _amount(desk: Desk, action: Action) -> str:
    return action.money.words(desk.config.locale) if action.money else ""


def _until(desk: Desk, made: Json) -> str:
    due = as_invoice(made).due
    return f"To be paid by {desk.words.day(due)}." if due else ""
