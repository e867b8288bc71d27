"""`accept [reason]`: the dispute is given up as lost, after another person has approved it.

It counts as moving money: the disputed amount is let go of, and that is final. So limits and `freeze`
apply to it as to a refund.
"""

from bridge.commands import disputes
from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.model.action import ActionState
from bridge.model.dispute import Dispute, as_dispute
from bridge.model.errors import Refused
from bridge.model.event import Json
from bridge.model.text import safe
from bridge.store.actions import Action


async def propose(desk: Desk, ask: Ask) -> Proposal:
    dispute = await disputes.asked_about(desk, ask)
    _must_be_open(desk, dispute)
    reason = safe(ask.command.rest, cap=400)
    amount = disputes.amount(desk, dispute)
    return Proposal(
        object_id=dispute.id,
        params={"reason": reason},
        money=dispute.money,
        question=f"Accept the dispute over {amount} as lost, for good?",
        remarks=(
            *([f"Reason: {reason}"] if reason else []),
            "The amount and the fee are gone then, and no evidence can be sent any more.",
        ),
        before={"status": dispute.status},
        others=1,
    )


async def execute(desk: Desk, action: Action) -> Json:
    """Reads the dispute once more."""
    dispute = await disputes.read(desk, action.account, action.object_id)
    _must_be_open(desk, dispute)
    if dispute.money != action.money:
        raise Refused("Nothing was done: the disputed amount is another one by now. Ask again.")
    return await desk.writers[action.account].close_dispute(dispute=dispute.id, key=action.id)


def told(desk: Desk, action: Action, made: Json) -> Result:
    dispute = as_dispute(made)
    words = say(
        f"The dispute over {disputes.amount(desk, dispute)} is accepted: it is {dispute.state_words}."
    )
    after = {"status": dispute.status}
    return Result(ActionState.SUCCEEDED, words, action.object_id, dispute.status, after)


def _must_be_open(desk: Desk, dispute: Dispute) -> None:
    if dispute.is_inquiry:
        raise Refused(
            "An inquiry has taken no money, so there is nothing to accept. "
            "Refund the payment to end it, answer it with evidence, or leave it."
        )
    disputes.must_be_answerable(desk, dispute)
