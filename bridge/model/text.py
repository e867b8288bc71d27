"""Texts of people and of Stripe, made harmless once, where they come in.

A `SafeText` has no control, bidi or zero-width characters and no line breaks unless asked for.
It is still plain text: each platform escapes it in its own way when a message is rendered.
"""

import re
import unicodedata
from itertools import pairwise
from typing import NewType

SafeText = NewType("SafeText", str)

CAP = 300
_SPACE = re.compile(r"\s+")
_LINE_SPACE = re.compile(r"[^\S\n]+")
_MANY_BREAKS = re.compile(r"\n{3,}")
_ONE_BREAK = {**dict.fromkeys(map(ord, "\r\x0b\x0c\x85\u2028\u2029"), "\n"), ord("\t"): " "}
#: Categories that are invisible, reorder what is visible, or mean nothing: format, control, surrogate, private.
_INVISIBLE = {"Cf", "Cc", "Cs", "Co", "Cn"}
#: Empty to the eye although their category says letter, mark or symbol: fillers, selectors, a blank.
_BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE0F)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
#: Emoji are held together, and coloured, by these; anywhere else they show nothing.
_JOINER, _EMOJI = "\u200d", "\ufe0f"
_GLUE = frozenset({_JOINER, _EMOJI})
#: Marks that sit on the letter before them; a pile of them covers the lines around it.
_MARKS = frozenset({"Mn", "Me"})
_MOST_MARKS = 4

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
#: What a platform makes something of by itself; an address that begins nothing else stays whole.
_STARTS = re.compile(
    r"(?P<address>(?<![^\s(,;→])(?!(?i:www)\.)[A-Za-z0-9](?:[\w.+'-]{0,62}[A-Za-z0-9])?"
    r"@(?!(?i:everyone|here|channel|all|room)\b)(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}"
    r"(?![\w@:/.-]))"
    r"|(?<=[^\W\d_]):(?=\S)|:(?=//)"  # a scheme: http://, mailto:, javascript:
    r"|(?<=\w)[.。．｡](?=[^\W\d_]{2})"  # noqa: RUF001 - dots that name servers take for dots
    r"|(?<![^\W_])[@＠](?=\S)|[@＠](?=[^\W_])"  # noqa: RUF001
    r"|#(?=[^\W\d_])|~(?=\w)|!(?=\w+:)"  # channels and rooms
    r"|(?<!\S)/(?=\w)"  # a bot's command
)


def safe(text: object, *, cap: int = CAP, lines: bool = False) -> SafeText:
    """Any value as text that cannot spoof or break out of a line; `lines` keeps line breaks."""
    visible = _nfc(_visible(_nfc(str(text)[: cap * 20])))
    if lines:
        each = (_LINE_SPACE.sub(" ", line).strip() for line in visible.split("\n"))
        tidy = _MANY_BREAKS.sub("\n\n", "\n".join(each)).strip()
    else:
        tidy = _SPACE.sub(" ", visible).strip()
    return SafeText(tidy if len(tidy) <= cap else _cut(tidy, cap))


def mask_email(address: str) -> SafeText:
    """`anna@example.org` as `a…@example.org`; anything that is no address as `…`."""
    if not _EMAIL.fullmatch(address):
        return SafeText("…")
    name, _, domain = address.rpartition("@")
    return safe(f"{name[:1]}…@{domain}")


def mask(text: str) -> SafeText:
    """Addresses by their domain, any other words by their first letters."""
    return safe(" ".join(_masked(word) for word in text.split()[:4]))


def unlinked(text: str) -> SafeText:
    """The same words, with a space where a platform would see a link, a mention or a command.

    Platforms turn bare text into links by themselves, so escaping is not enough. E-mail addresses
    stay as they are: people copy them.
    """
    while (broken := _STARTS.sub(_spaced, text)) != text:
        text = broken
    return SafeText(text)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _spaced(mark: re.Match[str]) -> str:
    return mark[0] if mark["address"] else f"{mark[0]} "


def _masked(word: str) -> str:
    return mask_email(word) if "@" in word else f"{word[:1]}…"


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    shown = [c for c in text.translate(_ONE_BREAK) if _shows(c)]
    kept: list[str] = []
    marks = 0
    for character, following in pairwise([*shown, ""]):
        if character in _GLUE and not _holds(character, kept, following):
            continue
        marks = marks + 1 if unicodedata.category(character) in _MARKS else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _shows(character: str) -> bool:
    if character == "\n" or character in _GLUE:
        return True
    return unicodedata.category(character) not in _INVISIBLE and character not in _BLANKS


def _holds(glue: str, before: list[str], after: str) -> bool:
    """Whether it stands where emoji need it."""
    kind = unicodedata.category(before[-1]) if before else ""
    if glue == _JOINER:
        joins = kind in {"So", "Sk"} or before[-1:] == [_EMOJI]
        return joins and bool(after) and unicodedata.category(after) == "So"
    return kind in {"So", "Sm", "Po", "Nd"}


def _cut(text: str, cap: int) -> str:
    return text[: cap - 1].rstrip(f" \n{_JOINER}") + "…"
