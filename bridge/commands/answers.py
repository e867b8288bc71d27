"""What people say to a question: the asker's yes or no, and other people's verdicts.

All of it happens in the commit that settles the message: what is checked is what is true then. Each
function looks at everything first, raises `Refused` or `Denied`, and only then writes.
"""

from dataclasses import dataclass

from bridge.commands import budget, questions
from bridge.commands.desk import Desk, say, to_thread, who_of
from bridge.commands.parsing import Answer, Verdict
from bridge.commands.permission import Directory, permit
from bridge.commands.proposing import span
from bridge.commands.questions import Question
from bridge.commands.rules import Terms
from bridge.model.action import WAITING, ActionState
from bridge.model.audit import Who
from bridge.model.command import Actor
from bridge.model.errors import Denied, Refused
from bridge.model.message import Message
from bridge.model.ports import ChatMessage
from bridge.model.signal import Objects, Subject
from bridge.store import actions, audit, freezes, steps
from bridge.store.actions import Action, Approval
from bridge.store.engine import Tx
from bridge.store.outbox import Delivery, enqueue
from bridge.store.rooms import Posted

_TOO_OLD = "That question is too old; nothing was done. Ask again."


@dataclass(frozen=True)
class Hearing:
    """One message that may answer a question, with who says it where."""

    desk: Desk
    people: Directory
    actor: Actor
    said: ChatMessage
    target: Posted | None
    subject: Subject

    @property
    def who(self) -> Who:
        return who_of(self.actor, self.said)


async def question(tx: Tx, hearing: Hearing, meant: Answer | Verdict) -> Question | None:
    """What is answered; raises `Refused` if that cannot be told."""
    name = hearing.actor.name

    def fits(action: Action) -> bool:
        if isinstance(meant, Verdict):
            return action.state is not ActionState.PROPOSED
        return action.asked_by == name and (
            action.state is not ActionState.CONFIRMED or not meant.yes
        )

    return await questions.meant(tx, hearing.said, hearing.target, fits)


async def answer(
    tx: Tx, hearing: Hearing, asked: Question, meant: Answer | Verdict
) -> Message | None:
    """What there is to say to it, when something is; everything else is written."""
    await steps.lock_for_commit(tx, asked.action)
    action = await actions.get(tx, asked.action.id)  # as it is now that nobody else can move it
    if action is None or action.room_id != hearing.said.room_id:
        return None
    if action.state is ActionState.EXPIRED:
        return say(_TOO_OLD)
    if action.state not in WAITING:
        return None if hearing.said.reaction else say(f"That is {action.state} already.")
    if hearing.desk.clock.now() >= action.expires_at:
        await steps.step(tx, action, ActionState.EXPIRED, hearing.who, hearing.desk.clock.now())
        return say(_TOO_OLD)
    if isinstance(meant, Verdict):
        return await _verdict(tx, hearing, Question(action, asked.event_id), meant)
    if not meant.yes:
        return await _no(tx, hearing, action)
    return await _yes(tx, hearing, action)


async def _yes(tx: Tx, hearing: Hearing, action: Action) -> Message | None:
    if action.asked_by != hearing.actor.name:
        if action.state is ActionState.PROPOSED:
            permit(hearing.actor, action.verb)
        raise _not_the_asker(action)
    if action.state is not ActionState.PROPOSED:
        return None if hearing.said.reaction else say(f"That is {action.state} already.")
    await _must_be_allowed(tx, hearing, action)
    now = hearing.desk.clock.now()
    until = now + hearing.desk.config.commands.approve_within
    expires = until if action.others else action.expires_at
    await steps.step(tx, action, ActionState.CONFIRMED, hearing.who, now, expires_at=expires)
    if action.others:
        await enqueue(tx, [_ask_the_others(hearing, action)], now)
    else:
        await _commit(tx, hearing, action)
    return None


async def _no(tx: Tx, hearing: Hearing, action: Action) -> Message | None:
    if action.asked_by != hearing.actor.name:
        raise _not_the_asker(action)
    await steps.step(tx, action, ActionState.CANCELLED, hearing.who, hearing.desk.clock.now())
    return say("Dropped; nothing was done.")


async def _verdict(tx: Tx, hearing: Hearing, asked: Question, meant: Verdict) -> Message | None:
    action, actor, now = asked.action, hearing.actor, hearing.desk.clock.now()
    _must_be_another(hearing, action)
    if action.state is not ActionState.CONFIRMED:
        raise Refused(f"{action.asked_by} has not said yes to it yet.")
    if not meant.approve:
        if not meant.reason:
            raise Refused("Say why: write `deny` and the reason.")
        told = {"reason": meant.reason}
        await steps.step(tx, action, ActionState.DENIED, hearing.who, now, told=told)
        return say(f"Denied by {actor.name}; nothing was done.", meant.reason)
    if meant.reason:
        raise Refused("Write just `approve`, or `deny` and the reason.")
    standing = await approvals_in_force(tx, hearing.people, action)
    if actor.name in {one.person for one in standing}:
        return say("You have approved it already.")
    missing = action.others - len(standing) - 1
    await _must_be_allowed(tx, hearing, action)
    await _keep_approval(tx, hearing, asked)
    if missing > 0:
        return say(f"Approved by {actor.name}; {missing} more must approve it.")
    await _commit(tx, hearing, action)
    return say(f"Approved by {actor.name}.")


async def approvals_in_force(tx: Tx, people: Directory, action: Action) -> list[Approval]:
    """Those of other people who may approve it at this moment, for exactly these parameters."""
    return [
        one
        for one in await actions.approvals(tx, action.id)
        if one.params_hash == action.params_hash
        and one.person not in {action.asked_by, *action.barred}
        and people.may_approve(one.person, action.verb, action.approvers)
    ]


async def _commit(tx: Tx, hearing: Hearing, action: Action) -> None:
    """From here on its money counts, and it goes to Stripe."""
    now = hearing.desk.clock.now()
    if await steps.step(tx, action, ActionState.APPROVED, hearing.who, now, committed_at=now):
        await enqueue(tx, [steps.on_its_way(action, hearing.subject)], now)


async def _must_be_allowed(tx: Tx, hearing: Hearing, action: Action) -> None:
    """The asker's right, the freeze, the parameters and the limits, as they are now."""
    asker = hearing.people.person(action.asked_by)
    permit(asker, action.verb)
    if not steps.is_as_frozen(action):
        raise Denied("What was asked is not what is stored; nothing was done.")
    if action.moves_money and await freezes.of(tx, action.account):
        raise Denied("Money actions of this account are frozen: nothing was done.")
    by = asker.granted_by.get(action.verb, frozenset())
    terms = Terms(action.verb, action.account, by, action.moves_money, action.money)
    await budget.check(tx, hearing.desk, terms, action.asked_by)


def _must_be_another(hearing: Hearing, action: Action) -> None:
    actor = hearing.actor
    if not actor.known:
        raise Denied("I don't know you, so your word on it does not count.")
    if actor.name == action.asked_by:
        raise Denied("Nobody approves what they have asked for themselves. To drop it, write `no`.")
    if actor.name in action.barred:
        raise Denied("It is about you, so somebody else must approve it.")
    if not hearing.people.may_approve(actor.name, action.verb, action.approvers):
        raise Denied("None of your roles may approve that.")


def _not_the_asker(action: Action) -> Refused:
    if action.state is ActionState.CONFIRMED:
        return Refused(
            "Write `approve`, or `deny` and the reason: a reaction or a yes approves nothing."
        )
    return Denied("Only the person who asked for it can answer that question.")


async def _keep_approval(tx: Tx, hearing: Hearing, asked: Question) -> None:
    action, said, now = asked.action, hearing.said, hearing.desk.clock.now()
    word = Approval(
        action.id,
        hearing.actor.name,
        said.identity,
        action.params_hash,
        asked.event_id,
        said.event_id,
        now,
    )
    if not await actions.approve(tx, word):
        return
    told = {"after": {"question": asked.event_id}}
    await audit.append(tx, steps.record(action, "approval", hearing.who, now, **told))


def _ask_the_others(hearing: Hearing, action: Action) -> Delivery:
    config = hearing.desk.config
    names = hearing.people.approvers(
        action.verb, action.approvers, {action.asked_by, *action.barred}
    )
    people = "another person" if action.others == 1 else f"{action.others} other people"
    within = span(config.commands.approve_within)
    message = say(
        f"{action.question} Waits for {people}.",
        f"Asked by {action.asked_by}. Write `approve` here, or `deny` and the reason, "
        f"within {within}: {', '.join(names)}.",
        mention=tuple(one for name in names if (one := hearing.people.matrix_of(name))),
    )
    objects = hearing.target.objects if hearing.target else Objects()
    return to_thread(
        hearing.subject,
        action.thread,
        message,
        f"action:{action.id}:approval",
        action_id=action.id,
        objects=objects,
    )
