"""What the homeserver tells: its events as what people said, and as what became of rooms."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bridge.model.event import moment
from bridge.model.ports import Attachment, ChatMessage, RoomChange, RoomFate

#: More than any verb takes, so that what is too long is refused and not cut.
_CAP = 24_000
_NAME_CAP = 255
_FILES = ("m.file", "m.image")
_FALLBACK = re.compile(r"\A(?:> .*\n)+\n?")
_VARIATION = "\ufe0f"


def chat_messages(events: object, *, own: str) -> Iterator[ChatMessage]:
    """What people said or reacted with. Edits, notices, the bridge's own and malformed events are left out."""
    for event in events if isinstance(events, list) else ():
        if isinstance(event, Mapping) and (message := _message(event, own)):
            yield message


def room_changes(events: object, *, own: str) -> Iterator[RoomChange]:
    """What others did to rooms, or to the bridge in them: invited, removed, upgraded, encrypted."""
    for event in events if isinstance(events, list) else ():
        if isinstance(event, Mapping) and (change := _change(event, own)):
            yield change


def _change(event: Mapping[str, Any], own: str) -> RoomChange | None:
    content, key = event.get("content"), event.get("state_key")
    event_id, room_id, sender = (_id(event.get(n)) for n in ("event_id", "room_id", "sender"))
    if not isinstance(content, Mapping) or not (event_id and room_id and sender) or sender == own:
        return None
    match event.get("type"), key, content.get("membership"):
        case ("m.room.member", str(), "invite") if key == own:
            return RoomChange(event_id, room_id, sender, RoomFate.INVITED)
        case ("m.room.member", str(), "leave" | "ban" as how) if key == own:
            return RoomChange(event_id, room_id, sender, RoomFate.REMOVED, how)
        case ("m.room.tombstone", "", _) if new := _id(content.get("replacement_room")):
            return RoomChange(event_id, room_id, sender, RoomFate.UPGRADED, new)
        case ("m.room.encryption", "", _):
            return RoomChange(event_id, room_id, sender, RoomFate.ENCRYPTED)
        case ("m.room.redaction", None, _) if gone := _id(
            content.get("redacts") or event.get("redacts")
        ):
            return RoomChange(event_id, room_id, sender, RoomFate.REDACTED, gone)
    return None


def _message(event: Mapping[str, Any], own: str) -> ChatMessage | None:
    content = event.get("content")
    ids = [event.get(name) for name in ("event_id", "room_id", "sender")]
    if not isinstance(content, Mapping) or not all(
        isinstance(one, str) and 0 < len(one) <= 255 for one in ids
    ):
        return None
    event_id, room_id, sender = (str(one) for one in ids)
    if sender == own or "state_key" in event:
        return None
    sent_at = moment(_seconds(event.get("origin_server_ts")))
    relation = content.get("m.relates_to")
    relation = relation if isinstance(relation, Mapping) else {}
    if event.get("type") == "m.reaction":
        return _reaction(relation, event_id, room_id, sender, sent_at)
    file = _file(content)
    if event.get("type") != "m.room.message" or (content.get("msgtype") != "m.text" and not file):
        return None
    body = _caption(content) if file else content.get("body")
    if relation.get("rel_type") == "m.replace" or not isinstance(body, str):
        return None  # an edit of a command never acts
    return ChatMessage(
        event_id=event_id,
        room_id=room_id,
        sender=sender,
        sent_at=sent_at,
        body=_FALLBACK.sub("", body[:_CAP]).strip(),
        reply_to=_reply_to(relation),
        thread=_id(relation.get("event_id")) if relation.get("rel_type") == "m.thread" else None,
        file=file,
    )


def _file(content: Mapping[str, Any]) -> Attachment | None:
    if content.get("msgtype") not in _FILES:
        return None
    name = content.get("filename") or content.get("body")
    called = name[:_NAME_CAP] if isinstance(name, str) else ""
    address = content.get("url")
    if "file" in content:  # encrypted: the key is beside the address
        return Attachment("", called)
    return Attachment(address, called) if _id(address) and isinstance(address, str) else None


def _caption(content: Mapping[str, Any]) -> str:
    """What was written beside a file: where there is a file name as well, and it says something else."""
    body, name = content.get("body"), content.get("filename")
    return body if isinstance(body, str) and isinstance(name, str) and name != body else ""


def _reaction(
    relation: Mapping[str, Any], event_id: str, room_id: str, sender: str, sent_at: datetime
) -> ChatMessage | None:
    target, key = _id(relation.get("event_id")), relation.get("key")
    if relation.get("rel_type") != "m.annotation" or not target or not isinstance(key, str):
        return None
    return ChatMessage(
        event_id,
        room_id,
        sender,
        sent_at,
        reply_to=target,
        reaction=key[:40].replace(_VARIATION, ""),
    )


def _reply_to(relation: Mapping[str, Any]) -> str | None:
    """A reply's target; in a thread the fallback relation is for old clients and means nothing."""
    if relation.get("is_falling_back") is True:
        return None
    inner = relation.get("m.in_reply_to")
    return _id(inner.get("event_id")) if isinstance(inner, Mapping) else None


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 255 else None


def _seconds(value: object) -> int | None:
    return value // 1000 if isinstance(value, int) and not isinstance(value, bool) else None
