"""A card in the words of a message, as much of it as its readers may see. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bridge.model.details import Details, shown_facts
from bridge.model.dispute import DISPUTE_STATUS
from bridge.model.message import Link, Message
from bridge.model.signal import CardKind, Fact, SignalClass
from bridge.model.text import SafeText, mask, safe
from bridge.model.words import Words
from bridge.notices.card_beside import beside_in_words, disputes_of, is_beside, to_be_acted_on
from bridge.notices.card_money import Paid, paid_of
from bridge.notices.cards import Card, Said
from bridge.notices.phrases import SUBSCRIPTION_STATUS
from bridge.notices.wording import ids_of

_DISPUTE_TITLES: Mapping[str, str] = {
    "warning_needs_response": "Inquiry opened",
    "warning_under_review": "Inquiry answered",
    "warning_closed": "Inquiry closed",
    "needs_response": "Dispute opened",
    "under_review": "Dispute answered",
    "charge_refunded": "Dispute closed by a refund",
    "prevented": "Dispute prevented",
    "lost": "Dispute lost",
    "won": "Dispute won",
    "appeal_needs_response": "Dispute goes on: appeal",
    "appeal_under_review": "Dispute goes on: appeal answered",
}
#: True whatever has become of the object since; all other facts only while its state is the same.
_LASTING = frozenset(
    {
        "Card",
        "Dispute fee",
        "Due",
        "E-mail",
        "For",
        "Invoice",
        "On the statement",
        "Plan",
        "Reason",
        "To",
        "Your reference",
    }
)
_ASIDE = ("charge.dispute.funds_", "payout.reconciliation_")
_UNPAID = frozenset({"open", "overdue", "action", "failed", "given-up", "uncollectible"})


@dataclass(frozen=True)
class View:
    """How cards are told in one room: `verbs` are those that somebody in it may use."""

    words: Words
    details: Details
    #: Where Stripe's dashboard is (`https://…`).
    dashboard: str
    verbs: Collection[str] = ()


def message_of_card(card: Card, view: View, mentions: tuple[str, ...] = ()) -> Message:
    said = _spokesman(card)
    return Message(
        title=_title(card, said, view),
        tone=_tone(card),
        facts=tuple(_facts(card, said, view)),
        links=tuple(_links(card, said, view)),
        mentions=mentions,
        test_mode=not card.livemode,
        ids=ids_of(card.account, card.objects) | {"card": f"{card.kind}:{card.key}"},
    )


def line_of(said: Said, view: View) -> SafeText:
    """`Renewal failed: €49.00, attempt 2; next try 30 Nov 2026, 21:00`."""
    if view.details == "none":
        return said.title
    told = [_in_a_line(fact) for fact in shown_facts(said.facts, view.details)]
    amount = view.words.money(said.money) if said.money else None
    behind = ", ".join(part for part in (amount, said.reason, *told) if part)
    return safe(f"{said.title}: {behind}" if behind else said.title)


def history_of(card: Card, news: Collection[str], view: View) -> Message | None:
    """What the thread has not told yet, in one message: a line if it is one, else a list."""
    told = [said for said in card.history if said.news in news]
    if not told:
        return None
    ids = ids_of(card.account, card.objects) | {"event": told[-1].event, "type": told[-1].type}
    lines = [line_of(said, view) for said in told]
    if len(lines) == 1:
        return Message(lines[0], test_mode=not card.livemode, ids=ids)
    timed = [
        safe(f"{view.words.moment(said.at)} – {text}")
        for said, text in zip(told, lines, strict=True)
    ]
    heading = safe(f"{len(lines)} things happened")
    return Message(heading, lines=tuple(timed), test_mode=not card.livemode, ids=ids)


def _in_a_line(fact: Fact) -> str:
    match fact.label:
        case "Attempt" | "Ends":
            return f"{fact.label.lower()} {fact.value}"
        case "Change" | "So far":
            return fact.value
        case "Status" if "→" in fact.value:
            return fact.value
        case _:
            return ""


def _spokesman(card: Card) -> Said:
    """Of those that tell the present state, the one that knows most and latest."""
    state = card.state
    return max(
        card.said,
        key=lambda one: (
            one.state == state,
            one.tells,
            not one.type.startswith(_ASIDE),
            one.weight,
            one.at,
            one.turn,
        ),
    )


def _title(card: Card, said: Said, view: View) -> SafeText:
    """The first line is all that a notification shows."""
    title, behind = _what(card, said, view.words)
    if view.details == "none":
        return title
    who = _who(card)
    if who and view.details == "masked":
        who = mask(who)
    return safe((f"{title}: {behind}" if behind else title) + (f" · {who}" if who else ""))


def _who(card: Card) -> SafeText | None:
    """A name rather than an address; the newest, of those that know most."""
    named = [one for one in card.said if one.who]
    best = max(
        named, key=lambda one: ("@" not in (one.who or ""), one.weight, one.at), default=None
    )
    return best.who if best else None


def _what(card: Card, said: Said, words: Words) -> tuple[SafeText, str]:
    """The title, and what stands behind it: how much, and why."""
    if warned := to_be_acted_on(card):
        money = warned.money or paid_of(card).whole
        behind = (words.money(money) if money else None, warned.reason)
        return warned.title, ", ".join(part for part in behind if part)
    paid = paid_of(card)
    if paid.back or paid.failed:
        return _refunded(paid, words)
    money = said.money or next((one.money for one in reversed(card.said) if one.money), None)
    amount = words.money(money) if money else None
    parts = [part for part in (amount, _why(card, said)) if part]
    return SafeText(_state_title(card, said) or said.title), ", ".join(parts)


def _state_title(card: Card, said: Said) -> str:
    """Where the state says it better than the last event."""
    state = card.state
    match card.kind:
        case CardKind.DISPUTE if state == "won" and any(one.state == "lost" for one in card.said):
            return "Dispute won after all"
        case CardKind.DISPUTE:
            return _DISPUTE_TITLES.get(state, "Dispute")
        case CardKind.SUBSCRIPTION if not said.tells:
            return f"Subscription: {SUBSCRIPTION_STATUS.get(state, state)}"
        case _:
            return ""


def _refunded(paid: Paid, words: Words) -> tuple[SafeText, str]:
    back = words.money(paid.back) if paid.back else ""
    if paid.failed:
        return SafeText("Refund failed"), words.money(paid.failed)
    if paid.back and paid.whole and paid.back.amount < paid.whole.amount:
        return SafeText("Partly refunded"), f"{back} of {words.money(paid.whole)}"
    return SafeText("Refund under way" if paid.waiting else "Refunded"), back


def _why(card: Card, said: Said) -> SafeText | None:
    """The newest reason of the present state; a subscription's own is how often it is paid."""
    reasons = [
        one
        for one in card.said
        if one.reason
        and (one is said or not is_beside(card, one))
        and (one.state == said.state or card.kind is CardKind.DISPUTE)
        and not one.refund
    ]
    return max(reasons, key=lambda one: (one.at, one.weight, one.turn)).reason if reasons else None


def _tone(card: Card) -> SignalClass | None:
    """Of what put it into its present state: what is over is calm."""
    if warned := to_be_acted_on(card):
        return warned.signal_class
    there = [one.signal_class for one in card.said if one.state == card.state]
    return min(there, key=lambda one: one.urgency) if there else None


def _facts(card: Card, said: Said, view: View) -> Iterator[Fact]:
    if view.details == "none":
        return
    facts = _known(card, said, view.words) | beside_in_words(card, view.words)
    last = facts.pop("Next", None)
    if warned := to_be_acted_on(card):
        last = next((fact for fact in warned.facts if fact.label == "Next"), last)
    title, behind = _what(card, said, view.words)
    yield from (
        fact
        for fact in shown_facts(tuple(facts.values()), view.details)
        if fact.value != title and not (fact.label == "Reason" and fact.value in behind)
    )
    if last:
        yield last
    if verbs := [verb for verb in fitting(card) if verb in view.verbs]:
        yield Fact("You can reply", safe(", ".join(verbs)))


def _known(card: Card, said: Said, words: Words) -> dict[str, Fact]:
    """Each label once; who knows most of it has the last word."""
    state, facts = card.state, dict[str, Fact]()
    if card.kind is CardKind.DISPUTE and state in DISPUTE_STATUS:
        facts["Status"] = Fact("Status", SafeText(DISPUTE_STATUS[state]))
    by_knowledge = sorted(
        card.said, key=lambda one: (one is said, one.state == state, one.weight, one.at, one.turn)
    )
    for one in by_knowledge:
        present = one is said or one.state == state
        if is_beside(card, one) and one is not said:
            facts |= _at_stake(one, words) if state in _UNPAID else {}
            continue
        for fact in one.facts:
            if fact.label != "Status" and (fact.label in _LASTING or present):
                facts[fact.label] = fact
    return facts


def _at_stake(subscription: Said, words: Words) -> dict[str, Fact]:
    """What is lost with the subscription, where its own event says how much it is."""
    ours = subscription.type.startswith("customer.subscription.")
    if not ours or subscription.money is None or not subscription.reason:
        return {}
    value = safe(f"{words.money(subscription.money)} {subscription.reason}")
    return {"At stake": Fact("At stake", value)}


def fitting(card: Card) -> tuple[str, ...]:
    """The verbs that make sense for it now, the most likely first."""
    paid = paid_of(card)
    left = paid.whole is None or paid.back is None or paid.back.amount < paid.whole.amount
    disputed = any(one.is_open for one in disputes_of(card))
    match card.kind:
        case CardKind.PAYMENT if card.state == "paid" and left and not disputed:
            return ("refund", "note", "escalate", "show")
        case CardKind.PAYMENT if card.state == "authorised":
            return ("capture", "cancel", "note", "escalate", "show")
        case CardKind.DISPUTE if card.state.endswith("needs_response"):
            return ("evidence", "preview", "submit", "accept", "note", "escalate", "show")
        case _:
            return ("note", "escalate", "show")


def _links(card: Card, said: Said, view: View) -> Iterator[Link]:
    mode = "" if card.livemode else "test/"
    base = f"{view.dashboard.rstrip('/')}/{mode}"
    objects = card.objects
    pages = {
        "Open in Stripe": said.page or next((one.page for one in card.said if one.page), None),
        "Customer": f"customers/{objects.customer}" if objects.customer else None,
        "Subscription": f"subscriptions/{objects.subscription}" if objects.subscription else None,
    }
    seen = set[str]()
    for label, page in pages.items():
        if page and page not in seen:
            seen.add(page)
            yield Link(SafeText(label), f"{base}{page}")
