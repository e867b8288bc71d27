"""The configuration's routes: what matches, in which order, and why not."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config.schema import ROUTES, Match, Route, Target
from bridge.model.money import Money
from bridge.model.signal import Objects, Signal, SignalClass
from bridge.model.text import SafeText
from bridge.notices.routing import expanded, route

TARGETS = {
    "pager": Target(apprise="json://127.0.0.1/a", tags=("page",)),  # type: ignore[arg-type]
    "mail": Target(apprise="json://127.0.0.1/b", tags=("page", "finance")),  # type: ignore[arg-type]
    "log": Target(apprise="json://127.0.0.1/c"),  # type: ignore[arg-type]
}


def signal(**changes: Any) -> Signal:
    return Signal(**{
        "account": "acme",
        "event_id": "evt_1",
        "type": "charge.dispute.created",
        "signal_class": SignalClass.PAGE,
        "title": SafeText("Dispute opened"),
        "facts": (),
        "objects": Objects(),
        "dedup_key": "acme:dispute:dp_1:opened",
        "occurred_at": datetime(2026, 11, 27, tzinfo=UTC),
        "livemode": True,
        "money": Money(12900, "eur"),
        "metadata": {"order": "BF-1042"},
        **changes,
    })  # fmt: skip


def matches(match: Match, **changes: Any) -> bool:
    rule = Route(name="one", match=match, to=("room",))
    return route(signal(**changes), (rule,), {}).destinations == ("room",)


@pytest.mark.parametrize(
    ("match", "yes", "no"),
    [
        (Match(classes=(SignalClass.PAGE,)), {}, {"signal_class": SignalClass.NOTIFY}),
        (Match(types=("charge.dispute.*",)), {}, {"type": "charge.failed"}),
        (Match(types=("charge.dispute.created",)), {}, {"type": "charge.dispute.createdx"}),
        (
            Match(types=("*.created", "payout.*")),
            {"type": "payout.paid"},
            {"type": "refund.failed"},
        ),
        (Match(accounts=("acme",)), {}, {"account": "other"}),
        (Match(currencies=("eur", "usd")), {}, {"money": Money(1, "gbp")}),
        (Match(currencies=("eur",)), {}, {"money": None}),
        (Match(livemode=False), {"livemode": False}, {}),
        (Match(metadata={"order": "BF-*"}), {}, {"metadata": {"order": "X"}}),
        (Match(metadata={"order": "*"}), {}, {"metadata": {}}),
        (
            Match(currencies=("eur",), amount_at_least=Decimal(129)),
            {},
            {"money": Money(12899, "eur")},
        ),
        (
            Match(currencies=("jpy",), amount_at_least=Decimal(500)),
            {"money": Money(500, "jpy")},
            {"money": Money(499, "jpy")},
        ),
        (
            Match(currencies=("bhd",), amount_at_least=Decimal("1.5")),
            {"money": Money(1500, "bhd")},
            {"money": Money(1490, "bhd")},
        ),
    ],
)
def test_a_condition_tells_signals_apart(
    match: Match, yes: dict[str, Any], no: dict[str, Any]
) -> None:
    assert matches(match, **yes)
    assert not matches(match, **no)


def test_all_conditions_must_hold() -> None:
    both = Match(types=("charge.*",), livemode=True)
    assert matches(both)
    assert not matches(both, livemode=False)


def test_routes_add_up_until_the_last() -> None:
    rules = (
        Route(name="a", to=("room", "@log")),
        Route(name="b", match=Match(types=("payout.*",)), to=("#finance",), last=True),
        Route(name="c", to=("@log", "#payments"), last=True),
        Route(name="d", to=("#never",)),
    )
    routed = route(signal(), rules, TARGETS)
    assert routed.destinations == ("room", "@log", "#payments")
    assert routed.matched == ("a", "c")
    assert [looked.route for looked in routed.trace] == ["a", "b", "c"]
    assert routed.trace[1].but == "its type is charge.dispute.created"


def test_a_route_to_nowhere_can_end_the_search() -> None:
    rules = (Route(name="mute", to=(), last=True), *ROUTES)
    assert route(signal(), rules, TARGETS).destinations == ()


def test_a_tag_is_every_target_that_has_it() -> None:
    assert expanded(("tag:page", "@mail", "tag:nobody"), TARGETS) == ("@pager", "@mail")


def test_by_default_pages_interrupt_and_the_rest_stays_in_its_room() -> None:
    assert route(signal(), ROUTES, TARGETS).destinations == (
        "room",
        "#payments-critical",
        "@pager",
        "@mail",
    )
    for calm in (SignalClass.NOTIFY, SignalClass.GROUP, SignalClass.DIGEST):
        assert route(signal(signal_class=calm), ROUTES, TARGETS).destinations == ("room",)


@given(st.text("ab.*", max_size=12), st.text("ab.", max_size=12))
def test_a_star_is_any_letters_and_nothing_else_is_special(pattern: str, text: str) -> None:
    def like(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(like(pattern[1:], text[i:]) for i in range(len(text) + 1))
        return text[:1] == pattern[0] and like(pattern[1:], text[1:])

    assert matches(Match(metadata={"k": pattern}), metadata={"k": text}) == like(pattern, text)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_amounts_are_compared_exactly(amount: int, least: int) -> None:
    match = Match(currencies=("eur",), amount_at_least=Decimal(least).scaleb(-2))
    assert matches(match, money=Money(amount, "eur")) == (amount >= least)
