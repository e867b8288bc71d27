"""Moments as people type them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.commands.times import until
from bridge.model.errors import Refused

BERLIN = ZoneInfo("Europe/Berlin")
#: A Friday, half past one in Berlin.
NOW = datetime(2026, 11, 27, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "at", "rest"),
    [
        ("2h", "2026-11-27 14:30", ""),
        ("2 hours call her", "2026-11-27 14:30", "call her"),
        ("in 90m", "2026-11-27 14:00", ""),
        ("for 3d", "2026-11-30 12:30", ""),
        ("1w", "2026-12-04 12:30", ""),
        ("until tomorrow", "2026-11-28 08:00", ""),
        ("tomorrow 14:30 call her", "2026-11-28 13:30", "call her"),
        ("Tomorrow at 2pm", "2026-11-28 13:00", ""),
        ("tomorrow at the office", "2026-11-28 08:00", "at the office"),
        ("monday", "2026-11-30 08:00", ""),
        ("fri 9:00", "2026-12-04 08:00", ""),
        ("today 18:00", "2026-11-27 17:00", ""),
        ("18:00", "2026-11-27 17:00", ""),
        ("9am", "2026-11-28 08:00", ""),
        ("12am", "2026-11-27 23:00", ""),
        ("12pm", "2026-11-28 11:00", ""),
        ("2026-12-24 hello", "2026-12-24 08:00", "hello"),
        ("2027-07-01 09:00", "2027-07-01 07:00", ""),
    ],
)
def test_moments_are_read_as_they_are_meant_here(typed: str, at: str, rest: str) -> None:
    wanted = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert until(typed.split(), NOW, BERLIN) == (wanted, tuple(rest.split()))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Say when"),
        ("soon", "Say when"),
        ("mo", "Say when"),
        ("2", "Say when"),
        ("2y", "Say when"),
        ("0m", "past already"),
        ("today 9:00", "past already"),
        ("today", "past already"),
        ("2026-11-26", "past already"),
        ("2026-02-30", "no day 2026-02-30"),
        ("25:00", "no time 25:00"),
        ("13pm", "no time 13pm"),
        ("99w", "more than a year"),
        ("٢h", "Say when"),
    ],
)
def test_what_is_no_moment_says_how(typed: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        until(typed.split(), NOW, BERLIN)


def test_a_day_keeps_its_morning_when_the_clocks_change() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    at, _ = until(["tomorrow"], before, BERLIN)
    assert at == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)


@given(st.lists(st.text(min_size=1)), st.integers(0, 40_000))
def test_whatever_is_typed_is_later_or_refused(words: list[str], hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    try:
        at, rest = until(words, now, BERLIN)
    except Refused as refused:
        assert str(refused)
    else:
        assert now < at <= now + timedelta(days=366)
        assert list(rest) == words[len(words) - len(rest) :]


@given(st.integers(1, 300), st.sampled_from(["h", "hours", "d", "days", "min"]))
def test_lengths_are_exact(count: int, unit: str) -> None:
    joined, _ = until([f"{count}{unit}"], NOW, BERLIN)
    apart, _ = until([str(count), unit], NOW, BERLIN)
    seconds = {"h": 3600, "d": 86400, "m": 60}[unit[0]]
    assert joined == apart == NOW + timedelta(seconds=count * seconds)
