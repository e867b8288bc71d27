"""How amounts and moments are told: in one language, in one time zone."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name

from bridge.model.money import Money
from bridge.model.text import SafeText, safe


@dataclass(frozen=True)
class Words:
    """`locale` is Babel's (`en_GB`), `timezone` a name of the tz database (`Europe/Berlin`)."""

    locale: str = "en_GB"
    timezone: str = "UTC"

    def money(self, money: Money) -> SafeText:
        return safe(money.words(self.locale))

    def day(self, at: datetime) -> SafeText:
        """`27 Nov 2026`."""
        return safe(format_date(self._here(at), "medium", locale=self._locale))

    def moment(self, at: datetime) -> SafeText:
        """`27 Nov 2026, 21:00`."""
        clock = format_time(self._here(at), "short", locale=self._locale, tzinfo=self._zone)
        pattern = str(self._locale.datetime_formats["medium"])
        return safe(pattern.replace("{1}", self.day(at)).replace("{0}", clock).replace("'", ""))

    def deadline(self, at: datetime) -> SafeText:
        """`1 Dec 2026, 23:59 UTC`: what must not be misread names its zone."""
        zone = get_timezone_name(self._here(at), width="short", locale=self._locale)
        return safe(f"{self.moment(at)} {zone}")

    def _here(self, at: datetime) -> datetime:
        return at.astimezone(self._zone)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def _locale(self) -> Locale:
        return Locale.parse(self.locale)
