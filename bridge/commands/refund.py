"""`refund [amount] [payment] [reason]`: read what can be refunded, ask, and leave the rest to the action."""

import re
from dataclasses import dataclass, replace

from babel.numbers import list_currencies

from bridge.commands import credit, payments
from bridge.commands.arguments import Arguments, read
from bridge.commands.choices import which
from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.finding import METADATA_CAP, marked, marks
from bridge.commands.naming import again
from bridge.commands.payments import Payment, payment_now, payment_of, why_not
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of
from bridge.model.money import Money, parse_money
from bridge.model.text import safe
from bridge.store.actions import Action

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_WHOLE = {"all", "full", "everything", "rest"}
#: A number that stands for itself, perhaps with the sign of a currency.
_NUMBER = re.compile(r"[€$£¥₹₩]?\d+(?:[.,]\d+)*[€$£¥₹₩]?", re.ASCII)
_MOST_WORDS = 400


@dataclass(frozen=True)
class Wish:
    """`amount` as it was typed, None for all that is left; `reason` is one of Stripe's, `words` anything.

    `perhaps` is a number among the words, which could be meant as the amount.
    """

    amount: str | None
    reason: str | None
    words: str
    perhaps: str | None = None


async def propose(desk: Desk, ask: Ask) -> Proposal:
    with_note, arguments = credit.take_phrase(read(ask.command.rest))
    meant = await payments.meant(desk, ask, arguments)
    wish, reader = read_wish(meant.rest), desk.readers[ask.subject.account]
    payment = await payment_of(reader, meant.objects)
    if wish.perhaps:
        raise _all_or(wish.perhaps, ask, payment.charge)
    money = parse_money(wish.amount, payment.paid.currency) if wish.amount else payment.refundable
    if problem := why_not(payment, money, desk.config.locale):
        raise Refused(problem)
    invoice = await credit.invoice_of(reader, payment)
    if with_note:
        await credit.check(reader, invoice, money, wish.reason)
    return Proposal(
        object_id=payment.charge,
        params={
            "reason": wish.reason,
            "words": wish.words,
            "invoice": invoice if with_note else None,
        },
        money=money,
        question=_question(desk, payment, money, named=meant.named),
        remarks=_remarks(wish, invoice, with_note=with_note),
        before=_state(payment),
        objects=replace(meant.objects, charge=payment.charge),
    )


def read_wish(arguments: Arguments) -> Wish:
    """`20.00 eur duplicate came twice` in its parts, in any order people use. Pure.

    Raises `Refused` if a part is there twice, or under a name that means nothing here.
    """
    named, words = dict(arguments.named), list(arguments.words)
    given = named.pop("amount", None), named.pop("reason", None)
    if named:
        name, value = next(iter(named.items()))
        raise Refused(f'I know amount= and reason= here, not {name}=. Quote it: "{name}={value}".')
    reason = _take_reason(words)
    whole, amount = _take_amount(words)
    reason = reason or _take_reason(words)
    if given[0] and (amount or whole):
        raise Refused(f"You gave two amounts: {amount or 'all'} and {given[0]}. Which one is it?")
    if given[1] and reason:
        raise Refused(f"You gave two reasons: {reason} and {given[1]}. Which one is it?")
    if given[1] in REASONS:
        reason = given[1]
    elif given[1]:
        words.append(given[1])
    amount = given[0] or amount
    loose = next((word for word in words if _is_amount(word)), None)
    perhaps = None if whole or amount else loose
    return Wish(amount, reason, " ".join(words)[:_MOST_WORDS], perhaps)


def _take_reason(words: list[str]) -> str | None:
    return words.pop(0).lower() if words and words[0].lower() in REASONS else None


def _take_amount(words: list[str]) -> tuple[bool, str | None]:
    """Whether all is meant in so many words, and the amount, if the words begin with one of those."""
    if words and words[0].lower() in _WHOLE:
        words.pop(0)
        return True, None
    first, second, *_ = [*words, "", ""]
    if not _has_digit(first) and not (_is_currency(first) and _has_digit(second)):
        return False, None
    amount = [words.pop(0)]
    if not _has_digit(first) or (words and _is_currency(words[0])):
        amount.append(words.pop(0))
    return False, " ".join(amount)


def _all_or(amount: str, ask: Ask, charge: str) -> Refused:
    command = ask.command
    words = again(command, charge).removeprefix(f"!stripe {command.verb} {charge}").strip()
    start = f"!stripe {command.verb} {charge}"
    return which(
        f"Is “{amount}” how much?",
        [
            (f"Yes, {amount}", f"{start} {amount} {words}"),
            ("No, all of it", f"{start} all {words}"),
        ],
    )


def _question(desk: Desk, payment: Payment, money: Money, *, named: bool) -> str:
    locale = desk.config.locale
    whole = "" if money != payment.paid else " (all of it)"
    which_one = f" ({payment.charge})" if named else ""
    return f"Refund {money.words(locale)} of {payment.paid.words(locale)}{whole}{which_one}?"


async def execute(desk: Desk, action: Action) -> Json:
    """Reads the payment once more, then asks Stripe; the action's id is the idempotency key."""
    payment = await payment_now(desk.readers[action.account], action.object_id)
    money = action.money
    if money is None:
        raise Refused("That refund has no amount; nothing was done.")
    if problem := why_not(payment, money, desk.config.locale):
        raise Refused(f"Nothing was refunded, for something has changed meanwhile. {problem}")
    if action.params.get("invoice"):
        return await credit.issue(desk, action, money)
    metadata = marks(action)
    if action.params["words"]:
        metadata["chat_reason"] = action.params["words"][:METADATA_CAP]
    return await desk.writers[action.account].refund(
        charge=action.object_id,
        money=money,
        reason=action.params["reason"],
        metadata=metadata,
        key=action.id,
    )


async def find(desk: Desk, action: Action) -> Json | None:
    """The refund or credit note that carries the action's id, if Stripe has one."""
    if action.params.get("invoice"):
        return await credit.find(desk, action)
    return marked(await desk.readers[action.account].refunds_of_charge(action.object_id), action)


def told(desk: Desk, action: Action, made: Json) -> Result:
    """A refund, or the credit note that made one. Pending is not done, and failed not refused: it is said."""
    del action
    if made.get("object") != "credit_note":
        return _told(desk, made)
    result = _told(desk, credit.refund_in(made))
    note = f"The credit note is {made.get('number') or id_of(made)}."
    text = safe(" ".join(part for part in (result.message.text, note) if part), lines=True)
    return replace(
        result,
        message=replace(result.message, text=text),
        after={**result.after, "credit_note": id_of(made)},
    )


def _told(desk: Desk, refund: Json) -> Result:
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


def _remarks(wish: Wish, invoice: str | None, *, with_note: bool) -> tuple[str, ...]:
    reason = f"Reason: {wish.words}" if wish.words else ""
    blocks = wish.reason == "fraudulent" and not with_note
    fraud = "Stripe will also block this card and e-mail address for future payments."
    found = (reason, fraud if blocks else "", credit.remark(invoice, wanted=with_note))
    return tuple(one for one in found if one)


def _state(payment: Payment) -> Json:
    return {
        "paid": payment.paid.amount,
        "refunded": payment.refunded.amount,
        "currency": payment.paid.currency,
        "disputed": payment.disputed,
    }


def _has_digit(word: str) -> bool:
    return any(character in "0123456789" for character in word)


def _is_amount(word: str) -> bool:
    return _NUMBER.fullmatch(word) is not None


def _is_currency(word: str) -> bool:
    return len(word) == 3 and word.upper() in list_currencies()
