"""One step in the life of an action, with its line in the audit trail: both or neither."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from bridge.model.action import ActionState, frozen_hash
from bridge.model.audit import Record, Who
from bridge.model.signal import SignalClass, Subject
from bridge.store import actions, audit
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.locks import MONEY, hold, hold_chain, hold_lane
from bridge.store.outbox import Delivery


async def step(
    tx: Tx,
    action: Action,
    new: ActionState,
    who: Who,
    now: datetime,
    *,
    told: dict[str, Any] | None = None,
    **values: object,
) -> bool:
    """Whether it was made; the caller must not go on if not. `told` is more for the audit trail."""
    await hold_chain(tx, action.account)
    if not await actions.move(tx, action.id, new, now, **values):
        return False
    await audit.append(tx, record(action, new, who, now, **(told or {})))
    return True


def record(action: Action, what: str, who: Who, now: datetime, **more: Any) -> Record:
    return Record(
        account=action.account,
        at=now,
        what=str(what),
        who=who,
        verb=action.verb,
        action=action.id,
        object=action.object_id,
        amount=action.amount,
        currency=action.currency or "",
        params=action.params_hash,
        **more,
    )


async def lock_for_commit(tx: Tx, action: Action) -> None:
    """What may end in money being committed takes everything it may need, in the order of all."""
    await hold_lane(tx, action.lane)
    await hold(tx, MONEY)
    await hold_chain(tx, action.account)


def is_as_frozen(action: Action) -> bool:
    """Nothing that the yes was given for has changed since."""
    now = frozen_hash(action.account, action.verb, action.object_id, action.params, action.money)
    return now == action.params_hash


def on_its_way(action: Action, subject: Subject, key: str = "") -> Delivery:
    """The approved action for Stripe, after all others for the same object; `subject` is its room's."""
    payload = {"action": action.id, "subject": asdict(subject)}
    dedup_key = f"action:{action.id}{key}"
    return Delivery(action.lane, "action", payload, SignalClass.PAGE.urgency, dedup_key)
