"""How much of a payment was paid, and how much of that went back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.model.money import Money
from bridge.model.signal import CardKind
from bridge.model.words import Words
from bridge.notices.cards import Card, Said

#: Further down is later in a refund's life: what succeeded may still fail.
_LIFE = ("pending", "requires_action", "succeeded", "canceled", "failed")
_HOW: Sequence[tuple[str, frozenset[str]]] = (
    ("made", frozenset({"succeeded", ""})),
    ("under way", frozenset({"pending", "requires_action"})),
    ("failed", frozenset({"failed"})),
    ("cancelled", frozenset({"canceled"})),
)
_GONE = frozenset({"canceled", "failed"})


@dataclass(frozen=True)
class Paid:
    """`whole` is what was paid, `back` what was paid back of it; `failed` is the last refund, if it failed."""

    whole: Money | None = None
    back: Money | None = None
    failed: Money | None = None
    #: Whether some of it is still under way.
    waiting: bool = False


def paid_of(card: Card) -> Paid:
    if card.kind is not CardKind.PAYMENT:
        return Paid()
    refunds = _refunds(card)
    made = [one for one in refunds if one.refund not in _GONE]
    last = max(refunds, key=lambda one: (one.at, one.turn), default=None)
    return Paid(
        whole=_whole(card),
        back=_sum(made),
        failed=last.money if last and last.refund == "failed" else None,
        waiting=any(one.refund in {"pending", "requires_action"} for one in made),
    )


def refunds_in_words(card: Card, words: Words) -> str:
    """Where there is more than the title can tell: `€20.00 made, €9.00 under way`."""
    refunds = _refunds(card)
    if len(refunds) < 2:
        return ""
    sums = {how: _sum([one for one in refunds if one.refund in states]) for how, states in _HOW}
    return ", ".join(f"{words.money(money)} {how}" for how, money in sums.items() if money)


def _refunds(card: Card) -> list[Said]:
    """Each refund as it stands; a charge only says how much came on top, and not of which."""
    found: dict[str, Said] = {}
    for one in card.said:
        name = one.objects.refund
        if name and (one.refund or one.type == "charge.refunded"):
            known = found.get(name)
            if known is None or _stage(one) > _stage(known):
                found[name] = one
    return list(found.values())


def _stage(said: Said) -> int:
    """A refund's own events know its state; the charge's come with any."""
    return _LIFE.index(said.refund) if said.refund in _LIFE else -1


def _whole(card: Card) -> Money | None:
    paid = [one for one in card.said if one.state == "paid" and one.money]
    return max(paid, key=lambda one: (one.weight, one.at)).money if paid else None


def _sum(refunds: list[Said]) -> Money | None:
    moneys = [one.money for one in refunds if one.money and one.money.amount]
    if not moneys:
        return None
    currency = moneys[0].currency
    return Money(sum(money.amount for money in moneys if money.currency == currency), currency)
