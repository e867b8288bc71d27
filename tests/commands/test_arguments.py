"""How what stands behind a verb is read, and how it is asked back when it could mean several things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.commands.arguments import Arguments, read
from bridge.commands.choices import MOST, which
from bridge.commands.desk import refusal
from bridge.model.errors import Refused

PLAIN = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("rest", "words", "named"),
    [
        ("", (), {}),
        ("  20   pi_1\nnow ", ("20", "pi_1", "now"), {}),
        ('20 "came too late"', ("20", "came too late"), {}),
        ("“came too late” 20", ("came too late", "20"), {}),
        ("„kam zu spät“ 20", ("kam zu spät", "20"), {}),
        ('“opened by a phone"', ("opened by a phone",), {}),
        ("«trop tard»", ("trop tard",), {}),
        ("she didn't get Anna's parcel", ("she", "didn't", "get", "Anna's", "parcel"), {}),
        ("'tis all", ("'tis", "all"), {}),
        ('a 5" screen', ("a", '5"', "screen"), {}),
        ("20 reason=duplicate", ("20",), {"reason": "duplicate"}),
        (
            'Reason="came twice" for="a \'good\' one"',
            (),
            {"reason": "came twice", "for": "a 'good' one"},
        ),
        ('"a=b" c', ("a=b", "c"), {}),
        ("https://example.org/?a=b", ("https://example.org/?a=b",), {}),
        ("1=2", ("1=2",), {}),
        ("sum=1=2", (), {"sum": "1=2"}),
        ('"" x', ("", "x"), {}),
    ],
)
def test_words_are_read_as_people_type_them(
    rest: str, words: tuple[str, ...], named: dict[str, str]
) -> None:
    assert read(rest) == Arguments(words, named)


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        ('20 "came too late', "where the quotation ends"),
        ("reason=a reason=b", "gave reason twice: “a” and “b”"),
        ("reason= duplicate", "What is reason?"),
        ('reason=""', "What is reason?"),
    ],
)
def test_what_could_be_meant_otherwise_is_refused(rest: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        read(rest)


@given(st.text())
def test_nothing_but_a_sentence_comes_of_any_text(rest: str) -> None:
    try:
        found = read(rest)
    except Refused as refused:
        assert str(refused)
    else:
        assert all(found.named.values())


@given(st.lists(PLAIN), st.dictionaries(st.sampled_from(["reason", "to", "for"]), PLAIN))
def test_what_is_written_is_what_is_read(words: list[str], named: dict[str, str]) -> None:
    """However it is quoted, and wherever the named ones stand."""
    typed = [f'"{w}"' if n % 2 else w for n, w in enumerate(words)]
    typed[1:1] = [f"{key}={value}" for key, value in named.items()]
    assert read(" ".join(typed)) == Arguments(tuple(words), named)


def test_choices_are_told_with_the_exact_command() -> None:
    message = refusal(which("Which one?", [("€20.00 of 3 May", "!stripe refund ch_1")]))
    assert (message.title, message.lines) == (
        "Which one?",
        ("€20.00 of 3 May: `!stripe refund ch_1`",),
    )


def test_too_many_choices_are_said_to_be_more() -> None:
    message = refusal(which("Which one?", [(f"{n}", f"show {n}") for n in range(MOST + 3)]))
    assert len(message.lines) == MOST + 1
    assert "3 more" in message.lines[-1]
