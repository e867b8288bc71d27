"""A message as the content of a Matrix event."""

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from bridge.model.message import Link, Message
from bridge.model.signal import Fact, SignalClass
from bridge.model.text import SafeText, unlinked

#: Where programs that read the room find the delivery and Stripe's ids.
OURS = "io.github.stripe-chat-bridge.delivery"
#: A whole event may have 65,536 bytes; what the homeserver adds to the content must fit too.
MOST_BYTES = 48_000
_ICONS: Mapping[SignalClass | None, str] = {
    SignalClass.PAGE: "🚨 ",
    SignalClass.NOTIFY: "🔔 ",
}
_TEST = "[test] "
_SHORTENED = "\n… shortened"


def matrix_content(
    message: Message,
    *,
    delivery: str,
    thread: str | None = None,
    reply_to: str | None = None,
    replaces: str | None = None,
) -> dict[str, Any]:
    """Content of an `m.room.message`; `thread` (its root) and `reply_to` are Matrix event ids.

    `replaces` is the first version of the message, which this one then stands in place of, silently.
    Every text is escaped and has no live link or mention; what is too long loses its end.
    """
    while True:
        content = _content(message, delivery, thread, reply_to)
        if replaces:
            content = _edit(content, replaces)
        shortened = not (message.facts or message.text or message.lines)
        if len(_canonical(content)) <= MOST_BYTES or shortened:
            return content
        message = _shorter(message)


def delivery_of(event: Mapping[str, Any]) -> str | None:
    """Of a message in a room, whoever sent it: the delivery that it was made for."""
    content = event.get("content")
    ours = content.get(OURS) if isinstance(content, dict) else None
    delivery = ours.get("delivery") if isinstance(ours, dict) else None
    return delivery if isinstance(delivery, str) else None


def _edit(content: dict[str, Any], replaces: str) -> dict[str, Any]:
    """Whoever was meant was told by the first version: the outer mentions are for those who were not."""
    return {
        "msgtype": "m.notice",
        # Shown by clients that know no edits.
        "body": f"* {content['body']}",
        "format": content["format"],
        "formatted_body": f"* {content['formatted_body']}",
        "m.mentions": {},
        OURS: content[OURS],
        "m.new_content": content,
        "m.relates_to": {"rel_type": "m.replace", "event_id": replaces},
    }


def _content(
    message: Message, delivery: str, thread: str | None, reply_to: str | None
) -> dict[str, Any]:
    content: dict[str, Any] = {
        # Clients notify of texts, and stay silent on notices.
        "msgtype": "m.text" if message.tone is SignalClass.PAGE else "m.notice",
        "body": "\n".join(_plain(message)),
        "format": "org.matrix.custom.html",
        "formatted_body": "".join(_html(message)),
        # Present even if nobody is meant: without it clients look for names in the text.
        "m.mentions": {"user_ids": list(message.mentions)} if message.mentions else {},
        OURS: {"delivery": delivery, "ids": {k: str(v) for k, v in message.ids.items()}},
    }
    if relation := _relation(thread, reply_to):
        content["m.relates_to"] = relation
    return content


def _relation(thread: str | None, reply_to: str | None) -> dict[str, Any]:
    """In a thread, clients without threads see a reply to its root, unless it truly is a reply."""
    answered = reply_to or thread
    relation: dict[str, Any] = {"m.in_reply_to": {"event_id": answered}} if answered else {}
    if thread:
        relation |= {
            "rel_type": "m.thread",
            "event_id": thread,
            "is_falling_back": reply_to is None,
        }
    return relation


def _heading(message: Message) -> str:
    return f"{_TEST if message.test_mode else ''}{unlinked(message.title)}"


def _plain(message: Message) -> Iterator[str]:
    yield f"{_ICONS.get(message.tone, '')}{_heading(message)}"
    yield from (f"- {unlinked(line)}" for line in message.lines)
    yield from (f"- {_label(fact)}: {unlinked(fact.value)}" for fact in message.facts)
    if message.text:
        yield unlinked(message.text)
    yield from (f"{unlinked(link.label)}: {link.url}" for link in message.links)
    if message.mentions:
        yield " ".join(message.mentions)


def _html(message: Message) -> Iterator[str]:
    heading = f"{_ICONS.get(message.tone, '')}<strong>{_escaped(_heading(message))}</strong>"
    # What is only a line needs no weight.
    yield f"<p>{_escaped(_heading(message)) if _is_a_line(message) else heading}</p>"
    if message.lines:
        yield f"<ul>{''.join(f'<li>{_escaped(unlinked(line))}</li>' for line in message.lines)}</ul>"
    if message.facts:
        items = (
            f"<li>{_escaped(_label(fact))}: {_escaped(unlinked(fact.value))}</li>"
            for fact in message.facts
        )
        yield f"<ul>{''.join(items)}</ul>"
    if message.text:
        yield f"<p>{_escaped(unlinked(message.text)).replace(chr(10), '<br>')}</p>"
    if message.links:
        yield f"<p>{' · '.join(map(_link, message.links))}</p>"
    if message.mentions:
        yield f"<p>{' '.join(map(_pill, message.mentions))}</p>"


def _is_a_line(message: Message) -> bool:
    more = message.facts or message.text or message.lines or message.links or message.mentions
    return message.tone is None and not more


def _label(fact: Fact) -> str:
    return unlinked(fact.label)


def _link(link: Link) -> str:
    return f'<a href="{_escaped(link.url)}">{_escaped(unlinked(link.label))}</a>'


def _pill(user_id: str) -> str:
    return f'<a href="https://matrix.to/#/{quote(user_id, safe="@:")}">{_escaped(user_id)}</a>'


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)


def _canonical(content: Mapping[str, Any]) -> bytes:
    compact = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return compact.encode(errors="replace")


def _shorter(message: Message) -> Message:
    """Half of its text and half of its facts, from the end; that something is missing is said."""
    text = (message.text or "").removesuffix(_SHORTENED)
    if not text and not message.facts and not message.lines:
        return replace(message, text=None)
    half = text[: len(text) // 2].rstrip()
    return replace(
        message,
        text=SafeText(f"{half}{_SHORTENED}"),
        facts=message.facts[: len(message.facts) // 2],
        lines=message.lines[: len(message.lines) // 2],
    )
