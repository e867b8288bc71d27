"""What stands behind a verb, in words: `20 pi_1 reason="came twice"`. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bridge.model.errors import Refused

#: What phones and word processors make of the plain sign, and what other languages open with.
_CLOSES = {'"': '"”“', "“": '”"“', "”": '”"', "„": '“”"', "«": "»", "»": "«"}
_NAME = re.compile(r"([A-Za-z][A-Za-z_]{0,39})=")
_SPACE = re.compile(r"\s+")
_PLAIN = re.compile(r"\S+")


@dataclass(frozen=True)
class Arguments:
    """`words` in their order; `named` are those given as `key=value`, their keys in small letters."""

    words: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def read(rest: str) -> Arguments:
    """Quotes at the beginning of a word or value group; anywhere else they are letters, as apostrophes are.

    Raises `Refused` for a quote that is not closed, a key given twice, and a key without a value.
    """
    words: list[str] = []
    named: dict[str, str] = {}
    for key, word in _each(rest):
        if not key:
            words.append(word)
        elif not word:
            raise Refused(f"What is {key}? Write it right behind the sign: `{key}=…`.")
        elif key in named:
            raise Refused(f"You gave {key} twice: “{named[key]}” and “{word}”. Which one is it?")
        else:
            named[key] = word
    return Arguments(tuple(words), named)


def _each(rest: str) -> Iterator[tuple[str, str]]:
    """Key (empty if there is none) and word."""
    at, end = 0, len(rest)
    while at < end:
        if space := _SPACE.match(rest, at):
            at = space.end()
            continue
        key = ""
        if name := _NAME.match(rest, at):
            key, at = name[1].lower(), name.end()
        word, at = _word(rest, at)
        yield key, word


def _word(rest: str, at: int) -> tuple[str, int]:
    """The word there, and where it ends."""
    if closes := _CLOSES.get(rest[at : at + 1]):
        ends = [found for mark in closes if (found := rest.find(mark, at + 1)) >= 0]
        if not ends:
            raise Refused(f"I can't see where the quotation ends that begins with {rest[at:][:40]}")
        return rest[at + 1 : min(ends)].strip(), min(ends) + 1
    plain = _PLAIN.match(rest, at)
    return (plain[0], plain.end()) if plain else ("", at)
