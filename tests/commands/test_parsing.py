"""What counts as a command, and what is just talk."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.commands.arguments import read
from bridge.commands.parsing import Answer, Unclear, parse
from bridge.commands.refund import Wish, read_wish
from bridge.model.command import Command
from bridge.model.errors import Refused


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
        ("!stripe hum", True, Unclear("hum", None)),
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
    with suppress(Refused):
        read_wish(read(body))


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
        ("duplicate 20 eur", Wish("20 eur", "duplicate", "")),
        ("duplicate all", Wish(None, "duplicate", "")),
        ("reason=duplicate 20", Wish("20", "duplicate", "")),
        ('amount="20 eur" reason="came too late"', Wish("20 eur", None, "came too late")),
        ("all of 2 parcels", Wish(None, None, "of 2 parcels")),
        ("came 2 days late", Wish(None, None, "came 2 days late", "2")),
        ("for order no7", Wish(None, None, "for order no7")),
        (
            "20 EUR requested_by_customer came late",
            Wish("20 EUR", "requested_by_customer", "came late"),
        ),
    ],
)
def test_refunds_are_read_as_people_type_them(rest: str, wish: Wish) -> None:
    assert read_wish(read(rest)) == wish


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        ("20 amount=30", "two amounts: 20 and 30"),
        ("all amount=30", "two amounts: all and 30"),
        ("duplicate reason=fraudulent", "two reasons"),
        ("20 order=7", "not order="),
    ],
)
def test_refunds_that_say_two_things_are_asked_back(rest: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        read_wish(read(rest))
