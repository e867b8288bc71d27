"""`cancel [reason]`: a payment that is not taken yet is called off, and what is held for it let go."""

from dataclasses import replace

from bridge.commands import payments
from bridge.commands.arguments import Arguments, read
from bridge.commands.authorised import amount, held, held_ones, intent_of, status_words
from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of
from bridge.model.money import Money
from bridge.store.actions import Action

REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
EVENTS = ("payment_intent.canceled",)
MAKES = "payment_intent"
_OPEN = {
    "requires_action",
    "requires_capture",
    "requires_confirmation",
    "requires_payment_method",
}


async def propose(desk: Desk, ask: Ask) -> Proposal:
    reader = desk.readers[ask.subject.account]
    meant = await payments.meant(desk, ask, read(ask.command.rest), held_ones)
    reason = _reason(meant.rest)
    intent = await intent_of(reader, meant.objects)
    if problem := why_not(intent):
        raise Refused(problem)
    if await reader.invoice_of_payment(intent["id"]):
        raise Refused("That payment belongs to an invoice: it ends when the invoice is voided.")
    locale, most = desk.config.locale, held(intent)
    which_one = f" ({intent['id']})" if meant.named else ""
    return Proposal(
        object_id=intent["id"],
        params={"reason": reason},
        money=amount(intent),
        question=f"Cancel the payment of {amount(intent).words(locale)}{which_one}?",
        remarks=_remarks(most, reason, locale),
        before={"status": str(intent.get("status")), "held": most.amount},
        objects=replace(meant.objects, payment_intent=intent["id"]),
    )


async def execute(desk: Desk, action: Action) -> Json:
    intent = await desk.readers[action.account].payment_intent(action.object_id)
    if problem := why_not(intent):
        raise Refused(f"Nothing was cancelled, for something has changed meanwhile. {problem}")
    if action.money != amount(intent):
        raise Refused("Nothing was cancelled: it is another amount than when you asked. Ask again.")
    return await desk.writers[action.account].cancel_payment(
        action.object_id, reason=action.params["reason"], key=action.id
    )


def told(desk: Desk, action: Action, intent: Json) -> Result:
    del desk
    status = str(intent.get("status") or "unknown")
    if status != "canceled":
        words = say(f"Stripe says that the payment is {status_words(intent)}: look there.")
        return Result(ActionState.FAILED, words, id_of(intent), status, {"status": status})
    let_go = "What was held is let go; the bank may show it for some days still."
    words = say("The payment is cancelled.", let_go if action.before.get("held") else "")
    return Result(ActionState.SUCCEEDED, words, id_of(intent), status, {"status": status})


def why_not(intent: Json) -> str | None:
    """The sentence that says why it cannot be cancelled now; None if it can."""
    if intent.get("status") in _OPEN:
        return None
    if intent.get("status") == "succeeded":
        return "That payment is done: its money can only go back by `refund`."
    if intent.get("status") == "canceled":
        return "That payment is cancelled already."
    return f"That payment is {status_words(intent)}, and cannot be cancelled then."


def _reason(given: Arguments) -> str | None:
    words = given.text.lower().replace(" ", "_")
    if given.named or (words and words not in REASONS):
        known = ", ".join(REASONS)
        raise Refused(f"Stripe takes one of these reasons, or none: {known}. (`cancel duplicate`)")
    return words or None


def _remarks(most: Money, reason: str | None, locale: str) -> tuple[str, ...]:
    let_go = f"The {most.words(locale)} that are held are let go." if most.amount else ""
    told = f"Reason: {reason.replace('_', ' ')}." if reason else ""
    return tuple(one for one in (let_go, told) if one)
