"""From a proposal to a waiting action and its question; or at once on its way, if it needs no yes."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

from bridge.commands import budget
from bridge.commands.desk import (
    Ask,
    Desk,
    Proposal,
    Reply,
    Verb,
    say,
    to_thread,
    who_of,
)
from bridge.commands.permission import Directory, directory
from bridge.commands.rules import Need, Terms, need
from bridge.model.action import ActionState, frozen_hash
from bridge.model.audit import Who
from bridge.model.errors import Denied, Refused
from bridge.model.message import Message
from bridge.store import actions, audit, freezes, steps
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.locks import hold_chain, hold_lane
from bridge.store.outbox import enqueue


async def reply(desk: Desk, verb: Verb, ask: Ask) -> Reply:
    """What a deed answers: the question, or why it cannot be asked."""
    deed = verb.deed
    if deed is None:
        raise Refused("That changes nothing.")
    if deed.moves_money and ask.subject.account not in desk.writers:
        raise Refused("This account has no key for actions, so nothing can be done from here.")
    found = await deed.propose(desk, ask)
    if isinstance(found, Reply):
        return found
    return Reply(None, write=partial(_propose, desk, verb, ask, found))


async def _propose(desk: Desk, verb: Verb, ask: Ask, proposal: Proposal, tx: Tx) -> None:
    people = await directory(tx, desk.config)
    terms = terms_of(verb, ask.subject.account, proposal, people, ask.actor.name)
    wanted = need(desk.config, terms)
    action = action_of(desk, verb, ask, proposal, wanted)
    if not action.others and not (verb.deed and verb.deed.asks):
        await _at_once(desk, action, ask, proposal, tx)
        return
    await _can_be_done(tx, desk, terms, action, people)
    await keep(tx, desk, action, ask, proposal, who_of(ask.actor, ask.said))


async def keep(tx: Tx, desk: Desk, action: Action, ask: Ask, proposal: Proposal, who: Who) -> None:
    """The action and its question, once."""
    now = desk.clock.now()
    await hold_chain(tx, action.account)
    if not await actions.propose(tx, action):
        return
    told = steps.record(action, action.state, who, now, before=action.before)
    await audit.append(tx, told)
    if proposal.write:
        await proposal.write(tx)
    question = _question(desk, action, proposal)
    more = {"objects": proposal.objects or ask.objects, "action_id": action.id}
    key = f"action:{action.id}:question"
    await enqueue(tx, [to_thread(ask.subject, ask.thread, question, key, **more)], now)


def terms_of(verb: Verb, account: str, proposal: Proposal, people: Directory, person: str) -> Terms:
    by = people.person(person).granted_by.get(verb.name, frozenset())
    return Terms(verb.name, account, by, verb.moves_money, proposal.money)


def action_of(desk: Desk, verb: Verb, ask: Ask, proposal: Proposal, wanted: Need) -> Action:
    now, money = desk.clock.now(), proposal.money
    account = ask.subject.account
    return Action(
        id=uuid4().hex,
        account=account,
        verb=verb.name,
        object_id=proposal.object_id,
        params=proposal.params,
        params_hash=frozen_hash(account, verb.name, proposal.object_id, proposal.params, money),
        state=ActionState.PROPOSED,
        asked_by=ask.actor.name,
        identity=ask.actor.identity,
        asked_event=ask.said.event_id,
        room_id=ask.said.room_id,
        thread=ask.thread,
        created_at=now,
        expires_at=now + desk.config.commands.confirm_within,
        question=proposal.question,
        moves_money=verb.moves_money,
        amount=money.amount if money else None,
        currency=money.currency if money else None,
        others=max(wanted.others, proposal.others),
        approvers=wanted.by,
        barred=proposal.barred,
        before=proposal.before,
    )


async def _can_be_done(tx: Tx, desk: Desk, terms: Terms, action: Action, people: Directory) -> None:
    """What would be refused later is refused now; it is looked at again when it counts."""
    if terms.moves_money and await freezes.of(tx, action.account):
        raise Denied("Money actions of this account are frozen: nothing was done.")
    await budget.check(tx, desk, terms, action.asked_by)
    free = people.approvers(action.verb, action.approvers, {action.asked_by, *action.barred})
    if len(free) < action.others:
        raise Refused(
            f"{_count(action.others)} must approve that, and there are not so many who may. "
            "Whoever runs this bridge can change `approvals` or give somebody a role."
        )


async def _at_once(desk: Desk, action: Action, ask: Ask, proposal: Proposal, tx: Tx) -> None:
    """For deeds that need no yes: they move no money."""
    now = desk.clock.now()
    ready = replace(action, state=ActionState.APPROVED, committed_at=now)
    await hold_lane(tx, ready.lane)
    await hold_chain(tx, ready.account)
    if not await actions.propose(tx, ready):
        return
    who = who_of(ask.actor, ask.said)
    await audit.append(tx, steps.record(ready, ready.state, who, now, before=ready.before))
    if proposal.write:
        await proposal.write(tx)
    await enqueue(tx, [steps.on_its_way(ready, ask.subject)], now)


def _question(desk: Desk, action: Action, proposal: Proposal) -> Message:
    lines = [*proposal.remarks, _how_to_answer(desk.config.commands.confirm_within)]
    if action.others:
        lines.append(f"Then {_count(action.others).lower()} must approve it{_by(action)}.")
    return say(action.question, "\n".join(lines))


def _how_to_answer(within: timedelta) -> str:
    return f"Answer yes or react with ✅ within {span(within)}; no or ❌ drops it."


def _count(others: int) -> str:
    return "One other person" if others == 1 else f"{others} other people"


def _by(action: Action) -> str:
    return f" ({' or '.join(action.approvers)})" if action.approvers else ""


def span(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}"
    return f"{seconds} seconds"
