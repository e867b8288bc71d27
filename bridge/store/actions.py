"""Commands that change something: their states, each step a compare-and-set, and who approved."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, exists, literal, select, update

from bridge.model.action import BEFORE, UNDER_WAY, WAITING, ActionState
from bridge.model.money import Money
from bridge.store.engine import Tx
from bridge.store.tables import action, approval, outbox, posted


@dataclass(frozen=True)
class Action:
    """`id` is random and doubles as Stripe's idempotency key. What `params_hash` covers never changes.

    `others` people must approve, who have one of the roles `approvers` (if none is named: who may
    ask for the verb themselves) and are not `barred`.
    """

    id: str
    account: str
    verb: str
    object_id: str
    params: dict[str, Any]
    params_hash: str
    state: ActionState
    #: The person, and the identity they asked with.
    asked_by: str
    identity: str
    asked_event: str
    room_id: str
    thread: str | None
    created_at: datetime
    expires_at: datetime
    #: In one line, as it was asked.
    question: str
    moves_money: bool
    amount: int | None = None
    currency: str | None = None
    others: int = 0
    approvers: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    #: What the object was like when it was asked for.
    before: dict[str, Any] = field(default_factory=dict)
    #: When it came into its present state.
    updated_at: datetime | None = None
    committed_at: datetime | None = None
    #: When Stripe was asked first, and last.
    executing_at: datetime | None = None
    called_at: datetime | None = None
    stripe_id: str | None = None
    outcome: str | None = None

    @property
    def money(self) -> Money | None:
        return None if self.amount is None else Money(self.amount, self.currency or "")

    @property
    def lane(self) -> str:
        """Actions on one object wait for each other."""
        return f"action:{self.account}/{self.object_id}"


@dataclass(frozen=True)
class Approval:
    """Bound to what was asked by its hash, and to the message that asked it."""

    action_id: str
    person: str
    identity: str
    params_hash: str
    question_event: str
    event_id: str
    approved_at: datetime


async def propose(tx: Tx, new: Action) -> bool:
    """Whether the message that asked for it had not asked before."""
    values = {name: getattr(new, name) for name in new.__dataclass_fields__}
    values |= {"approvers": list(new.approvers), "barred": list(new.barred)}
    insert = tx.insert(action).values(**{**values, "updated_at": new.created_at})
    done = await tx.run(insert.on_conflict_do_nothing(index_elements=["asked_event"]))
    return done.rowcount == 1


async def get(tx: Tx, action_id: str) -> Action | None:
    return _action((await tx.run(select(action).where(action.c.id == action_id))).one_or_none())


async def asked_by(tx: Tx, event_id: str) -> Action | None:
    """What this message asked for, or asks people about."""
    asks = select(posted.c.action_id).where(
        posted.c.event_id == event_id, posted.c.action_id.is_not(None)
    )
    wanted = select(action).where((action.c.asked_event == event_id) | action.c.id.in_(asks))
    return _action((await tx.run(wanted.limit(1))).one_or_none())


async def that_made(tx: Tx, account: str, stripe_id: str, verb: str) -> Action | None:
    """The action of that verb whose result has this id at Stripe."""
    wanted = select(action).where(
        action.c.account == account, action.c.stripe_id == stripe_id, action.c.verb == verb
    )
    return _action((await tx.run(wanted.limit(1))).one_or_none())


async def about(tx: Tx, account: str, object_ids: Collection[str]) -> list[Action]:
    """What was asked for with one of these, or has made one of them, newest first."""
    ids = list(object_ids)
    its = action.c.object_id.in_(ids) | action.c.stripe_id.in_(ids)
    return await _all(tx, select(action).where(action.c.account == account, its))


async def waiting_in_thread(tx: Tx, room_id: str, thread: str) -> list[Action]:
    """What was asked there and still waits for people, newest first."""
    there = (action.c.room_id == room_id, action.c.thread == thread)
    return await _all(tx, select(action).where(*there, action.c.state.in_(WAITING)))


async def expired_in_thread(tx: Tx, room_id: str, thread: str, since: datetime) -> list[Action]:
    """What was asked there and ended because nobody answered, newest first."""
    there = (action.c.room_id == room_id, action.c.thread == thread)
    late = (action.c.state == ActionState.EXPIRED, action.c.updated_at >= since)
    return await _all(tx, select(action).where(*there, *late))


async def done_in_thread(tx: Tx, room_id: str, thread: str, verb: str) -> list[Action]:
    """What was asked there and succeeded, newest first."""
    there = (action.c.room_id == room_id, action.c.thread == thread, action.c.verb == verb)
    return await _all(tx, select(action).where(*there, action.c.state == ActionState.SUCCEEDED))


async def money_not_begun(tx: Tx, account: str) -> list[Action]:
    """What moves money and has not been asked of Stripe."""
    open_ = WAITING | {ActionState.APPROVED}
    return await _all(
        tx,
        select(action).where(
            action.c.account == account, action.c.moves_money, action.c.state.in_(open_)
        ),
    )


async def overdue(tx: Tx, now: datetime, limit: int) -> list[Action]:
    """What nobody answered in time."""
    late = select(action).where(action.c.state.in_(WAITING), action.c.expires_at <= now)
    return await _all(tx, late.limit(limit))


async def left_behind(tx: Tx) -> list[Action]:
    """On their way to Stripe, but nothing waits in their lane any more: the delivery was given up."""
    lane = literal("action:") + action.c.account + "/" + action.c.object_id
    waits = exists().where(outbox.c.lane == lane, outbox.c.state == "ready")
    return await _all(tx, select(action).where(action.c.state.in_(UNDER_WAY), ~waits))


async def in_states(tx: Tx, states: Collection[ActionState]) -> list[Action]:
    return await _all(tx, select(action).where(action.c.state.in_(states)))


async def move(tx: Tx, action_id: str, new: ActionState, now: datetime, **values: object) -> bool:
    """Whether it was where `new` may come from and is there now; the caller must not go on if not."""
    done = await tx.run(
        update(action)
        .where(action.c.id == action_id, action.c.state.in_(BEFORE[new]))
        .values(state=new, updated_at=now, **values)
    )
    return done.rowcount == 1


async def call_again(tx: Tx, action_id: str, now: datetime) -> bool:
    """Whether it is still unclear, and so may be asked of Stripe once more; `now` is when it was."""
    unclear = action.c.state.in_((ActionState.EXECUTING, ActionState.UNKNOWN))
    done = await tx.run(
        update(action).where(action.c.id == action_id, unclear).values(called_at=now)
    )
    return done.rowcount == 1


async def question_of(tx: Tx, action_id: str) -> str | None:
    """The newest message that asks for this action; None until it is in the room."""
    asked = select(posted.c.event_id).where(posted.c.action_id == action_id)
    return (await tx.run(asked.order_by(posted.c.posted_at.desc()).limit(1))).scalar_one_or_none()


async def approve(tx: Tx, new: Approval) -> bool:
    """Whether this person had not approved it before."""
    values = {name: getattr(new, name) for name in new.__dataclass_fields__}
    insert = tx.insert(approval).values(**values)
    return (await tx.run(insert.on_conflict_do_nothing())).rowcount == 1


async def approval_said(tx: Tx, event_id: str) -> Approval | None:
    """The approval that this message is."""
    row = (await tx.run(select(approval).where(approval.c.event_id == event_id))).one_or_none()
    return Approval(*(getattr(row, n) for n in Approval.__dataclass_fields__)) if row else None


async def take_back(tx: Tx, one: Approval) -> None:
    mine = (approval.c.action_id == one.action_id, approval.c.person == one.person)
    await tx.run(delete(approval).where(*mine))


async def approvals(tx: Tx, action_id: str) -> list[Approval]:
    wanted = select(approval).where(approval.c.action_id == action_id)
    rows = (await tx.run(wanted.order_by(approval.c.approved_at))).all()
    return [Approval(*(getattr(row, n) for n in Approval.__dataclass_fields__)) for row in rows]


async def _all(tx: Tx, wanted: Select[Any]) -> list[Action]:
    rows = (await tx.run(wanted.order_by(action.c.created_at.desc(), action.c.id))).all()
    return [found for row in rows if (found := _action(row))]


def _action(row: Row[Any] | None) -> Action | None:
    if row is None:
        return None
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    values["state"] = ActionState(values["state"])
    values |= {name: tuple(values[name]) for name in ("approvers", "barred")}
    return Action(**{name: values[name] for name in Action.__dataclass_fields__})
