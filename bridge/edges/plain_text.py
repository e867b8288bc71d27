"""A message as plain text that means nothing more on any platform.

One text goes to all of them, so nothing can be escaped: what a platform could take for markup is
replaced by a look-alike that none of them knows.
"""

import re
from collections.abc import Iterator

from bridge.model.message import Message
from bridge.model.signal import SignalClass
from bridge.model.text import unlinked

TITLE_LIMIT = 200
_ICONS = {SignalClass.PAGE: "🚨 ", SignalClass.NOTIFY: "🔔 "}
_MARKS = str.maketrans({"*": "∗", "`": "'", "~": "∼", "\\": "＼"})  # noqa: RUF001
_MARKUP = re.compile(
    r"(?P<open><)(?=\S)"  # <@id>, <!channel>, <at>, <b>, <http://…|text>
    r"|(?P<link>\])(?=[(\[:])"  # [text](address)
    r"|(?P<edge>(?<![^\W_])_+|_+(?![^\W_]))"  # _emphasis_, but not snake_case
    r"|(?P<bars>\|)(?=\|)"  # ||hidden||
    r"|(?P<emoji>:)(?=[\w+-]+:)"
    r"|(?P<entity>&)(?=#?\w+;)"
)
#: What makes a heading, a quotation or a list at the start of a line.
_LINE_START = re.compile(r"^(?=\s*(?:[#>+=|-]|\d+[.)]))", re.MULTILINE)


def plain_text(message: Message, limit: int) -> tuple[str, str]:
    """Title and body, together not longer than `limit` characters; the links are kept longest."""
    test = "[test] " if message.test_mode else ""
    title = _cut(
        f"{_ICONS.get(message.tone, '') if message.tone else ''}{test}{unmarked(message.title)}",
        min(TITLE_LIMIT, limit),
    )
    links = "\n".join(f"{unmarked(link.label)}: {link.url}" for link in message.links)
    room = limit - len(title) - len(links) - 1
    body = _cut("\n".join(_lines(message)), max(room, 0))
    kept = links if room >= 0 else ""
    return title, "\n".join(filter(None, (body, kept)))


def unmarked(text: str) -> str:
    """The same words without links, mentions or markup, on whatever platform they are read."""
    plain = _MARKUP.sub(_replaced, unlinked(text).translate(_MARKS))
    return _LINE_START.sub("· ", plain)


def _replaced(mark: re.Match[str]) -> str:
    look_alikes = {
        "open": "‹",  # noqa: RUF001
        "link": "] ",
        "edge": "＿" * len(mark[0]),  # noqa: RUF001
        "bars": "¦",
        "emoji": ": ",
        "entity": "& ",
    }
    return look_alikes[mark.lastgroup or ""]


def _lines(message: Message) -> Iterator[str]:
    yield from (unmarked(line) for line in message.lines)
    yield from (f"{unmarked(fact.label)}: {unmarked(fact.value)}" for fact in message.facts)
    if message.text:
        yield unmarked(message.text)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…" * (limit > 0)
