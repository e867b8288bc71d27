"""A message that was taken away: what it asked for ends, if people have not decided on it yet."""

from datetime import datetime

from bridge.commands.desk import Desk, say, to_thread, who_of
from bridge.commands.permission import directory
from bridge.model.action import WAITING, ActionState
from bridge.model.audit import Who
from bridge.model.ports import ChatMessage, RoomChange
from bridge.model.signal import Subject, SubjectKind
from bridge.store import about, actions, rooms, steps
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.outbox import Delivery, enqueue

_WORDS = {
    True: "The message that asked for it was removed.",
    False: "The question was removed.",
}


async def withdraw(desk: Desk, gone: RoomChange, tx: Tx) -> None:
    """Whoever may remove the command or its question ends it; what is approved goes on."""
    await about.lost(tx, gone.detail)
    found = await actions.asked_by(tx, gone.detail)
    if found is None or found.room_id != gone.room_id:
        return
    await steps.lock_for_commit(tx, found)
    action = await actions.get(tx, found.id)  # as it is now that nobody else can move it
    if action is None or action.state not in WAITING:
        return
    words = _WORDS[action.asked_event == gone.detail]
    now = desk.clock.now()
    who = await _who(tx, desk, gone, now)
    if await steps.step(tx, action, ActionState.CANCELLED, who, now, told={"reason": words}):
        await enqueue(tx, await _told(tx, action, gone, words), now)


async def _who(tx: Tx, desk: Desk, gone: RoomChange, now: datetime) -> Who:
    said = ChatMessage(gone.event_id, gone.room_id, gone.sender, now)
    return who_of((await directory(tx, desk.config)).actor(said.identity), said)


async def _told(tx: Tx, action: Action, gone: RoomChange, words: str) -> list[Delivery]:
    room = await rooms.of_id(tx, action.room_id)
    if room is None or room.kind not in set(SubjectKind):
        return []
    subject = Subject(room.account, SubjectKind(room.kind), room.subject_id)
    message = say(f"Dropped: {action.question}", words)
    return [to_thread(subject, action.thread, message, f"redacted:{gone.event_id}")]
