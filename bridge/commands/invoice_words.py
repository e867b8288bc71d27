"""`120.00 eur for consulting due=14` in its parts. Pure."""

from dataclasses import dataclass

from bridge.commands.arguments import Arguments
from bridge.model.errors import Refused
from bridge.model.money import Money, currencies_named, parse_money
from bridge.model.text import SafeText, safe

HOW = "Write it like `invoice 120.00 eur for consulting`, with `due=14` for other days than 30."
_USUAL_DAYS, _MOST_DAYS = 30, 365
#: What stands on the invoice.
_MOST_LETTERS = 500


@dataclass(frozen=True)
class Wish:
    money: Money
    text: SafeText
    days: int


def read_wish(typed: Arguments, usual: str | None) -> Wish:
    """`usual` is the customer's own currency, for who types none. Raises `Refused`, `AmountError`."""
    if unknown := set(typed.named) - {"for", "due"}:
        raise Refused(f"I don't know what {min(unknown)}= is here. {HOW}")
    at = next((n for n, word in enumerate(typed.words) if word.lower() == "for"), None)
    amount = typed.words[:at]
    if not 1 <= len(amount) <= 2 or not any(map(_has_digit, amount)):
        raise Refused(f"How much, and what for? {HOW}")
    text = " ".join(typed.words[at + 1 :]) if at is not None else ""
    return Wish(_money(" ".join(amount), usual), _text(typed, text), _days(typed))


def _money(amount: str, usual: str | None) -> Money:
    named = currencies_named(amount)
    if usual and (not named or usual in named):
        currency = usual
    elif len(named) == 1:
        (currency,) = named
    else:
        choice = f" ({' or '.join(sorted(named))})" if named else ""
        raise Refused(f"In which currency{choice}? {HOW}")
    money = parse_money(amount, currency)
    if money.amount <= 0:
        raise Refused("An invoice must be of more than nothing.")
    return money


def _text(typed: Arguments, words: str) -> SafeText:
    given = typed.named.get("for")
    if given and words:
        raise Refused(f"What is it for? You say it twice. {HOW}")
    text = safe(given or words, cap=10_000)
    if not text:
        raise Refused(f"What is it for? The customer will read it on the invoice. {HOW}")
    if len(text) > _MOST_LETTERS:
        raise Refused(f"Say in at most {_MOST_LETTERS} letters what it is for.")
    return text


def _days(typed: Arguments) -> int:
    given = typed.named.get("due", str(_USUAL_DAYS))
    if not (given.isascii() and given.isdigit()) or not 1 <= int(given[:6]) <= _MOST_DAYS:
        raise Refused(f"Due in how many days? Write `due=14`; at most {_MOST_DAYS}.")
    return int(given)


def _has_digit(word: str) -> bool:
    return any(character in "0123456789" for character in word)
