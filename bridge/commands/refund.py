"""`refund [amount] [reason]`: read what can be refunded, ask, and leave the rest to the action."""

from dataclasses import dataclass

from babel.numbers import list_currencies

from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.finding import ACTION_KEY, marked
from bridge.commands.payments import Payment, as_payment, payment_of, why_not
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of
from bridge.model.money import Money, parse_money
from bridge.store.actions import Action

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_WHOLE = {"all", "full", "everything", "rest"}
_MOST_WORDS = 400
_METADATA_CAP = 500


@dataclass(frozen=True)
class Wish:
    """`amount` as it was typed, None for all that is left; `reason` is one of Stripe's, `words` anything."""

    amount: str | None
    reason: str | None
    words: str


async def propose(desk: Desk, ask: Ask) -> Proposal:
    if not ask.replied:
        raise Refused(
            "Reply to the message of the payment you want to refund, with `refund` and the amount."
        )
    payment = await payment_of(desk.readers[ask.subject.account], ask.objects)
    wish = read_wish(ask.command.rest)
    money = parse_money(wish.amount, payment.paid.currency) if wish.amount else payment.refundable
    if problem := why_not(payment, money, desk.config.locale):
        raise Refused(problem)
    locale = desk.config.locale
    whole = "" if money != payment.paid else " (all of it)"
    return Proposal(
        object_id=payment.charge,
        params={"reason": wish.reason, "words": wish.words},
        money=money,
        question=f"Refund {money.words(locale)} of {payment.paid.words(locale)}{whole}?",
        remarks=_remarks(wish),
        before=_state(payment),
    )


def read_wish(rest: str) -> Wish:
    """`20.00 eur duplicate came twice` in its parts. Pure."""
    words = rest.split()
    amount: list[str] = []
    if words and words[0].lower() in _WHOLE:
        words = words[1:]
    elif words and (
        _has_digit(words[0]) or (len(words) > 1 and _is_currency(words[0]) and _has_digit(words[1]))
    ):
        amount = [words.pop(0)]
        if not _has_digit(amount[0]) or (words and _is_currency(words[0])):
            amount.append(words.pop(0))
    reason = words.pop(0).lower() if words and words[0].lower() in REASONS else None
    return Wish(" ".join(amount) or None, reason, " ".join(words)[:_MOST_WORDS])


async def execute(desk: Desk, action: Action) -> Json:
    """Reads the payment once more, then asks Stripe; the action's id is the idempotency key."""
    payment = as_payment(await desk.readers[action.account].charge(action.object_id))
    money = action.money
    if money is None:
        raise Refused("That refund has no amount; nothing was done.")
    if problem := why_not(payment, money, desk.config.locale):
        raise Refused(f"Nothing was refunded, for something has changed meanwhile. {problem}")
    metadata = {ACTION_KEY: action.id, "chat_person": action.asked_by[:_METADATA_CAP]}
    if action.params["words"]:
        metadata["chat_reason"] = action.params["words"][:_METADATA_CAP]
    return await desk.writers[action.account].refund(
        charge=action.object_id,
        money=money,
        reason=action.params["reason"],
        metadata=metadata,
        key=action.id,
    )


async def find(desk: Desk, action: Action) -> Json | None:
    """The refund that carries the action's id, if Stripe has one."""
    return marked(await desk.readers[action.account].refunds_of_charge(action.object_id), action)


def told(desk: Desk, action: Action, refund: Json) -> Result:
    """A Stripe refund in words. Pending is not done, and failed is not refused: both are said."""
    del action
    money = Money(int(refund["amount"]), str(refund["currency"])).words(desk.config.locale)
    status, refund_id = str(refund.get("status") or "unknown"), id_of(refund)
    state = ActionState.SUCCEEDED
    reason = str(refund.get("failure_reason") or refund.get("pending_reason") or "").replace(
        "_", " "
    )
    match status:
        case "succeeded":
            words = say(f"Refunded {money}.")
        case "failed" | "canceled":
            state = ActionState.FAILED
            words = say(
                f"The refund of {money} {status}.", f"Stripe says: {reason or 'no reason given'}."
            )
        case "requires_action":
            words = say(f"The refund of {money} waits for the customer to do something.")
        case _:
            because = f"Stripe says: {reason}. " if reason else ""
            words = say(
                f"The refund of {money} is pending.", f"{because}You will hear here how it ends."
            )
    after = {"refund": refund_id, "status": status, "amount": int(refund["amount"])}
    return Result(state, words, refund_id, status, after)


def _remarks(wish: Wish) -> tuple[str, ...]:
    reason = f"Reason: {wish.words}" if wish.words else ""
    fraud = "Stripe will also block this card and e-mail address for future payments."
    return tuple(one for one in (reason, fraud if wish.reason == "fraudulent" else "") if one)


def _state(payment: Payment) -> Json:
    return {
        "paid": payment.paid.amount,
        "refunded": payment.refunded.amount,
        "currency": payment.paid.currency,
        "disputed": payment.disputed,
    }


def _has_digit(word: str) -> bool:
    return any(character in "0123456789" for character in word)


def _is_currency(word: str) -> bool:
    return len(word) == 3 and word.upper() in list_currencies()
