"""Whether a call to Stripe that was not answered has done it: by looking, never by trying."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bridge.commands.desk import Deed, Desk
from bridge.model.event import Json
from bridge.store.actions import Action

#: The metadata key by which what an action made is recognised.
ACTION_KEY = "chat_action"
#: So long may a value be at Stripe.
METADATA_CAP = 500
#: Stripe's clock and ours are never quite the same.
_SKEW = timedelta(minutes=5)


async def made_by(desk: Desk, deed: Deed, action: Action) -> Json | None:
    """Stripe's object, if an earlier call has made or changed it."""
    if deed.find:
        return await deed.find(desk, action)
    if not deed.events:
        return None
    return await in_events(desk, action, deed.events, deed.makes)


async def in_events(desk: Desk, action: Action, types: Sequence[str], makes: str) -> Json | None:
    """The object of that kind, as it was in the first event of the action's call."""
    found = await desk.readers[action.account].made_by(action.id, types, called_since(action))
    return next((one for one in found if one.get("object") == makes), None)


def called_since(action: Action) -> datetime:
    """By Stripe's clock, nothing of it was made earlier."""
    return (action.executing_at or action.created_at) - _SKEW


def marks(action: Action) -> dict[str, str]:
    """Metadata for what the action makes: so it is found again, and people see who asked for it."""
    return {ACTION_KEY: action.id, "chat_person": action.asked_by[:METADATA_CAP]}


def marked(objects: Iterable[Json], action: Action) -> Json | None:
    """The one that carries the action's id in its metadata."""
    return next((one for one in objects if _mark(one) == action.id), None)


def _mark(made: Json) -> object:
    metadata = made.get("metadata")
    return metadata.get(ACTION_KEY) if isinstance(metadata, dict) else None
