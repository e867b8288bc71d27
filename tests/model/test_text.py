"""Texts of others: nothing invisible, no second line, no hidden direction; masks that leak nothing."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.model.text import mask, mask_email, safe, unlinked

wild = st.text(st.characters(codec=None), max_size=60) | st.text(
    st.sampled_from(
        "ab \n\t\u200b\u200d\ufe0f\u202e\u0301\u0335\u20dd👩💻♀🏽e\u00ad\u2028\u3164#@.:/|"
    ),
    max_size=30,
)


@given(wild, st.booleans(), st.integers(2, 60))
@example("e\u200b\u0301", False, 60)
@example("a\u0301\u0301\u0301\u0301\u200b\u0301\u0301", False, 60)
@example("👩\u200d💻👩\u200d💻", False, 3)
def test_made_safe_twice_is_made_safe_once(text: str, lines: bool, cap: int) -> None:
    once = safe(text, cap=cap, lines=lines)
    assert safe(once, cap=cap, lines=lines) == once
    assert len(once) <= cap


@given(wild, st.booleans())
def test_nothing_invisible_is_left(text: str, lines: bool) -> None:
    shown = safe(text, lines=lines)
    for place, character in enumerate(shown):
        if character == "\u200d":  # only inside an emoji
            assert unicodedata.category(shown[place + 1]) == "So"
        else:
            allowed = character == "\n" and lines
            assert allowed or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert not set(shown) & set("\u034f\u115f\u1160\u2800\u3164\uffa0\u2028\u2029\x85")
    assert not re.search(r"\s\s", shown.replace("\n", "")) or lines
    assert shown == shown.strip()


@given(wild)
def test_one_line_stays_one_line(text: str) -> None:
    assert len(safe(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Anna Weber", "Anna Weber"),
        ("  Anna\r\n Weber\t", "Anna Weber"),
        ("gnp\u202eexe", "gnpexe"),
        ("pay\u200bpal", "paypal"),
        ("Zoë", "Zoë"),
        ("Zoe\u0308", "Zoë"),
        ("שלום", "שלום"),
        ("नमस्ते", "नमस्ते"),
        ("👩‍💻 ok ❤️", "👩‍💻 ok ❤️"),
        ("1️⃣", "1️⃣"),
        ("z" + "\u0335" * 40, "z" + "\u0335" * 4),
        ("a\ud800b", "ab"),
        (None, "None"),
        (12, "12"),
    ],
)
def test_ordinary_names_stay_and_tricks_go(text: object, shown: str) -> None:
    assert safe(text) == shown


def test_lines_are_kept_where_they_are_asked_for() -> None:
    assert (
        safe("one \r\n\r\n\r\n\r\n two\u2028three", lines=True)
        == "one\n\n\n\n two\n".replace("\n\n\n\n ", "\n\n") + "three"
    )


def test_long_texts_end_in_an_ellipsis() -> None:
    assert safe("abc def", cap=5) == "abc…"
    assert len(safe("x" * 10_000)) == 300


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("anna@example.org", "a…@example.org"),
        ("Anna Weber", "A… W…"),
        ("Bob @ Main Street 5, Berlin", "B… … M… S…"),
        ("Anna anna@example.org", "A… a…@example.org"),
        ("a@b@c.example", "…"),
        ("@handle", "…"),
        ("+49 30 5550199", "+… 3… 5…"),
        ("", ""),
    ],
)
def test_masks(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=80))
def test_a_mask_shows_at_most_a_letter_of_each_word_and_domains(text: str) -> None:
    words = mask(safe(text)).split()
    assert len(words) <= 4
    for word in words:
        assert re.fullmatch(r".?…(@[^\s@]+)?", word)


@given(st.text(max_size=40))
def test_what_is_no_address_shows_nothing(text: str) -> None:
    shown = mask_email(text)
    assert shown == "…" or text.count("@") == 1


@pytest.mark.parametrize(
    "text",
    [
        "Anna Weber",
        "O'Neil & Söhne GmbH",
        "anna.weber+shop@example.co.uk",
        "€1,234.50, charged twice",
        "27 Nov 2026, 21:00",
        "Order #1042, size M/L",
        "Why: not as described",
        "e.g. 50 % … → 2.5 kg",
        "old@example.org → new@example.com",
    ],
)
def test_ordinary_texts_are_not_touched(text: str) -> None:
    assert unlinked(text) == text


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("http://evil.com/x", "http: //evil. com/x"),
        ("see www.evil.com", "see www. evil. com"),
        ("Win at evil.com!", "Win at evil. com!"),
        ("@everyone", "@ everyone"),
        ("hi@everyone", "hi@ everyone"),
        ("@anna:example.org", "@ anna: example. org"),
        ("#finance:example.org", "# finance: example. org"),
        ("mailto:a@example.org", "mailto: a@ example. org"),
        ("javascript:alert(1)", "javascript: alert(1)"),
        ("www.evil.com@example.org", "www. evil. com@ example. org"),
        ("user@here.com", "user@ here. com"),
        ("a@example.org/x", "a@ example. org/x"),
        ("/start", "/ start"),
        ("~town-square", "~ town-square"),
    ],
)
def test_links_and_mentions_are_broken_by_a_space(text: str, broken: str) -> None:
    assert unlinked(text) == broken


@given(st.text(st.sampled_from("ab.:/@# wexo-_"), max_size=40))
def test_breaking_twice_is_breaking_once(text: str) -> None:
    assert unlinked(unlinked(text)) == unlinked(text)
    assert re.sub(r"\s", "", unlinked(text)) == re.sub(r"\s", "", text)
