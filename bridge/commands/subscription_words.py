"""`cancel at end moved away` in its parts, and what is asked back. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bridge.commands.arguments import Arguments
from bridge.commands.choices import which
from bridge.commands.desk import Desk
from bridge.commands.subscriptions import OVER, Subscription
from bridge.model.errors import Refused
from bridge.model.text import safe

NOW, AT_END, PAUSE = "cancel now", "cancel at end", "pause"
#: What `resume` means, by the state it is in: charge a paused one again, begin a new period of one
#: that was stopped, or take an arranged end back.
COLLECT, RESUME, KEEP = "collect", "resume", "keep"
#: What becomes of the invoices meanwhile, as it is typed and as Stripe calls it.
_INVOICES = {"void": "void", "draft": "keep_as_draft", "uncollectible": "mark_uncollectible"}
MEANWHILE = {
    "void": "its invoices are voided: nobody owes them",
    "keep_as_draft": "its invoices are kept as drafts, to be asked for later",
    "mark_uncollectible": "its invoices are marked as uncollectible",
}
_WHENS = (("at", "the", "end"), ("at", "end"), ("end",), ("now",))
_MOST_LETTERS = 300
HOW = (
    "Write `subscription cancel now`, `subscription cancel at end`, `subscription pause` or "
    "`subscription resume`."
)


@dataclass(frozen=True)
class Wish:
    """`until` is in Stripe's seconds, None for as long as nobody resumes it; `why` anything."""

    do: str
    invoices: str | None = None
    until: int | None = None
    why: str = ""


def wanted(desk: Desk, subscription: Subscription, typed: Arguments) -> Wish:
    """Raises `Refused` with choices for what must not be guessed."""
    first, *rest = [*typed.words, ""]
    words = [word for word in rest if word]
    match first.lower():
        case "cancel":
            return _cancel(desk, subscription, typed, words)
        case "pause":
            return _pause(desk, subscription, typed, words)
        case "resume" if not words and not typed.named:
            return Wish(_resumption(subscription))
    raise Refused(HOW)


def why_not(desk: Desk, subscription: Subscription, do: str) -> str | None:
    if subscription.status in OVER:
        return "That subscription is over already."
    ends = desk.words.day(subscription.ends) if subscription.ends else ""
    stopped = subscription.status == "paused" or subscription.paused
    if do == AT_END and ends:
        return f"It ends on {ends} already."
    if do == PAUSE and stopped:
        return "It is paused already."
    if do == KEEP and not ends:
        return "It is not paused, and no end is arranged: there is nothing to resume."
    return None


def _cancel(desk: Desk, subscription: Subscription, typed: Arguments, words: list[str]) -> Wish:
    small = [word.lower() for word in words]
    when = next((one for one in _WHENS if tuple(small[: len(one)]) == one), None)
    if when is None:
        until = f", {desk.words.day(subscription.until)}" if subscription.until else ""
        raise which(
            "When is it to end?",
            [
                ("Now, for good", _command(subscription, f"cancel now {' '.join(words)}")),
                (f"When its {subscription.period} is over{until}",
                 _command(subscription, f"cancel at end {' '.join(words)}")),
            ],
        )  # fmt: skip
    if set(typed.named) - {"why"}:
        raise Refused(f"I know only why= here. {HOW}")
    why = safe(typed.named.get("why") or " ".join(words[len(when) :]), cap=_MOST_LETTERS)
    return Wish(NOW if when == ("now",) else AT_END, why=why)


def _pause(desk: Desk, subscription: Subscription, typed: Arguments, words: list[str]) -> Wish:
    if len(words) > 1 or set(typed.named) - {"until"}:
        raise Refused("Write `subscription pause`, and `until=2026-12-24` if it has an end.")
    until = _moment(desk, typed.named["until"]) if "until" in typed.named else None
    if not words or words[0].lower() not in _INVOICES:
        told = f" until={typed.named['until']}" if until else ""
        raise which(
            "What is to become of the invoices that fall due meanwhile?",
            [
                (
                    told_as[0].upper() + told_as[1:],
                    _command(subscription, f"pause {typed_as}{told}"),
                )
                for typed_as, name in _INVOICES.items()
                if (told_as := MEANWHILE[name])
            ],
        )
    return Wish(PAUSE, invoices=_INVOICES[words[0].lower()], until=until)


def _resumption(subscription: Subscription) -> str:
    if subscription.status == "paused":
        return RESUME
    return COLLECT if subscription.paused else KEEP


def _moment(desk: Desk, day: str) -> int:
    """The beginning of that day, here."""
    try:
        at = datetime.combine(date.fromisoformat(day), time(), ZoneInfo(desk.config.timezone))
    except ValueError:
        raise Refused("Until when? Write the day like `until=2026-12-24`.") from None
    if at <= desk.clock.now():
        raise Refused("That day has begun already. Until when is it to be paused?")
    return int(at.timestamp())


def _command(subscription: Subscription, words: str) -> str:
    return " ".join(f"!stripe subscription {subscription.id} {words}".split())
