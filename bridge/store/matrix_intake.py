"""What a homeserver told, committed as a whole: messages, changes of rooms, and how far it was read."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from bridge.model.ports import ChatMessage, RoomChange, RoomFate, Told, chat_from_json
from bridge.store import inbox, rooms, session
from bridge.store.engine import Tx
from bridge.store.inbox import Arrival

_URGENT = 0
_SOURCE, _CHAT = "matrix", "chat"


async def accept(tx: Tx, told: Told, said: Sequence[Arrival], user_id: str, now: datetime) -> None:
    """Once per transaction of an appservice; a sync's messages together with its `since`."""
    if told.transaction and await inbox.seen_transaction(tx, told.transaction, now):
        return
    bound = await rooms.known(tx, {change.room_id for change in told.changes})
    for gone in (one.detail for one in told.changes if one.what is RoomFate.REDACTED):
        await _forget_file(tx, gone)
    changes = [
        _arrival(one)
        for one in told.changes
        if one.room_id in bound or one.what is RoomFate.INVITED
    ]
    await inbox.accept(tx, [*said, *changes], now)
    if told.since:
        await session.save_since(tx, user_id, told.since)


async def said(tx: Tx, event_id: str, room_id: str) -> ChatMessage | None:
    """What was said with that message, as long as it is remembered."""
    body = await inbox.body_of(tx, _SOURCE, event_id, _CHAT)
    found = chat_from_json(json.loads(body)) if body else None
    return found if found and found.room_id == room_id else None


async def _forget_file(tx: Tx, event_id: str) -> None:
    """A file that was taken away does not become evidence later."""
    body = await inbox.body_of(tx, _SOURCE, event_id, _CHAT)
    if body and json.loads(body).get("file"):
        await inbox.rewrite(tx, _SOURCE, event_id, json.dumps({**json.loads(body), "file": None}))


def change_of(body: str) -> RoomChange:
    data = json.loads(body)
    return RoomChange(**{**data, "what": RoomFate(data["what"])})


def redaction_of(body: str) -> RoomChange | None:
    """What was taken away, if this waits among what people said."""
    return change_of(body) if "what" in json.loads(body) else None


def _arrival(change: RoomChange) -> Arrival:
    # What was said is heard before it is taken away: so both wait in one lane.
    kind = "chat" if change.what is RoomFate.REDACTED else "life"
    body, lane = json.dumps(asdict(change)), f"{kind}:{change.room_id}"
    return Arrival("matrix", change.event_id, f"room.{change.what}", body, lane, kind, _URGENT)
