"""`invoice 120.00 eur for …`, and `invoice send|void|uncollectible` for one that is there already."""

from bridge.commands import ending_invoice, new_invoice
from bridge.commands.arguments import read
from bridge.commands.desk import Ask, Desk, Proposal, Result
from bridge.commands.naming import named
from bridge.model.event import Json
from bridge.store.actions import Action


async def propose(desk: Desk, ask: Ask) -> Proposal:
    typed = read(ask.command.rest)
    first = next((word.lower() for word in typed.words if not named(word)), "")
    if first in ending_invoice.ENDINGS:
        return await ending_invoice.propose(desk, ask, typed)
    return await new_invoice.propose(desk, ask, typed)


async def execute(desk: Desk, action: Action) -> Json:
    if _is_new(action):
        return await new_invoice.execute(desk, action)
    return await ending_invoice.execute(desk, action)


async def find(desk: Desk, action: Action) -> Json | None:
    if _is_new(action):
        return await new_invoice.find(desk, action)
    return await ending_invoice.find(desk, action)


async def undo(desk: Desk, action: Action) -> Json | None:
    """What happens to one that is there is a single call, which leaves nothing half done."""
    return await new_invoice.undo(desk, action) if _is_new(action) else None


def told(desk: Desk, action: Action, made: Json) -> Result:
    if _is_new(action):
        return new_invoice.told(desk, action, made)
    return ending_invoice.told(desk, action, made)


def _is_new(action: Action) -> bool:
    return bool(action.params["do"] == new_invoice.DO)
