"""Commands that change something: their states, each step a compare-and-set."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from bridge.model.action import ActionState
from bridge.store.engine import Tx
from bridge.store.tables import action


@dataclass(frozen=True)
class Action:
    """`id` is random and doubles as Stripe's idempotency key. `params` are frozen when proposed."""

    id: str
    account: str
    verb: str
    object_id: str
    params: dict[str, Any]
    params_hash: str
    state: ActionState
    asked_by: str
    asked_event: str
    room_id: str
    thread: str | None
    created_at: datetime
    expires_at: datetime
    stripe_id: str | None = None
    outcome: str | None = None


async def propose(tx: Tx, new: Action) -> None:
    values = {name: getattr(new, name) for name in new.__dataclass_fields__}
    insert = tx.insert(action).values(**values, updated_at=new.created_at)
    await tx.run(insert.on_conflict_do_nothing(index_elements=["asked_event"]))


async def get(tx: Tx, action_id: str) -> Action | None:
    return _action((await tx.run(select(action).where(action.c.id == action_id))).one_or_none())


async def by_stripe_id(tx: Tx, account: str, stripe_id: str) -> Action | None:
    wanted = select(action).where(action.c.account == account, action.c.stripe_id == stripe_id)
    return _action((await tx.run(wanted.limit(1))).one_or_none())


async def waiting_in_thread(tx: Tx, room_id: str, thread: str, person: str) -> list[Action]:
    """What this person proposed in the thread and has not confirmed, newest first."""
    wanted = select(action).where(
        action.c.room_id == room_id,
        action.c.thread == thread,
        action.c.asked_by == person,
        action.c.state == ActionState.PROPOSED,
    )
    rows = (await tx.run(wanted.order_by(action.c.created_at.desc()))).all()
    return [found for row in rows if (found := _action(row))]


async def move(
    tx: Tx,
    action_id: str,
    old: Collection[ActionState],
    new: ActionState,
    now: datetime,
    **values: object,
) -> bool:
    """Whether it was in one of `old` and is now in `new`; the caller must not go on if not."""
    done = await tx.run(
        update(action)
        .where(action.c.id == action_id, action.c.state.in_(old))
        .values(state=new, updated_at=now, **values)
    )
    return done.rowcount == 1


def _action(row: Row[Any] | None) -> Action | None:
    if row is None:
        return None
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    values["state"] = ActionState(values["state"])
    return Action(**{name: values[name] for name in Action.__dataclass_fields__})
