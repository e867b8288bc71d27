"""`invoice send|void|uncollectible`: what can still happen to an invoice that is there."""

from bridge.commands import invoices
from bridge.commands.arguments import Arguments
from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.finding import called_since
from bridge.commands.invoices import Invoice, as_invoice
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.event import Json
from bridge.store.actions import Action

SEND, VOID, WRITE_OFF = "send", "void", "uncollectible"
#: What each is asked as, and in which states of an invoice it can be done.
ENDINGS = {SEND: ("draft", "open"), VOID: ("open", "uncollectible"), WRITE_OFF: ("open",)}
_EVENTS = ("invoice.sent", "invoice.voided", "invoice.marked_uncollectible")
_QUESTIONS = {
    SEND: "Send {} to the customer by e-mail?",
    VOID: "Void {}?",
    WRITE_OFF: "Mark {} as uncollectible?",
}
_REMARKS = {
    VOID: "Nobody owes it any more, and that cannot be taken back.",
    WRITE_OFF: "It stays owed, but nobody expects it: Stripe stops asking for it.",
}


async def propose(desk: Desk, ask: Ask, typed: Arguments) -> Proposal:
    do = next(word.lower() for word in typed.words if word.lower() in ENDINGS)
    invoice, rest = await invoices.meant(desk, ask, typed, statuses=ENDINGS[do])
    if rest.named or len(rest.words) != 1:
        raise Refused(f"Write just `invoice {do}`, or `invoice {do} in_…` with the invoice's id.")
    if problem := _why_not(invoice, do):
        raise Refused(problem)
    return Proposal(
        object_id=invoice.id,
        params={"do": do},
        question=_QUESTIONS[do].format(invoice.words(desk.config.locale)),
        remarks=tuple(_remarks(invoice, do)),
        # A reminder of what was asked for before asks for nothing new.
        money=None if do == SEND and invoice.status == "open" else invoice.remaining,
        before=invoice.state,
        objects=invoice.objects,
    )


async def execute(desk: Desk, action: Action) -> Json:
    """Reads the invoice once more: exactly what was asked about is sent, or given up."""
    invoice = as_invoice(await desk.readers[action.account].invoice(action.object_id))
    do = action.params["do"]
    if problem := _why_not(invoice, do):
        raise Refused(f"Nothing was done, for something has changed meanwhile. {problem}")
    if invoice.remaining.amount != action.before["remaining"]:
        left = invoice.remaining.words(desk.config.locale)
        raise Refused(f"Nothing was done: by now {left} are left to pay of it. Ask again.")
    if invoice.status != action.before["status"]:
        raise Refused(f"Nothing was done: by now the invoice is {invoice.status}. Ask again.")
    writer = desk.writers[action.account]
    calls = {SEND: writer.send_invoice, VOID: writer.void_invoice}
    return await calls.get(do, writer.write_off_invoice)(action.object_id, key=action.id)


async def find(desk: Desk, action: Action) -> Json | None:
    """By the event of the call with the action's id."""
    reader = desk.readers[action.account]
    made = await reader.made_by(action.id, _EVENTS, called_since(action))
    return next((one for one in made if one.get("object") == "invoice"), None)


def told(desk: Desk, action: Action, made: Json) -> Result:
    invoice, locale = as_invoice(made), desk.config.locale
    match action.params["do"]:
        case "send":
            words = say(f"Sent: {invoice.words(locale)}.")
        case "void":
            words = say(f"The invoice {invoice.number} is void.")
        case _:
            words = say(f"The invoice {invoice.number} is marked as uncollectible.")
    outcome = "sent" if action.params["do"] == SEND else invoice.status
    return Result(ActionState.SUCCEEDED, words, invoice.id, outcome, invoice.state)


def _why_not(invoice: Invoice, do: str) -> str | None:
    if invoice.status in ENDINGS[do]:
        if do == SEND and not invoice.is_sent:
            return f"The invoice {invoice.number} is charged by Stripe: only others can be sent."
        return None
    if invoice.status == "draft":
        return f"The invoice {invoice.number} is only a draft: nobody owes it yet."
    if invoice.status == "paid" and do != SEND:
        return f"The invoice {invoice.number} is paid already. To give the money back, `refund` it."
    return invoices.closed(invoice) or f"The invoice {invoice.number} is {invoice.status} already."


def _remarks(invoice: Invoice, do: str) -> list[str]:
    if do == SEND and invoice.status == "draft":
        return ["It is a draft: this also makes it final, and from then on it is owed."]
    return [_REMARKS[do]] if do in _REMARKS else []
