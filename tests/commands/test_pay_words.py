"""What stands behind `pay`, in its parts, and the currency that is meant."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.commands.arguments import read
from bridge.commands.pay_words import Wish, meant_money, read_wish
from bridge.model.errors import BridgeError, Refused
from bridge.model.money import Money
from bridge.model.text import SafeText, safe


@pytest.mark.parametrize(
    ("typed", "amount", "purpose", "customer"),
    [
        ("50", "50", "", None),
        ("50.00 eur", "50.00 eur", "", None),
        ("eur 50", "eur 50", "", None),
        ("€50 for a lamp", "€50", "a lamp", None),
        ("50 for a trip to Rome", "50", "a trip to Rome", None),
        ("50 for a trip to Rome to cus_1", "50", "a trip to Rome", "cus_1"),
        ("50 to cus_1 for a trip to Rome", "50", "a trip to Rome", "cus_1"),
        ("50 eur to ada@example.com", "50 eur", "", "ada@example.com"),
        ("50 to anyone", "50", "", "anyone"),
        ('50 for "a letter to ada@example.com"', "50", "a letter to ada@example.com", None),
        ('50 eur for="a lamp" to=cus_1', "50 eur", "a lamp", "cus_1"),
        ("50 for one\nline", "50", "one line", None),
    ],
)
def test_the_parts(typed: str, amount: str, purpose: str, customer: str | None) -> None:
    assert read_wish(typed) == Wish(amount, SafeText(purpose), customer)


@given(st.text(max_size=80))
def test_anything_typed_is_read_whole_or_refused_in_a_sentence(rest: str) -> None:
    with suppress(BridgeError):
        wish = read_wish(f"50 eur {rest}")
        typed = read(rest)
        kept = f"{wish.purpose} {wish.customer or ''}"
        assert wish.amount == "50 eur"
        assert wish.purpose == safe(wish.purpose)
        for word in [*typed.words, *typed.named.values()]:
            assert word.lower() in {"for", "to"} or letters(safe(word)) in letters(kept)


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@given(st.text(max_size=40), st.sets(st.sampled_from(["eur", "usd", "jpy", "kwd"])))
def test_whatever_the_amount_it_is_money_or_a_sentence(amount: str, known: set[str]) -> None:
    try:
        money = meant_money(Wish(amount, SafeText(""), None), known)
    except BridgeError as error:
        assert str(error)[-1] in ".?`”"
    else:
        assert money.amount > 0


@pytest.mark.parametrize(
    ("amount", "known", "money"),
    [
        ("50", {"eur"}, Money(5000, "eur")),
        ("50 usd", {"eur"}, Money(5000, "usd")),
        ("$50", {"usd"}, Money(5000, "usd")),
        ("$50", {"cad", "eur"}, Money(5000, "cad")),
        ("¥500", {"jpy"}, Money(500, "jpy")),
    ],
)
def test_the_currency_typed_wins_then_the_only_usual_one(
    amount: str, known: set[str], money: Money
) -> None:
    assert meant_money(Wish(amount, SafeText(""), None), known) == money


@pytest.mark.parametrize(
    ("amount", "known"), [("50", {"eur", "usd"}), ("$50", set()), ("$50", {"usd", "cad"})]
)
def test_several_currencies_are_asked_back_with_what_to_write(amount: str, known: set[str]) -> None:
    with pytest.raises(Refused) as asked:
        meant_money(Wish(amount, SafeText("tea"), "cus_1"), known)
    assert all("`!stripe pay 50 " in line for line in asked.value.lines)
    assert all(line.endswith("for tea to cus_1`") for line in asked.value.lines)
