"""Amounts and moments in the words of one locale and time zone."""

import unicodedata
from datetime import UTC, datetime

import pytest
from babel import localedata

from bridge.model.money import Money
from bridge.model.words import Words

AT = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "timezone", "day", "moment", "deadline"),
    [
        ("en_GB", "UTC", "27 Nov 2026", "27 Nov 2026, 21:00", "27 Nov 2026, 21:00 UTC"),
        ("en_US", "UTC", "Nov 27, 2026", "Nov 27, 2026, 9:00 PM", "Nov 27, 2026, 9:00 PM UTC"),
        ("de_DE", "Europe/Berlin", "27.11.2026", "27.11.2026, 22:00", "27.11.2026, 22:00 MEZ"),
        ("en_GB", "Asia/Tokyo", "28 Nov 2026", "28 Nov 2026, 06:00", "28 Nov 2026, 06:00 +0900"),
    ],
)
def test_moments_are_told_where_the_readers_are(
    locale: str, timezone: str, day: str, moment: str, deadline: str
) -> None:
    words = Words(locale, timezone)
    assert (words.day(AT), words.moment(AT)) == (day, moment)
    told = words.deadline(AT)
    assert told == deadline or told.startswith(f"{moment} ")


def test_a_clock_that_is_put_back_tells_the_two_hours_apart() -> None:
    words = Words("en_GB", "Europe/Berlin")
    before, after = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert words.moment(before) == words.moment(after)
    assert words.deadline(before) != words.deadline(after)


@pytest.mark.parametrize("locale", sorted(localedata.locale_identifiers())[::7])
def test_no_locale_brings_anything_invisible_or_fails(locale: str) -> None:
    words = Words(locale, "Europe/Berlin")
    for text in (words.money(Money(-123456, "eur")), words.deadline(AT), words.day(AT)):
        assert text
        assert not {unicodedata.category(c) for c in text} & {"Cf", "Cc", "Zl", "Zp"}
