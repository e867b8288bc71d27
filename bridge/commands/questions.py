"""Which waiting action a yes, a no or a verdict can only mean."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bridge.model.action import WAITING
from bridge.model.errors import Refused
from bridge.model.ports import ChatMessage
from bridge.store import actions
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.rooms import Posted

#: Homeservers tell seconds, and clocks are never quite the same.
_SKEW = timedelta(seconds=2)
#: So long after a question ended it is still clear what an answer to it means.
_REMEMBERED = timedelta(days=1)


@dataclass(frozen=True)
class Question:
    """An action, and the message of the bridge that asks for it."""

    action: Action
    event_id: str


async def meant(
    tx: Tx, said: ChatMessage, target: Posted | None, fits: Callable[[Action], bool]
) -> Question | None:
    """The one replied or reacted to; else the only one in the thread that fits. None if there is none.

    Raises `Refused` when it could mean several, or was said before it was asked.
    """
    if target and target.action_id:
        exact = await actions.get(tx, target.action_id)
        return Question(exact, target.event_id) if exact else None
    root = said.thread or (target.root if target else None)
    if said.reaction or root is None:
        return None  # a reaction on anything but a question is just a reaction
    waiting = [one for one in await actions.waiting_in_thread(tx, said.room_id, root) if fits(one)]
    return await _only_one(tx, said, waiting) if waiting else await _too_late(tx, said, root, fits)


async def unasked(tx: Tx, said: ChatMessage) -> bool:
    """Whether a question of this thread is not recorded as asked yet."""
    waiting = await actions.waiting_in_thread(tx, said.room_id, said.thread) if said.thread else []
    return any([await actions.question_of(tx, one.id) is None for one in waiting])


async def waits_for(tx: Tx, said: ChatMessage, target: Posted | None) -> bool:
    """Whether something waits for an answer where this was said: in the thread, or in the message itself."""
    if target and target.action_id:
        asked = await actions.get(tx, target.action_id)
        return asked is not None and asked.state in WAITING
    root = said.thread or (target.root if target else None)
    return bool(root and await actions.waiting_in_thread(tx, said.room_id, root))


async def _too_late(
    tx: Tx, said: ChatMessage, root: str, fits: Callable[[Action], bool]
) -> Question | None:
    """The last one that ended unanswered, so that this can be said."""
    ended = await actions.expired_in_thread(tx, said.room_id, root, said.sent_at - _REMEMBERED)
    last = next((one for one in ended if fits(one)), None)
    return Question(last, "") if last else None


async def _only_one(tx: Tx, said: ChatMessage, waiting: list[Action]) -> Question:
    if len(waiting) > 1:
        raise Refused("Several questions wait here. Reply to the one you mean.")
    (action,) = waiting
    asked = await actions.question_of(tx, action.id)
    if asked is None or (action.updated_at and said.sent_at + _SKEW < action.updated_at):
        raise Refused(
            "That was asked after you wrote. Reply to the question, once you have seen it."
        )
    return Question(action, asked)
