"""What is asked, and what was done to a subscription: what it costs, and when it ends. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bridge.commands.desk import Desk
from bridge.commands.subscription_words import MEANWHILE, Wish
from bridge.commands.subscriptions import Subscription


def question(desk: Desk, subscription: Subscription, wish: Wish) -> str:
    name = subscription.words(desk.words)
    match wish.do:
        case "cancel now":
            return f"Cancel {name} now, for good?"
        case "cancel at end":
            return f"Cancel {name} at the end of its {subscription.period}?"
        case "pause":
            return f"Pause {name}?"
        case "keep":
            return f"Keep {name} going, and take its end back?"
    return f"Resume {name}?"


def remarks(desk: Desk, subscription: Subscription, wish: Wish) -> Iterator[str]:
    yield from _consequences(desk, subscription, wish)
    if subscription.ends and wish.do == "pause":
        yield f"It ends on {desk.words.day(subscription.ends)} all the same."
    if subscription.ends and wish.do == "collect":
        day = desk.words.day(subscription.ends)
        yield f"It still ends on {day}; resume it once more to take that back."
    if wish.why:
        yield f"Reason: {wish.why}"


def _consequences(desk: Desk, subscription: Subscription, wish: Wish) -> Iterator[str]:
    until = desk.words.day(subscription.until) if subscription.until else "its next renewal"
    price = desk.words.money(subscription.price) if subscription.price else "its price"
    match wish.do:
        case "cancel now":
            yield "It is over at once, and that cannot be taken back."
            yield (
                f"It would have gone on until {until}: nothing is given back for that, and what is "
                "owed so far stays owed."
            )
        case "cancel at end":
            yield f"It ends on {until}; from then on {price} is not charged any more."
        case "pause":
            yield f"The customer keeps it, and {MEANWHILE[wish.invoices or 'void']}."
            yield f"It is charged again {_until(desk, wish)}."
        case "collect":
            yield f"{price} is charged again from {until} on."
        case "resume":
            yield f"A new {subscription.period} begins now, and up to {price} is charged for it now."
            yield "If that is declined, it stays paused."
        case "keep":
            yield f"It renews on {until}, for {price}."


def result(desk: Desk, subscription: Subscription, do: str) -> tuple[str, str]:
    """Title and text."""
    until = desk.words.day(subscription.until) if subscription.until else "its next renewal"
    ends = desk.words.day(subscription.ends) if subscription.ends else until
    match do:
        case "cancel now":
            return f"Cancelled: {subscription.id} is over.", ""
        case "cancel at end":
            return (
                f"Cancelled: {subscription.id} ends on {ends}.",
                "`subscription resume` takes it back.",
            )
        case "pause":
            return f"Paused: {subscription.id}.", "`subscription resume` ends that."
        case "collect":
            return f"Resumed: {subscription.id} is charged again from {until} on.", ""
        case "keep":
            return f"{subscription.id} goes on, and renews on {until}.", ""
    return f"Resumed: {subscription.id} is paid until {until}.", ""


def _until(desk: Desk, wish: Wish) -> str:
    if wish.until is None:
        return "when somebody resumes it"
    return f"from {desk.words.day(datetime.fromtimestamp(wish.until, UTC))} on"
