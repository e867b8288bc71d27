"""Amounts in minor units with their currency beside them; the words for them come from Babel."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, list_currencies

from bridge.model.errors import AmountError

#: Stripe's own decimals, not ISO's: ISK and UGX are sent with two (docs.stripe.com/currencies).
ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
#: Their minor units must be zero although Stripe counts them.
WHOLE_ONLY = frozenset({"isk", "ugx"})

SYMBOLS = {
    "€": {"eur"},
    "£": {"gbp"},
    "¥": {"jpy", "cny"},
    "$": {"usd", "cad", "aud", "nzd", "sgd", "hkd", "mxn", "brl"},
    "₹": {"inr"},
    "₩": {"krw"},
    "zł": {"pln"},
    "kr": {"sek", "nok", "dkk", "isk"},
}
#: What a 64-bit integer holds; also what stays exact in Decimal's 28 digits.
_MOST = 2**63 - 1
#: Stripe itself moves at most twelve digits at once.
_MOST_DIGITS = 12
#: A currency without a sign is shown by its code, which must not run into the number.
_GLUED = re.compile(r"(?<=[^\W\d_])(?=\d)")
_AMOUNT = re.compile(r"^\d+(?:[.,]\d+)*$", re.ASCII)
_PARTS = re.compile(r"^(?P<before>\D*?)\s*(?P<number>\d[\d.,]*)\s*(?P<after>\D*)$", re.ASCII)


@dataclass(frozen=True, order=False)
class Money:
    """`amount` is in the currency's minor units, as Stripe counts them (1050 `eur` is €10.50)."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z]{3}", self.currency):
            raise AmountError(f"{self.currency!r} is not a currency code")
        if abs(self.amount) > _MOST:
            raise AmountError(f"{self.amount} is more than any amount of money")

    def words(self, locale: str = "en_GB") -> str:
        return _words(self, locale)

    @property
    def decimal(self) -> Decimal:
        """In the currency's own units, exact."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))


def money_of(amount: object, currency: object) -> Money | None:
    """Of what Stripe sent; None if the two are not an amount of money."""
    if not isinstance(amount, int) or isinstance(amount, bool) or not isinstance(currency, str):
        return None
    try:
        return Money(amount, currency.lower())
    except AmountError:
        return None


@lru_cache(1024)  # an event's amount is told in its title, its lines and its card
def _words(money: Money, locale: str) -> str:
    shown = format_currency(
        money.decimal,
        money.currency.upper(),
        locale=Locale.parse(locale),
        currency_digits=False,
        format=_pattern(locale, exponent(money.currency)),
    )
    return _GLUED.sub("\xa0", shown)


def exponent(currency: str) -> int:
    """How many decimals Stripe counts in this currency."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def parse_money(text: str, currency: str) -> Money:
    """What a person typed (`20`, `20.00`, `€20`, `20 eur`, `1,234.50`) as money in `currency`.

    Raises `AmountError` when it is not an amount, is in another currency, has decimals the
    currency has not, or could be read in two ways.
    """
    before, digits, after = _pieces(text, like=f"20.00 or 20.00 {currency}")
    for word in (before, after):
        _same_currency(word.strip().lower(), currency)
    number = _plain_number(digits, currency)
    try:
        return from_decimal(Decimal(number), currency)
    except InvalidOperation as odd:
        raise AmountError(f"“{text}” is not an amount.") from odd


def currencies_named(text: str) -> frozenset[str]:
    """The currencies that a typed amount may mean by its code or sign; none if it has neither.

    Raises `AmountError` when it is not an amount, or names what is no currency.
    """
    before, _, after = _pieces(text)
    words = {word.strip().lower() for word in (before, after)} - {""}
    meanings = [frozenset(SYMBOLS.get(word, {word} & _codes())) for word in sorted(words)]
    found = frozenset[str]().union(*meanings)
    if meanings and (len(meanings) > 1 or not found):
        raise AmountError(
            f"“{text}” is not an amount in a currency I know. Write it like 20.00 eur."
        )
    return found


def number_in(text: str) -> str:
    """Only the digits of a typed amount, with their separators."""
    return _pieces(text)[1]


def from_decimal(value: Decimal, currency: str) -> Money:
    """Exactly this many of the currency's own units; raises `AmountError` on excess decimals."""
    minor = value.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise AmountError(
            f"{currency.upper()} has {exponent(currency)} decimals; {value} has more."
        )
    if minor.adjusted() >= _MOST_DIGITS:
        raise AmountError(f"{value} is more than Stripe can move.")
    if currency in WHOLE_ONLY and minor % 100:
        raise AmountError(f"{currency.upper()} has no decimals that can be used.")
    if currency in THREE_DECIMAL and minor % 10:
        raise AmountError(f"The last digit of an amount in {currency.upper()} must be 0.")
    return Money(int(minor), currency)


def _pieces(text: str, like: str = "20.00 eur") -> tuple[str, str, str]:
    """What stands before the number, the number, and what stands behind it."""
    parts = _PARTS.match(text.strip())
    if not parts:
        raise AmountError(f"“{text}” is not an amount. Write it like {like}.")
    return parts["before"], parts["number"], parts["after"]


@lru_cache(1)
def _codes() -> frozenset[str]:
    return frozenset(code.lower() for code in list_currencies())


def _same_currency(word: str, currency: str) -> None:
    if not word or word == currency or currency in SYMBOLS.get(word, ()):
        return
    raise AmountError(f"The payment is in {currency.upper()}, not in “{word.upper()}”.")


def _plain_number(number: str, currency: str) -> str:
    """Without thousands separators, with a point; refuses what two people would read differently."""
    if not _AMOUNT.match(number):
        raise AmountError(f"“{number}” is not an amount.")
    marks = [c for c in number if c in ".,"]
    if not marks:
        return number
    *groups, last = re.split(r"[.,]", number)
    if len(set(marks)) == 1 and len(last) == 3:
        if len(marks) == 1 and exponent(currency) == 3 and marks[0] == ".":
            return number
        if len(marks) == 1:
            raise AmountError(
                f"“{number}” could be read in two ways. Write it without a separator for thousands."
            )
        return _grouped([*groups, last], number)
    if len(set(marks[:-1])) > 1 or (len(marks) > 1 and marks[-1] in marks[:-1]):
        raise AmountError(f"“{number}” is not an amount.")
    return f"{_grouped(groups, number)}.{last}"


def _grouped(groups: list[str], number: str) -> str:
    if len(groups) > 1 and (
        not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])
    ):
        raise AmountError(f"“{number}” is not an amount.")
    return "".join(groups)


def _pattern(locale: str, decimals: int) -> str:
    """The locale's own pattern with Stripe's number of decimals, which is not always ISO's."""
    pattern = Locale.parse(locale).currency_formats["standard"].pattern
    return re.sub(
        r"0(\.0+)?(?=[^0#]*$|[^0#]*;)", "0" + ("." + "0" * decimals if decimals else ""), pattern
    )
