"""The life of a command that changes something.

    proposed ──yes──> confirmed ──enough others──> approved ──> executing ──> succeeded | failed
        │                 │                            │            └──> unknown ──> succeeded | failed
        └── cancelled, expired                         └── cancelled (frozen, or a right was taken away)
                          └── denied, cancelled, expired

Where nobody else must approve, `confirmed` and `approved` are passed in one commit.
"""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bridge.model.money import Money


class ActionState(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    APPROVED = "approved"
    EXECUTING = "executing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


#: Where an action may come from; whatever is not here never happens.
BEFORE: Mapping[ActionState, frozenset[ActionState]] = {
    ActionState.PROPOSED: frozenset(),
    ActionState.CONFIRMED: frozenset({ActionState.PROPOSED}),
    ActionState.APPROVED: frozenset({ActionState.CONFIRMED}),
    ActionState.EXECUTING: frozenset({ActionState.APPROVED}),
    ActionState.UNKNOWN: frozenset({ActionState.EXECUTING}),
    ActionState.SUCCEEDED: frozenset({ActionState.EXECUTING, ActionState.UNKNOWN}),
    ActionState.FAILED: frozenset({ActionState.EXECUTING, ActionState.UNKNOWN}),
    ActionState.DENIED: frozenset({ActionState.CONFIRMED}),
    ActionState.EXPIRED: frozenset({ActionState.PROPOSED, ActionState.CONFIRMED}),
    ActionState.CANCELLED: frozenset(
        {ActionState.PROPOSED, ActionState.CONFIRMED, ActionState.APPROVED}
    ),
}
#: Still waiting for people.
WAITING = frozenset({ActionState.PROPOSED, ActionState.CONFIRMED})
#: On its way to Stripe, and not known to have arrived.
UNDER_WAY = frozenset({ActionState.APPROVED, ActionState.EXECUTING, ActionState.UNKNOWN})
#: Its money counts against the limits of its day.
COMMITTED = UNDER_WAY | {ActionState.SUCCEEDED}


def frozen_hash(
    account: str, verb: str, object_id: str, params: Mapping[str, Any], money: Money | None
) -> str:
    """What a yes and an approval are bound to: anything that is changed gives another hash."""
    whole = {
        "account": account,
        "verb": verb,
        "object": object_id,
        "params": params,
        "amount": money.amount if money else None,
        "currency": money.currency if money else None,
    }
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
