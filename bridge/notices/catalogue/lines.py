"""How the lines of a message are described in a row: each of these makes one."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from bridge.model.signal import Fact
from bridge.model.text import safe
from bridge.model.words import Words
from bridge.notices.catalogue.row import Line
from bridge.notices.catalogue.seen import Paths, Seen, Telling, dig
from bridge.notices.phrases import ADVICE, BRANDS, Phrases, phrase

NO_PHRASES: Phrases = MappingProxyType({})
#: A delivery address in the details of a customer: nothing that is told lies deeper.
_DEEPEST = 2


def line(label: str, tell: Telling, *, personal: bool = False) -> Line:
    def write(seen: Seen) -> Iterator[Fact]:
        if value := tell(seen):
            yield Fact(label, safe(value), personal)

    return write


def text(label: str, paths: Paths, *, personal: bool = False) -> Line:
    """A text as Stripe has it."""
    return line(label, lambda seen: seen.text(paths), personal=personal)


def code(label: str, paths: Paths, phrases: Phrases) -> Line:
    """One of Stripe's codes, in words."""
    return line(label, words_for(paths, phrases))


def amount(label: str, path: str, currency: Paths = "currency") -> Line:
    return line(label, lambda seen: seen.amount(path, currency))


def day(label: str, paths: Paths) -> Line:
    return line(label, _at(paths, Words.day))


def deadline(label: str, paths: Paths) -> Line:
    return line(label, _at(paths, Words.deadline))


def _at(paths: Paths, words: Callable[[Words, datetime], str]) -> Telling:
    def tell(seen: Seen) -> str | None:
        at = seen.moment(paths)
        return words(seen.words, at) if at else None

    return tell


def words_for(paths: Paths, phrases: Phrases) -> Telling:
    def tell(seen: Seen) -> str | None:
        found = seen.text(paths)
        return phrase(found, phrases) if found else None

    return tell


def changed(
    label: str, path: str, *, phrases: Phrases = NO_PHRASES, personal: bool = False
) -> Line:
    """`old → new`, only where it changed."""

    def tell(seen: Seen) -> str | None:
        if not seen.changed(path):
            return None
        before, now = dig(seen.event.previous, path), dig(seen.event.object, path)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            before = {**now, **before}  # only what changed of it is among the old values
        old, new = _shown(before, phrases), _shown(now, phrases)
        return None if old == new else f"{old} → {new}"

    return line(label, tell, personal=personal)


def _shown(value: object, phrases: Phrases, depth: int = 0) -> str:
    match value:
        case None | "":
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case str():
            return safe(phrase(value, phrases) if phrases else value, cap=120)
        case int():
            return str(value)
        case dict() | list() if depth < _DEEPEST:
            inner = list(value.values()) if isinstance(value, dict) else value
            shown = (_shown(one, phrases, depth + 1) for one in inner[:12] if one)
            return safe(", ".join(shown), cap=120) or "nothing"
        case _:
            return "something else"


def card_at(paths: Paths) -> Telling:
    """`Visa ending 4242` from where a card's own details stand; no path is the object itself."""

    def tell(seen: Seen) -> str | None:
        found = seen.at(paths) if paths else seen.event.object
        brand, last4 = dig(found, "brand"), dig(found, "last4")
        if not isinstance(last4, str) or not last4.isalnum():
            return None
        name = brand.lower().replace(" ", "_") if isinstance(brand, str) else "card"
        return f"{BRANDS.get(name) or brand} ending {last4[:4]}"

    return tell


def card(paths: Paths) -> Line:
    return line("Card", card_at(paths))


def advice(paths: Paths) -> Line:
    return code("The bank's advice", paths, ADVICE)
