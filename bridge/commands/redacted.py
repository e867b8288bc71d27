"""A message that was taken away: what it asked for ends, if people have not decided on it yet."""

from datetime import datetime

from bridge.commands.desk import Desk, say, to_thread, who_of
from bridge.commands.permission import directory
from bridge.model.action import WAITING, ActionState
from bridge.model.audit import Who
from bridge.model.message import Message
from bridge.model.ports import ChatMessage, RoomChange
from bridge.model.signal import Subject, SubjectKind
from bridge.store import about, actions, audit, rooms, snoozes, steps
from bridge.store.actions import Action, Approval
from bridge.store.engine import Tx
from bridge.store.outbox import Delivery, enqueue

_WORDS = {
    True: "The message that asked for it was removed.",
    False: "The question was removed.",
}


async def withdraw(desk: Desk, gone: RoomChange, tx: Tx) -> None:
    """Whoever may remove the command or its question ends it, and an approval with its message."""
    await about.lost(tx, gone.detail)
    await snoozes.take_back(tx, gone.detail)
    approval = await actions.approval_said(tx, gone.detail)
    if approval:
        found = await actions.get(tx, approval.action_id)
    else:
        found = await actions.asked_by(tx, gone.detail)
    if found is None or found.room_id != gone.room_id:
        return
    await steps.lock_for_commit(tx, found)
    action = await actions.get(tx, found.id)  # as it is now that nobody else can move it
    if action is None or action.state not in WAITING:
        return
    if approval:
        await _take_back(desk, tx, action, approval, gone)
    else:
        await _end(desk, tx, action, gone)


async def _end(desk: Desk, tx: Tx, action: Action, gone: RoomChange) -> None:
    words, now = _WORDS[action.asked_event == gone.detail], desk.clock.now()
    who = await _who(tx, desk, gone, now)
    if await steps.step(tx, action, ActionState.CANCELLED, who, now, told={"reason": words}):
        message = say(f"Dropped: {action.question}", words)
        await enqueue(tx, await _told(tx, action, gone, message), now)


async def _take_back(
    desk: Desk, tx: Tx, action: Action, approval: Approval, gone: RoomChange
) -> None:
    """It does not count any more; the same person may approve it again."""
    now = desk.clock.now()
    who = await _who(tx, desk, gone, now)
    await actions.take_back(tx, approval)
    told = {"after": {"approval_of": approval.person}}
    await audit.append(tx, steps.record(action, "approval taken back", who, now, **told))
    message = say(f"The approval of {approval.person} was removed, and counts no more.")
    await enqueue(tx, await _told(tx, action, gone, message), now)


async def _who(tx: Tx, desk: Desk, gone: RoomChange, now: datetime) -> Who:
    said = ChatMessage(gone.event_id, gone.room_id, gone.sender, now)
    return who_of((await directory(tx, desk.config)).actor(said.identity), said)


async def _told(tx: Tx, action: Action, gone: RoomChange, message: Message) -> list[Delivery]:
    room = await rooms.of_id(tx, action.room_id)
    if room is None or room.kind not in set(SubjectKind):
        return []
    subject = Subject(room.account, SubjectKind(room.kind), room.subject_id)
    return [to_thread(subject, action.thread, message, f"redacted:{gone.event_id}")]
