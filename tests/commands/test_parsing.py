"""What counts as a command, and what is just talk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.commands.parsing import Answer, Unclear, parse
from bridge.commands.refund import Wish, read_wish
from bridge.model.command import Command


@pytest.mark.parametrize(
    ("body", "reply", "meant"),
    [
        ("!stripe refund 20", False, Command("refund", "20")),
        ("  !stripe   Refund   20 eur ", False, Command("refund", "20 eur")),
        ("!stripe", False, Command("help")),
        ("!stripes refund", False, None),
        ("refund 20", False, None),
        ("refund 20", True, Command("refund", "20")),
        ("NOTE called her\nback later", True, Command("note", "called her\nback later")),
        ("yes", True, Answer(yes=True)),
        ("Yes.", True, Answer(yes=True)),
        ("no!", True, Answer(yes=False)),
        ("yes", False, None),
        ("yes please do that later", True, None),
        ("refunding is hard", True, None),
        ("!stripe refnd 20", False, Unclear("refnd", "refund")),
        ("!stripe sing", True, Unclear("sing", None)),
        ("what is this?", True, None),
        ("", True, None),
    ],
)
def test_bodies(body: str, reply: bool, meant: object) -> None:
    assert parse(body, reply=reply) == meant


@given(st.text())
def test_nothing_that_is_typed_raises(body: str) -> None:
    parse(body, reply=True)
    parse("!stripe " + body, reply=False)
    read_wish(body)


@pytest.mark.parametrize(
    ("rest", "wish"),
    [
        ("", Wish(None, None, "")),
        ("20", Wish("20", None, "")),
        ("20.00 eur", Wish("20.00 eur", None, "")),
        ("eur 20", Wish("eur 20", None, "")),
        ("€20 duplicate", Wish("€20", "duplicate", "")),
        ("20 for the delay", Wish("20", None, "for the delay")),
        ("all fraudulent stolen card", Wish(None, "fraudulent", "stolen card")),
        ("duplicate", Wish(None, "duplicate", "")),
        ("she was charged twice", Wish(None, None, "she was charged twice")),
        (
            "20 EUR requested_by_customer came late",
            Wish("20 EUR", "requested_by_customer", "came late"),
        ),
    ],
)
def test_refunds_are_read_as_people_type_them(rest: str, wish: Wish) -> None:
    assert read_wish(rest) == wish
