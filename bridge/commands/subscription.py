"""`subscription cancel now|at end`, `pause void|draft|uncollectible`, `resume`.

A change carries the action's id in the subscription's metadata, a cancellation in its comment (Stripe
takes no metadata with it): by these it is found again when the answer did not arrive.
"""

from typing import Any

from bridge.commands import subscriptions
from bridge.commands.arguments import read
from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.finding import ACTION_KEY, called_since
from bridge.commands.subscription_telling import question, remarks, result
from bridge.commands.subscription_words import NOW, RESUME, wanted, why_not
from bridge.commands.subscriptions import OVER, as_subscription
from bridge.model.action import ActionState
from bridge.model.errors import Refused, StripeRefused
from bridge.model.event import Json
from bridge.store.actions import Action

_COMMENT_CAP = 500
_EVENTS = ("customer.subscription.resumed", "customer.subscription.updated")


async def propose(desk: Desk, ask: Ask) -> Proposal:
    subscription, rest = await subscriptions.meant(desk, ask, read(ask.command.rest))
    wish = wanted(desk, subscription, rest)
    if problem := why_not(desk, subscription, wish.do):
        raise Refused(problem)
    if wish.do == RESUME and subscription.price is None:
        raise Refused(
            "What it would cost to resume it is not one fixed amount, so it can only be done at Stripe."
        )
    return Proposal(
        object_id=subscription.id,
        params={"do": wish.do, "invoices": wish.invoices, "until": wish.until, "why": wish.why},
        question=question(desk, subscription, wish),
        remarks=tuple(remarks(desk, subscription, wish)),
        # Only this charges anything: a period begins with it.
        money=subscription.price if wish.do == RESUME else None,
        before=subscription.state,
        objects=subscription.objects,
    )


async def execute(desk: Desk, action: Action) -> Json:
    """Reads it once more: what is not as it was when it was asked about is left alone."""
    now = as_subscription(await desk.readers[action.account].subscription(action.object_id))
    if now.state != action.before:
        problem = why_not(desk, now, action.params["do"]) or "Ask again."
        raise Refused(f"Nothing was done, for something has changed meanwhile. {problem}")
    writer = desk.writers[action.account]
    match action.params["do"]:
        case "cancel now":
            return await _cancelled(desk, action)
        case "resume":
            return await writer.resume_subscription(action.object_id, key=action.id)
    return await writer.change_subscription(
        action.object_id, change=_change(action), metadata={ACTION_KEY: action.id}, key=action.id
    )


async def _cancelled(desk: Desk, action: Action) -> Json:
    """A client may ask for a deletion twice by itself, and the second time it is refused."""
    try:
        return await desk.writers[action.account].cancel_subscription(
            action.object_id, comment=_comment(action)
        )
    except StripeRefused:
        if found := await find(desk, action):
            return found
        raise


async def find(desk: Desk, action: Action) -> Json | None:
    reader = desk.readers[action.account]
    if action.params["do"] == RESUME:
        made = await reader.made_by(action.id, _EVENTS, called_since(action))
        return next((one for one in made if one.get("object") == "subscription"), None)
    found = await reader.subscription(action.object_id)
    details = found.get("cancellation_details") or {}
    if action.params["do"] == NOW:
        ours = found.get("status") in OVER and action.id in str(details.get("comment"))
    else:
        ours = (found.get("metadata") or {}).get(ACTION_KEY) == action.id
    return found if ours else None


def told(desk: Desk, action: Action, made: Json) -> Result:
    subscription, do = as_subscription(made), str(action.params["do"])
    if do == RESUME and subscription.status == "paused":
        words = say(
            "Not resumed: its invoice could not be paid.",
            "It stays paused; it is resumed as soon as that invoice is paid, by `retry` for example.",
        )
        return Result(ActionState.FAILED, words, subscription.id, "paused", subscription.state)
    words = say(*result(desk, subscription, do))
    outcome = "canceled" if do == NOW else do.replace(" ", "_")
    return Result(
        ActionState.SUCCEEDED,
        words,
        subscription.id,
        outcome,
        subscription.state,
        objects=subscription.objects,
    )


def _change(action: Action) -> dict[str, Any]:
    params = action.params
    match params["do"]:
        case "cancel at end":
            details = {"comment": _comment(action)}
            return {"cancel_at_period_end": True, "cancellation_details": details}
        case "keep":
            return {"cancel_at_period_end": False}
        case "collect":
            return {"pause_collection": ""}
    pause = {"behavior": params["invoices"]}
    return {
        "pause_collection": pause | ({"resumes_at": params["until"]} if params["until"] else {})
    }


def _comment(action: Action) -> str:
    """Only people with access to Stripe read it."""
    mark = f" (chat action {action.id})"
    why = f": {action.params['why']}" if action.params["why"] else ""
    return f"{action.asked_by}{why}"[: _COMMENT_CAP - len(mark)] + mark
