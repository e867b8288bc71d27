"""`freeze [reason]` stops every money action of an account at once; `unfreeze` takes a second person."""

from functools import partial
from uuid import uuid4

from bridge.commands.desk import Ask, Desk, Proposal, Reply, Result, say, to_thread, who_of
from bridge.model.action import ActionState
from bridge.model.audit import Record, Who
from bridge.model.errors import Refused
from bridge.model.event import Json
from bridge.model.message import Message
from bridge.model.signal import Subject, SubjectKind
from bridge.model.text import safe
from bridge.store import actions, audit, freezes, rooms, steps
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.freezes import Freeze
from bridge.store.locks import hold_chain
from bridge.store.outbox import Delivery, enqueue

_REASON_CAP = 400


async def perform(desk: Desk, ask: Ask) -> Reply:
    reason = safe(ask.command.rest, cap=_REASON_CAP)
    new = Freeze(ask.subject.account, uuid4().hex, ask.actor.name, reason, desk.clock.now())
    return Reply(None, write=partial(_freeze, new, who_of(ask.actor, ask.said), ask.said.event_id))


async def _freeze(new: Freeze, who: Who, event_id: str, tx: Tx) -> Message:
    await hold_chain(tx, new.account)
    if not await freezes.add(tx, new):
        return say("It is frozen already.")
    told = Record(new.account, new.frozen_at, "frozen", who, verb="freeze", reason=new.reason)
    await audit.append(tx, told)
    stopped = await actions.money_not_begun(tx, new.account)
    messages = [await _stop(tx, action, new, who, event_id) for action in stopped]
    await enqueue(tx, [one for one in messages if one], new.frozen_at)
    return say(
        f"Frozen. No money moves from chat in {new.account} until somebody writes `unfreeze`.",
        f"{len(stopped)} waiting or approved actions were dropped." if stopped else "",
    )


async def _stop(tx: Tx, action: Action, new: Freeze, who: Who, event_id: str) -> Delivery | None:
    reason = {"reason": f"frozen: {new.reason}"}
    await steps.step(tx, action, ActionState.CANCELLED, who, new.frozen_at, told=reason)
    room = await rooms.of_id(tx, action.room_id)
    if room is None:
        return None
    subject = Subject(room.account, SubjectKind(room.kind), room.subject_id)
    words = say(f"Dropped: {action.question}", f"{new.person} froze all money actions.")
    return to_thread(subject, action.thread, words, f"freeze:{event_id}:{action.id}")


async def propose(desk: Desk, ask: Ask) -> Proposal | Reply:
    """Of `unfreeze`. Who froze it needs somebody else's approval."""
    async with desk.store.read() as tx:
        freeze = await freezes.of(tx, ask.subject.account)
    if freeze is None:
        return Reply(say("Nothing is frozen."))
    return Proposal(
        object_id=freeze.id,
        params={"freeze": freeze.id},
        question=f"Let money move again in {freeze.account}?",
        remarks=(f"{freeze.person} froze it. {freeze.reason}".strip(),),
        before={"frozen_by": freeze.person, "reason": freeze.reason},
        others=1 if freeze.person == ask.actor.name else 0,
    )


async def execute(desk: Desk, action: Action) -> Json:
    async with desk.store.read() as tx:
        freeze = await freezes.of(tx, action.account)
    if freeze is None or freeze.id != action.params["freeze"]:
        raise Refused("That freeze is over already.")
    return {}


def told(desk: Desk, action: Action, made: Json) -> Result:
    del desk, made

    async def lift(tx: Tx) -> None:
        await freezes.lift(tx, action.params["freeze"])

    return Result(
        ActionState.SUCCEEDED, say("Money can move again. What was dropped must be asked anew."),
        outcome="unfrozen", write=lift,
    )  # fmt: skip
