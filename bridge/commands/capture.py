"""`capture [amount]`: takes what a bank holds for us, once; what is left of it is let go."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bridge.commands import payments
from bridge.commands.arguments import Arguments, read
from bridge.commands.authorised import held, held_ones, held_until, intent_of, status_words
from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.finding import marked, marks
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of
from bridge.model.money import Money, parse_money
from bridge.store.actions import Action

_WHOLE = {"", "all", "full", "everything"}


async def propose(desk: Desk, ask: Ask) -> Proposal:
    reader = desk.readers[ask.subject.account]
    meant = await payments.meant(desk, ask, _only_words(ask.command.rest), held_ones)
    intent = await intent_of(reader, meant.objects)
    most, typed = held(intent), meant.rest.text
    money = most if typed.lower() in _WHOLE else parse_money(typed, most.currency)
    if problem := why_not(intent, money, desk.config.locale):
        raise Refused(problem)
    whole = most.words(desk.config.locale)
    which_one = f" ({intent['id']})" if meant.named else ""
    return Proposal(
        object_id=intent["id"],
        params={"held": most.amount},
        money=money,
        question=f"Take {money.words(desk.config.locale)} of the {whole} that are held{which_one}?",
        remarks=tuple(_remarks(desk, money, most, await held_until(reader, intent))),
        before={"status": str(intent.get("status")), "held": most.amount},
        objects=replace(meant.objects, payment_intent=intent["id"]),
    )


async def execute(desk: Desk, action: Action) -> Json:
    intent = await desk.readers[action.account].payment_intent(action.object_id)
    money = action.money
    if money is None:
        raise Refused("That capture has no amount; nothing was done.")
    if problem := why_not(intent, money, desk.config.locale):
        raise Refused(f"Nothing was taken, for something has changed meanwhile. {problem}")
    if held(intent).amount != action.params["held"]:
        raise Refused("Nothing was taken: it is not as much held as when you asked. Ask again.")
    return await desk.writers[action.account].capture(
        action.object_id, money=money, metadata=marks(action), key=action.id
    )


async def find(desk: Desk, action: Action) -> Json | None:
    """The call writes the action's id and takes the money, both or neither."""
    intent = await desk.readers[action.account].payment_intent(action.object_id)
    return marked([intent], action)


def told(desk: Desk, action: Action, intent: Json) -> Result:
    got = Money(int(intent.get("amount_received") or 0), str(intent["currency"]))
    status = str(intent.get("status") or "unknown")
    after = {"status": status, "received": got.amount}
    payment = id_of(intent)
    if status != "succeeded":
        words = say(f"Stripe says that the payment is {status_words(intent)}: look there.")
        return Result(ActionState.FAILED, words, payment, status, after)
    rest = Money(max(0, int(action.params["held"]) - got.amount), got.currency)
    words = say(f"Taken: {got.words(desk.config.locale)}.", _let_go(desk, rest))
    return Result(ActionState.SUCCEEDED, words, payment, status, after)


def why_not(intent: Json, money: Money, locale: str) -> str | None:
    """The sentence that says why this much cannot be taken now; None if it can."""
    most = held(intent)
    if intent.get("status") != "requires_capture" or not most.amount:
        if intent.get("status") == "succeeded":
            return "That payment has been taken already."
        if intent.get("status") == "canceled":
            return "That payment was cancelled: nothing is held any more."
        return f"Nothing is held for that payment; it is {status_words(intent)}."
    if money.amount <= 0:
        return "A capture must be of more than nothing."
    if money.amount > most.amount:
        return f"{money.words(locale)} is too much: {most.words(locale)} are held."
    return None


def _only_words(rest: str) -> Arguments:
    given = read(rest)
    if given.named:
        raise Refused("Write just `capture`, or `capture` and an amount.")
    return given


def _remarks(desk: Desk, money: Money, most: Money, until: datetime | None) -> Iterator[str]:
    rest = Money(most.amount - money.amount, most.currency)
    if rest.amount:
        yield f"The other {rest.words(desk.config.locale)} are let go then, and cannot be taken later."
    if until:
        yield f"It is held until {desk.words.deadline(until)}."


def _let_go(desk: Desk, rest: Money) -> str:
    return f"{rest.words(desk.config.locale)} were let go." if rest.amount else ""
