"""`refund [amount] [reason]`: read what can be refunded, ask, and leave the rest to the action."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import uuid4

from babel.numbers import list_currencies

from bridge.commands.desk import Ask, Desk, Reply, Result, say
from bridge.commands.payments import Payment, as_payment, payment_of, why_not
from bridge.model.action import ActionState, params_hash
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of
from bridge.model.message import Message
from bridge.model.money import Money, parse_money
from bridge.store import actions
from bridge.store.actions import Action
from bridge.store.engine import Tx

#: The metadata key by which a refund is recognised as ours.
ACTION_KEY = "chat_action"
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


async def perform(desk: Desk, ask: Ask) -> Reply:
    if ask.subject.account not in desk.writers:
        raise Refused("This account has no key for actions, so nothing can be refunded from here.")
    if not ask.replied:
        raise Refused(
            "Reply to the message of the payment you want to refund, with `refund` and the amount."
        )
    payment = await payment_of(desk.readers[ask.subject.account], ask.objects)
    wish = read_wish(ask.command.rest)
    money = parse_money(wish.amount, payment.paid.currency) if wish.amount else payment.refundable
    if problem := why_not(payment, money, desk.config.locale):
        raise Refused(problem)
    action = _propose(desk, ask, payment, money, wish)
    return Reply(
        _question(desk, payment, money, wish), action_id=action.id, write=partial(_keep, action)
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


def _propose(desk: Desk, ask: Ask, payment: Payment, money: Money, wish: Wish) -> Action:
    params = {
        "charge": payment.charge,
        "amount": money.amount,
        "currency": money.currency,
        "reason": wish.reason,
        "words": wish.words,
    }
    now = desk.clock.now()
    return Action(
        id=uuid4().hex,
        account=ask.subject.account,
        verb="refund",
        object_id=payment.charge,
        params=params,
        params_hash=params_hash(params),
        state=ActionState.PROPOSED,
        asked_by=ask.actor.matrix,
        asked_event=ask.said.event_id,
        room_id=ask.said.room_id,
        thread=ask.thread,
        created_at=now,
        expires_at=now + desk.config.commands.confirm_within,
    )


async def execute(desk: Desk, action: Action) -> Result:
    """Reads the payment once more, then asks Stripe; the action's id is the idempotency key."""
    payment = as_payment(await desk.readers[action.account].charge(action.object_id))
    money = Money(action.params["amount"], action.params["currency"])
    if problem := why_not(payment, money, desk.config.locale):
        raise Refused(f"Nothing was refunded, for something has changed meanwhile. {problem}")
    metadata = {ACTION_KEY: action.id, "chat_person": action.asked_by[:_METADATA_CAP]}
    if action.params["words"]:
        metadata["chat_reason"] = action.params["words"][:_METADATA_CAP]
    refund = await desk.writers[action.account].refund(
        charge=action.object_id,
        money=money,
        reason=action.params["reason"],
        metadata=metadata,
        key=action.id,
    )
    return told(refund, desk.config.locale)


async def find(desk: Desk, action: Action) -> Result | None:
    """The refund that carries the action's id, if Stripe has one."""
    refunds = await desk.readers[action.account].refunds_of_charge(action.object_id)
    made = next(
        (one for one in refunds if (one.get("metadata") or {}).get(ACTION_KEY) == action.id), None
    )
    return told(made, desk.config.locale) if made else None


def told(refund: Json, locale: str) -> Result:
    """A Stripe refund in words. Pending is not done, and failed is not refused: both are said."""
    money = Money(int(refund["amount"]), str(refund["currency"])).words(locale)
    status, refund_id = str(refund.get("status") or "unknown"), id_of(refund)
    reason = str(refund.get("failure_reason") or refund.get("pending_reason") or "").replace(
        "_", " "
    )
    match status:
        case "succeeded":
            return Result(ActionState.SUCCEEDED, say(f"Refunded {money}."), refund_id, status)
        case "failed" | "canceled":
            words = say(
                f"The refund of {money} {status}.", f"Stripe says: {reason or 'no reason given'}."
            )
            return Result(ActionState.FAILED, words, refund_id, status)
        case "requires_action":
            words = say(f"The refund of {money} waits for the customer to do something.")
        case _:
            because = f"Stripe says: {reason}. " if reason else ""
            words = say(
                f"The refund of {money} is pending.", f"{because}You will hear here how it ends."
            )
    return Result(ActionState.SUCCEEDED, words, refund_id, status)


async def _keep(action: Action, tx: Tx) -> None:
    await actions.propose(tx, action)


def _question(desk: Desk, payment: Payment, money: Money, wish: Wish) -> Message:
    locale = desk.config.locale
    whole = "" if money != payment.paid else " (all of it)"
    lines = [
        f"Answer yes or react with ✅ within {_span(desk.config.commands.confirm_within)}; no or ❌ drops it."
    ]
    if wish.reason == "fraudulent":
        lines.insert(0, "Stripe will also block this card and e-mail address for future payments.")
    if wish.words:
        lines.insert(0, f"Reason: {wish.words}")
    return say(
        f"Refund {money.words(locale)} of {payment.paid.words(locale)}{whole}?", "\n".join(lines)
    )


def _span(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes} minutes" if minutes > 1 else f"{round(span.total_seconds())} seconds"


def _has_digit(word: str) -> bool:
    return any(character in "0123456789" for character in word)


def _is_currency(word: str) -> bool:
    return len(word) == 3 and word.upper() in list_currencies()
