"""`50.00 eur for a lamp to cus_1` in its parts, and which currency is meant. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from bridge.commands.arguments import Arguments, read
from bridge.commands.choices import which
from bridge.model.errors import Refused
from bridge.model.money import Money, currencies_named, number_in, parse_money
from bridge.model.text import SafeText, safe

HOW = "Write it like `pay 50.00 eur for a lamp`, with `to` and a customer's id or e-mail address if you like."
ANYONE = "anyone"
#: What stands on the page that the customer sees.
_MOST_LETTERS = 200
_NAMED = {"for", "to"}
_CUSTOMER = re.compile(r"cus_[A-Za-z0-9]{1,250}|[^\s@]+@[^\s@]+\.[^\s@]+", re.ASCII)


@dataclass(frozen=True)
class Wish:
    """`amount` as it was typed; `customer` is an id, an e-mail address, `anyone`, or not said."""

    amount: str
    purpose: SafeText
    customer: str | None

    def typed(self, currency: str, customer: str | None) -> str:
        """The command that would say the same without doubt."""
        parts = [f"!stripe pay {number_in(self.amount)} {currency}"]
        parts += [f"for {self.purpose}"] if self.purpose else []
        parts += [f"to {customer}"] if customer else []
        return " ".join(parts)


def read_wish(rest: str) -> Wish:
    """Raises `Refused` for what it cannot read whole."""
    given = read(rest)
    if unknown := set(given.named) - _NAMED:
        raise Refused(f"I don't know what {min(unknown)}= is here. {HOW}")
    amount, words = _amount(list(given.words))
    customer, words = _customer(given, words)
    return Wish(amount, _purpose(given, words), customer)


def meant_money(wish: Wish, known: Collection[str]) -> Money:
    """In the currency that was typed; else the only one in `known`, those that are usual here.

    Raises `Refused` with choices if it could be several, and `AmountError`.
    """
    named = currencies_named(wish.amount)
    fitting = sorted({one for one in known if one in named} if named else set(known))
    if len(named) == 1:
        fitting = list(named)
    match fitting:
        case [currency]:
            return _something(parse_money(wish.amount, currency))
        case [] if not named:
            raise Refused("In which currency? Write it behind the amount, like `pay 50.00 eur`.")
    choices = [(one.upper(), wish.typed(one, wish.customer)) for one in fitting or sorted(named)]
    raise which("Which currency do you mean?", choices)


def _something(money: Money) -> Money:
    if money.amount <= 0:
        raise Refused("What is to be paid must be more than nothing.")
    return money


def _amount(words: list[str]) -> tuple[str, list[str]]:
    first, second = (*words, "", "")[:2]
    if _has_digit(first):
        with_code = bool(second) and second.lower() not in _NAMED
        cut = 2 if with_code else 1
    elif _has_digit(second):
        cut = 2
    else:
        raise Refused(f"How much? {HOW}")
    return " ".join(words[:cut]), words[cut:]


def _customer(given: Arguments, words: list[str]) -> tuple[str | None, list[str]]:
    """Behind the last `to` that a customer follows: anything else is part of what it is for."""
    found = [at for at, word in enumerate(words[:-1]) if _leads_to_customer(word, words[at + 1])]
    named = given.named.get("to")
    if len(found) + bool(named) > 1:
        raise Refused(f"To whom? You name several. {HOW}")
    if named:
        if not _is_customer(named):
            raise Refused(f"“{safe(named, cap=60)}” is no customer's id or e-mail address. {HOW}")
        return named, words
    if not found:
        return None, words
    (at,) = found
    return words[at + 1], words[:at] + words[at + 2 :]


def _purpose(given: Arguments, words: list[str]) -> SafeText:
    if words and "for" in given.named:
        raise Refused(f"What is it for? You say it twice. {HOW}")
    if words and words[0].lower() != "for":
        raise Refused(f"I don't understand “{safe(' '.join(words), cap=60)}”. {HOW}")
    text = safe(given.named.get("for") or " ".join(words[1:]), cap=10_000)
    if words and not text:
        raise Refused(f"What is it for? {HOW}")
    if len(text) > _MOST_LETTERS:
        raise Refused(f"Say in at most {_MOST_LETTERS} letters what it is for.")
    return text


def _leads_to_customer(word: str, following: str) -> bool:
    return word.lower() == "to" and _is_customer(following)


def _is_customer(word: str) -> bool:
    return word.lower() == ANYONE or bool(_CUSTOMER.fullmatch(word))


def _has_digit(word: str) -> bool:
    return any(character in "0123456789" for character in word)
