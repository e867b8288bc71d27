"""`refund … as credit note`: for a payment of an invoice, so that the invoice knows of it, too."""

from dataclasses import replace

from bridge.commands.arguments import Arguments
from bridge.commands.desk import Desk
from bridge.commands.finding import marked, marks
from bridge.commands.payments import Payment
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of
from bridge.model.money import Money
from bridge.model.ports import StripeReader
from bridge.model.stripe_paying import Credit
from bridge.store.actions import Action

PHRASES = (
    ("as", "a", "credit", "note"),
    ("as", "credit", "note"),
    ("with", "credit", "note"),
    ("as", "credit"),
)
#: Of a refund's reasons, those that a credit note knows.
_REASONS = {"duplicate", "fraudulent"}


def take_phrase(arguments: Arguments) -> tuple[bool, Arguments]:
    """Whether a credit note is wanted, and the arguments without those words."""
    words = arguments.words
    for at in range(len(words)):
        for phrase in PHRASES:
            if tuple(word.lower() for word in words[at : at + len(phrase)]) == phrase:
                rest = words[:at] + words[at + len(phrase) :]
                return True, replace(arguments, words=rest)
    return False, arguments


async def invoice_of(reader: StripeReader, payment: Payment) -> str | None:
    return await reader.invoice_of_payment(payment.intent) if payment.intent else None


def remark(invoice: str | None, *, wanted: bool) -> str:
    """What the question says of it."""
    if wanted:
        return (
            f"With a credit note: the invoice {invoice} is lowered by as much, and the refund goes "
            "with it. Stripe sends no mail about it."
        )
    if invoice:
        return (
            f"It pays the invoice {invoice}, which will not know of the refund. If your books "
            "should, answer no and add `as credit note` to the command."
        )
    return ""


async def check(reader: StripeReader, invoice: str | None, money: Money, reason: str | None) -> str:
    """The invoice, once Stripe has shown that the credit note would give back exactly this."""
    if invoice is None:
        raise Refused(
            "That payment belongs to no invoice, so there can be no credit note. "
            "Write it without `as credit note`."
        )
    sketch = await reader.previewed_credit(_credit(invoice, money, reason, ""))
    if sketch.get("post_payment_amount") != money.amount or sketch.get("pre_payment_amount"):
        raise Refused(
            "A part of that invoice is not paid yet: a credit note would lower that first. "
            "Make it at Stripe, or refund without one."
        )
    return invoice


async def issue(desk: Desk, action: Action, money: Money) -> Json:
    invoice, reason = action.params["invoice"], action.params["reason"]
    await check(desk.readers[action.account], invoice, money, reason)
    credit = _credit(invoice, money, reason, action.params["words"])
    return await desk.writers[action.account].credit(credit, metadata=marks(action), key=action.id)


async def find(desk: Desk, action: Action) -> Json | None:
    notes = await desk.readers[action.account].credit_notes_of(action.params["invoice"])
    return marked(notes, action)


def refund_in(note: Json) -> Json:
    """The refund that a credit note has made; of unknown state, if Stripe has not told of it."""
    for one in note.get("refunds") or []:
        if isinstance(refund := one.get("refund"), dict):
            return refund
        return {**_unseen(note), "id": id_of(refund)}
    return _unseen(note)


def _unseen(note: Json) -> Json:
    return {"amount": note["amount"], "currency": note["currency"], "status": "unknown"}


def _credit(invoice: str, money: Money, reason: str | None, words: str) -> Credit:
    return Credit(invoice, money, reason if reason in _REASONS else None, words or None)
