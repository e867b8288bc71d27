"""What is known of a payment beside its own life: disputes, warnings of fraud, credit notes. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.model.dispute import DISPUTE_STATUS
from bridge.model.money import Money
from bridge.model.signal import CardKind, Fact
from bridge.model.text import safe
from bridge.model.words import Words
from bridge.notices.card_money import paid_of, refunds_in_words
from bridge.notices.card_states import Reached, is_over, state_of
from bridge.notices.cards import Card, Said
from bridge.notices.phrases import phrase

DISPUTE, WARNING, CREDIT_NOTE = "charge.dispute.", "radar.early_fraud_warning.", "credit_note."
#: Types that tell of the payment but are not its own: they say nothing of its state, nor why.
_BESIDE = (DISPUTE, WARNING, CREDIT_NOTE, "customer.subscription.")
ACTIONABLE, VOID = "actionable", "void"
_OPEN = ("needs_response", "under_review")
_NOTE = re.compile(r"^credit_note\.\w+:(\w+)")


@dataclass(frozen=True)
class Disputed:
    state: str
    money: Money | None

    @property
    def is_open(self) -> bool:
        return self.state.endswith(_OPEN)


def is_beside(card: Card, said: Said) -> bool:
    return card.kind is CardKind.PAYMENT and said.type.startswith(_BESIDE)


def disputes_of(card: Card) -> list[Disputed]:
    """Of a payment, the oldest first."""
    told: dict[str, list[Said]] = defaultdict(list)
    for one in _beside(card, DISPUTE):
        told[one.objects.dispute or ""].append(one)
    return [_disputed(said) for said in told.values()]


def warning_of(card: Card) -> Said | None:
    """The newest word of the card's bank on it, whether or not there is something to do."""
    warned = _beside(card, WARNING)
    return max(warned, key=lambda one: (one.at, not one.aside, one.turn), default=None)


def credited_of(card: Card) -> Money | None:
    """The sum of its credit notes, without those that were voided."""
    newest: dict[str, Said] = {}
    for one in _beside(card, CREDIT_NOTE):
        named = _NOTE.match(one.turn)
        known = newest.get(named[1]) if named else None
        if named and (known is None or (known.aside != VOID and one.at >= known.at)):
            newest[named[1]] = one
    return _sum(one.money for one in newest.values() if one.aside != VOID)


def to_be_acted_on(card: Card) -> Said | None:
    """A warning of fraud, until the money went back or the bank has taken it."""
    warned, paid = warning_of(card), paid_of(card)
    if warned is None or warned.aside != ACTIONABLE or disputes_of(card):
        return None
    back = paid.back and paid.whole and paid.back.amount >= paid.whole.amount
    return None if back else warned


def is_settled(card: Card) -> bool:
    """Nothing of it moves any more. A payment that only others told of never moved by itself."""
    if card.kind is not CardKind.PAYMENT:
        return is_over(card.kind, card.state)
    moves = paid_of(card).waiting or any(one.is_open for one in disputes_of(card))
    return not moves and (not card.state or is_over(card.kind, card.state))


def beside_in_words(card: Card, words: Words) -> dict[str, Fact]:
    """What became of the payment in other hands; what its title tells is left out."""
    told = {
        "Refunds": refunds_in_words(card, words),
        "Dispute": "; ".join(_dispute(one, words) for one in disputes_of(card)),
        "Fraud warning": _warning(card),
        "Credited": words.money(money) if (money := credited_of(card)) else "",
    }
    return {label: Fact(label, safe(text)) for label, text in told.items() if text}


def _dispute(dispute: Disputed, words: Words) -> str:
    status = DISPUTE_STATUS.get(dispute.state) or phrase(dispute.state, {})
    amount = words.money(dispute.money) if dispute.money else ""
    return ", ".join(part for part in (amount, status) if part)


def _warning(card: Card) -> str:
    warned = warning_of(card)
    if warned is None or warned is to_be_acted_on(card):
        return ""
    return warned.reason or "yes"


def _beside(card: Card, types: str) -> list[Said]:
    own = card.kind is CardKind.PAYMENT
    return [one for one in card.said if own and one.type.startswith(types)]


def _disputed(said: list[Said]) -> Disputed:
    reached = (Reached(one.at, one.aside, one.before, one.turn) for one in said if one.aside)
    money = next((one.money for one in reversed(said) if one.money), None)
    return Disputed(state_of(CardKind.DISPUTE, reached), money)


def _sum(moneys: Iterable[Money | None]) -> Money | None:
    known = [money for money in moneys if money]
    if not known:
        return None
    currency = known[0].currency
    return Money(sum(one.amount for one in known if one.currency == currency), currency)
