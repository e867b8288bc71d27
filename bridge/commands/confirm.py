"""A yes or a no to a question: by a reaction on it, or by a word in its thread."""

from functools import partial

from bridge.commands.desk import Desk, Reply, action_delivery, say
from bridge.commands.parsing import Answer
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.ports import ChatMessage
from bridge.model.signal import Subject
from bridge.store import actions
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.outbox import enqueue
from bridge.store.rooms import Posted


async def question_of(desk: Desk, said: ChatMessage, target: Posted | None) -> Action | None:
    """The waiting action that this yes or no can only mean; None if it means none.

    Raises `Refused` when it could mean several.
    """
    async with desk.store.read() as tx:
        if target and target.action_id:
            return await actions.get(tx, target.action_id)
        root = said.thread or (target.root if target else None)
        if said.reaction or root is None:
            return None  # a reaction on anything but a question is just a reaction
        waiting = await actions.waiting_in_thread(tx, said.room_id, root, said.sender)
    if len(waiting) > 1:
        raise Refused("Several questions wait here. React with ✅ on the one you mean.")
    return waiting[0] if waiting else None


async def decide(
    desk: Desk, action: Action, said: ChatMessage, answer: Answer, subject: Subject
) -> Reply | None:
    """What becomes of the action; None if there is nothing to say any more."""
    if action.state is not ActionState.PROPOSED:
        return None if said.reaction else Reply(say(f"That is {action.state} already."))
    if action.asked_by != said.sender:
        raise Refused("Only the person who asked for it can answer that question.")
    now = desk.clock.now()
    if now >= action.expires_at:
        gone = partial(_move, desk, action, ActionState.EXPIRED)
        return Reply(say("That question is too old; nothing was done. Ask again."), write=gone)
    if not answer.yes:
        return Reply(
            say("Dropped; nothing was done."),
            write=partial(_move, desk, action, ActionState.CANCELLED),
        )
    return Reply(None, write=partial(_confirm, desk, action, subject))


async def _move(desk: Desk, action: Action, new: ActionState, tx: Tx) -> None:
    await actions.move(tx, action.id, {ActionState.PROPOSED}, new, desk.clock.now())


async def _confirm(desk: Desk, action: Action, subject: Subject, tx: Tx) -> None:
    now = desk.clock.now()
    if await actions.move(tx, action.id, {ActionState.PROPOSED}, ActionState.CONFIRMED, now):
        await enqueue(tx, [action_delivery(action, subject)], now)
