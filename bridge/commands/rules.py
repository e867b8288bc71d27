"""What the configuration says about one action: who else must approve, and what it may cost. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from bridge.config.schema import Approval, Config, Limit
from bridge.model.money import Money, exponent


@dataclass(frozen=True)
class Terms:
    """What the rules look at. `roles` are those of the asker's that give them the verb."""

    verb: str
    account: str
    roles: frozenset[str]
    moves_money: bool
    money: Money | None


@dataclass(frozen=True)
class Need:
    """So many other people, with one of these roles (none named: who may ask for it themselves)."""

    others: int
    by: tuple[str, ...] = ()


def need(config: Config, terms: Terms) -> Need:
    """By the most specific rule that matches: the most conditions, then the highest amount.

    Of two that are equally specific the stricter one counts. Without any, money needs one other.
    """
    matching = [rule for rule in config.approvals if _matches(rule, terms)]
    if not matching:
        return Need(1 if terms.moves_money else 0)
    rule = max(matching, key=_specific)
    return Need(rule.others, rule.by)


def limits(config: Config, terms: Terms) -> list[list[Limit]]:
    """One list for each role by which it may be asked; within the limits of one of them it must be.

    So a second role never takes away what the first one allows.
    """
    return [
        [limit for limit in config.limits if _concerns(limit, terms, role)] for role in terms.roles
    ]


def minor(amount: Decimal, currency: str) -> int:
    """A configured amount in minor units; a fraction of one allows nothing."""
    return int(amount.scaleb(exponent(currency)))


def unnamed_currency(chosen: Iterable[Limit], money: Money) -> bool:
    """There are limits, and none for this currency: no rule is a no."""
    currencies = {limit.currency for limit in chosen}
    return bool(currencies) and money.currency not in currencies


def _matches(rule: Approval, terms: Terms) -> bool:
    return all(_conditions(rule, terms))


def _conditions(rule: Approval, terms: Terms) -> Iterator[bool]:
    yield terms.verb in rule.verbs if rule.verbs else terms.moves_money
    yield not rule.accounts or terms.account in rule.accounts
    yield not rule.roles or bool(terms.roles & set(rule.roles))
    if rule.currencies:
        yield terms.money is not None and terms.money.currency in rule.currencies
    if rule.amount_at_least is not None:
        yield terms.money is not None and terms.money.decimal >= rule.amount_at_least


def _specific(rule: Approval) -> tuple[int, Decimal, int]:
    said = (rule.verbs, rule.accounts, rule.roles, rule.currencies)
    threshold = rule.amount_at_least
    count = sum(bool(one) for one in said) + (threshold is not None)
    return count, threshold if threshold is not None else Decimal(-1), rule.others


def _concerns(limit: Limit, terms: Terms, role: str) -> bool:
    return (
        (not limit.verbs or terms.verb in limit.verbs)
        and (not limit.accounts or terms.account in limit.accounts)
        and (not limit.roles or role in limit.roles)
    )
