"""Money: integers with their currency, read back from what people type, told in any locale."""

import re
from decimal import Decimal

import pytest
from babel import Locale, localedata
from babel.numbers import get_decimal_symbol
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.errors import AmountError
from bridge.model.money import (
    THREE_DECIMAL,
    WHOLE_ONLY,
    ZERO_DECIMAL,
    Money,
    currencies_named,
    exponent,
    from_decimal,
    parse_money,
)

CURRENCIES = sorted(ZERO_DECIMAL | THREE_DECIMAL | WHOLE_ONLY | {"eur", "usd", "gbp", "huf", "twd"})


@st.composite
def movable(draw: st.DrawFn) -> Money:
    """An amount that Stripe could move in its currency."""
    currency = draw(st.sampled_from(CURRENCIES))
    step = 10 if currency in THREE_DECIMAL else 100 if currency in WHOLE_ONLY else 1
    return Money(draw(st.integers(0, (10**12 - 1) // step)) * step, currency)


@given(movable())
def test_what_is_written_out_is_read_back(money: Money) -> None:
    assert parse_money(f"{money.decimal:f}", money.currency) == money
    assert parse_money(f"{money.decimal:f} {money.currency.upper()}", money.currency) == money
    assert from_decimal(money.decimal, money.currency) == money


@given(movable())
def test_english_words_are_read_back_or_refused_but_never_misread(money: Money) -> None:
    shown = money.words("en_GB").replace("JP¥", "¥").replace("US$", "$")
    try:
        read = parse_money(shown.replace("\xa0", " "), money.currency)
    except AmountError:
        return
    assert read == money


@given(st.text("0123456789.,", min_size=1, max_size=14), st.sampled_from(CURRENCIES))
def test_whatever_is_typed_gives_its_own_digits_or_a_sentence(text: str, currency: str) -> None:
    try:
        money = parse_money(text, currency)
    except AmountError as error:
        assert str(error).endswith(".") or "amount" in str(error)
    else:
        typed, read = (re.sub(r"\D", "", part) for part in (text, f"{money.decimal:f}"))
        assert typed.strip("0") == read.strip("0")


@given(st.text(max_size=30), st.sampled_from(CURRENCIES))
def test_anything_else_is_a_sentence_too(text: str, currency: str) -> None:
    try:
        parse_money(text, currency)
    except AmountError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("20", "eur", 2000),
        ("20.00", "eur", 2000),
        ("20,00", "eur", 2000),
        ("€20", "eur", 2000),
        ("20 eur", "eur", 2000),
        ("20 €", "eur", 2000),
        ("1,234.50", "usd", 123450),
        ("1.234,50", "eur", 123450),
        ("1,234,567", "usd", 123456700),
        ("0.05", "usd", 5),
        ("$7", "aud", 700),
        ("500", "jpy", 500),
        ("¥500", "jpy", 500),
        ("1.250", "bhd", 1250),
        ("12", "bhd", 12000),
        ("1000", "isk", 100000),
        ("  20  ", "eur", 2000),
    ],
)
def test_amounts_people_type(text: str, currency: str, amount: int) -> None:
    assert parse_money(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        ("1.234", "eur", "two ways"),
        ("1,234", "usd", "two ways"),
        ("1,234", "bhd", "two ways"),
        ("20.005", "usd", "two ways"),
        ("20.0055", "usd", "has 2 decimals"),
        ("20.5", "jpy", "has 0 decimals"),
        ("20.50", "isk", "no decimals that can be used"),
        ("1.2345", "bhd", "has 3 decimals"),
        ("1.255", "bhd", "last digit"),
        ("€20", "usd", "in USD"),
        ("20 gbp", "eur", "in EUR"),
        ("1.234.56", "eur", "not an amount"),
        ("1,23,456", "usd", "not an amount"),
        ("1.2,3.4", "usd", "not an amount"),
        ("-5", "eur", "in EUR"),
        ("", "eur", "not an amount"),
        ("twenty", "eur", "not an amount"),
        ("1e5", "eur", "not an amount"),
        ("٢٠", "eur", "not an amount"),
        ("20 20", "eur", "not an amount"),
        ("9999999999999", "eur", "more than Stripe can move"),
        ("9" * 60, "eur", "more than Stripe can move"),
    ],
)
def test_amounts_that_are_refused_say_why(text: str, currency: str, why: str) -> None:
    with pytest.raises(AmountError, match=why):
        parse_money(text, currency)


@pytest.mark.parametrize(
    ("money", "locale", "words"),
    [
        (Money(1050, "eur"), "en_GB", "€10.50"),
        (Money(1050, "eur"), "de_DE", "10,50 €"),
        (Money(1050, "jpy"), "ja_JP", "￥1,050"),
        (Money(1050, "krw"), "en_US", "₩1,050"),
        (Money(1050, "bhd"), "en_US", "BHD 1.050"),
        (Money(105000, "isk"), "en_GB", "ISK 1,050.00"),
        (Money(105000, "huf"), "en_GB", "HUF 1,050.00"),
        (Money(-500, "eur"), "en_GB", "-€5.00"),
        (Money(0, "eur"), "en_GB", "€0.00"),
    ],
)
def test_amounts_in_words(money: Money, locale: str, words: str) -> None:
    """With Stripe's decimals, not ISO's: krónur and forints are sent with two."""
    assert money.words(locale).replace("\xa0", " ") == words


def test_every_locale_shows_the_decimals_that_stripe_counts() -> None:
    for locale in localedata.locale_identifiers():
        point = get_decimal_symbol(Locale.parse(locale))
        for currency in ("jpy", "eur", "bhd"):
            number = re.sub(r"^\D+|\D+$", "", Money(1234567, currency).words(locale))
            digits = "".join(str(int(c)) for c in number if c.isdecimal())
            decimals = number.rpartition(point)[2] if exponent(currency) else ""
            assert (locale, digits, len(decimals)) == (locale, "1234567", exponent(currency))


@pytest.mark.parametrize("currency", ["", "EUR", "eu", "euro", "e1r", "eur\n"])
def test_only_currency_codes_are_currencies(currency: str) -> None:
    with pytest.raises(AmountError):
        Money(1, currency)


def test_more_than_any_amount_is_refused_where_it_would_stop_being_exact() -> None:
    assert Money(2**63 - 1, "eur").decimal == Decimal(2**63 - 1) / 100
    with pytest.raises(AmountError):
        Money(2**63, "eur")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("20", set()),
        ("20 eur", {"eur"}),
        ("EUR 20", {"eur"}),
        ("20.00€", {"eur"}),
        ("£20", {"gbp"}),
        ("¥20", {"jpy", "cny"}),
        ("20 zł", {"pln"}),
    ],
)
def test_a_code_or_sign_says_which_currencies_may_be_meant(text: str, named: set[str]) -> None:
    assert currencies_named(text) == named


@pytest.mark.parametrize("text", ["20 lamps", "€20 eur", "-20 eur", "eur", "", "20 xyz"])
def test_what_names_no_currency_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        currencies_named(text)
