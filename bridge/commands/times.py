"""Moments as people type them: `2h`, `tomorrow`, `monday 14:30`, `2026-11-30`. Pure."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bridge.model.errors import Refused

HOW = "Say when: 30m, 2h, 3d, tomorrow, monday 14:30, 18:00 or 2026-11-30."
#: When a day begins for whoever names only the day.
_MORNING = time(9)
_LONGEST = timedelta(days=366)
_UNITS = {
    "minutes": ("m", "min", "mins", "minute", "minutes"),
    "hours": ("h", "hr", "hrs", "hour", "hours"),
    "days": ("d", "day", "days"),
    "weeks": ("w", "week", "weeks"),
}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LENGTH = re.compile(r"(\d{1,5})([a-z]+)", re.ASCII)
_NUMBER = re.compile(r"\d{1,5}", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_HALF_DAY = re.compile(r"(\d{1,2})(am|pm)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BEFORE = {"in", "for", "until", "till", "on", "at"}


def until(words: Sequence[str], now: datetime, zone: ZoneInfo) -> tuple[datetime, tuple[str, ...]]:
    """The moment that the words begin with, in UTC, and the words behind it.

    Raises `Refused` if they begin with none, or it is past or more than a year away.
    """
    rest = list(words)
    if rest and rest[0].lower() in _BEFORE:
        rest.pop(0)
    length = _take_length(rest)
    at = now + length if length is not None else _take_moment(rest, now.astimezone(zone), zone)
    if at <= now:
        raise Refused(f"That is past already. {HOW}")
    if at - now > _LONGEST:
        raise Refused("That is more than a year away, and I don't keep it for so long.")
    return at.astimezone(now.tzinfo), tuple(rest)


def _take_length(rest: list[str]) -> timedelta | None:
    """`2h`, or `2 hours`."""
    first, second = (word.lower() for word in [*rest, "", ""][:2])
    if (found := _LENGTH.fullmatch(first)) and found[2] in _UNIT:
        del rest[:1]
        return timedelta(**{_UNIT[found[2]]: int(found[1])})
    if _NUMBER.fullmatch(first) and second in _UNIT:
        del rest[:2]
        return timedelta(**{_UNIT[second]: int(first)})
    return None


def _take_moment(rest: list[str], here: datetime, zone: ZoneInfo) -> datetime:
    day = _day(rest[0].lower(), here.date()) if rest else None
    if day:
        rest.pop(0)
        if len(rest) > 1 and rest[0].lower() == "at" and _clock(rest[1]):
            rest.pop(0)
    clock = _clock(rest[0].lower()) if rest else None
    if clock:
        rest.pop(0)
    if day is None and clock is None:
        raise Refused(HOW)
    if day:
        return datetime.combine(day, clock or _MORNING, zone)
    today = datetime.combine(here.date(), clock or _MORNING, zone)
    later = datetime.combine(here.date() + timedelta(days=1), clock or _MORNING, zone)
    return today if today > here else later


def _day(word: str, today: date) -> date | None:
    if word == "today":
        return today
    if word == "tomorrow":
        return today + timedelta(days=1)
    if len(word) >= 3 and (names := [name for name in _DAYS if name.startswith(word)]):
        return today + timedelta(days=(_DAYS.index(names[0]) - today.weekday() - 1) % 7 + 1)
    if not _DATE.fullmatch(word):
        return None
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise Refused(f"There is no day {word}.") from None


def _clock(word: str) -> time | None:
    """`14:30`, `9am`."""
    try:
        if found := _CLOCK.fullmatch(word):
            return time(int(found[1]), int(found[2]))
        if found := _HALF_DAY.fullmatch(word):
            hour = int(found[1]) % 12 if 1 <= int(found[1]) <= 12 else 24
            return time(hour + (12 if found[2] == "pm" else 0))
    except ValueError:
        raise Refused(f"There is no time {word}.") from None
    return None
