"""What a homeserver told, committed as a whole: messages, changes of rooms, and how far it was read."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from bridge.model.ports import RoomChange, RoomFate, Told
from bridge.store import inbox, rooms, session
from bridge.store.engine import Tx
from bridge.store.inbox import Arrival

_URGENT = 0


async def accept(tx: Tx, told: Told, said: Sequence[Arrival], user_id: str, now: datetime) -> None:
    """Once per transaction of an appservice; a sync's messages together with its `since`."""
    if told.transaction and await inbox.seen_transaction(tx, told.transaction, now):
        return
    bound = await rooms.known(tx, {change.room_id for change in told.changes})
    changes = [
        _arrival(one)
        for one in told.changes
        if one.room_id in bound or one.what is RoomFate.INVITED
    ]
    await inbox.accept(tx, [*said, *changes], now)
    if told.since:
        await session.save_since(tx, user_id, told.since)


def change_of(body: str) -> RoomChange:
    data = json.loads(body)
    return RoomChange(**{**data, "what": RoomFate(data["what"])})


def _arrival(change: RoomChange) -> Arrival:
    body, lane = json.dumps(asdict(change)), f"life:{change.room_id}"
    return Arrival("matrix", change.event_id, f"room.{change.what}", body, lane, "life", _URGENT)
