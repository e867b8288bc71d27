"""`submit`: the staged evidence goes to the bank, once, after another person has approved it.

What is approved is frozen by its fingerprint: if Stripe has anything else by then, nothing is sent.
"""

from collections.abc import Iterator

from bridge.commands import disputes, preview
from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.finding import marks
from bridge.model import evidence
from bridge.model.action import ActionState
from bridge.model.dispute import WAITING, Dispute, as_dispute
from bridge.model.errors import Refused
from bridge.model.event import Json
from bridge.store.actions import Action


async def propose(desk: Desk, ask: Ask) -> Proposal:
    disputes.writer(desk, ask.subject.account)
    dispute = await disputes.asked_about(desk, ask)
    disputes.must_be_answerable(desk, dispute)
    there = evidence.given(dispute.evidence)
    if not there:
        raise Refused("There is no evidence to send. Begin with `evidence`, or drop a file here.")
    code = preview.code(dispute)
    return Proposal(
        object_id=dispute.id,
        params={"fingerprint": evidence.fingerprint(dispute.evidence)},
        question=f"Send the evidence {code} in the {disputes.name(desk, dispute)} to the bank, for good?",
        remarks=tuple(_remarks(desk, dispute)),
        before={"status": dispute.status, "fields": list(there)},
        others=1,
    )


async def execute(desk: Desk, action: Action) -> Json:
    """Reads the dispute once more. The approved values go along: they are what the bank gets."""
    dispute = await disputes.read(desk, action.account, action.object_id)
    disputes.must_be_answerable(desk, dispute, "Nothing was sent.")
    if evidence.fingerprint(dispute.evidence) != action.params["fingerprint"]:
        raise Refused(
            "Nothing was sent: the evidence at Stripe is not what was approved any more. "
            "Look at `preview`, and ask again."
        )
    return await desk.writers[action.account].submit_evidence(
        dispute=dispute.id,
        evidence=evidence.given(dispute.evidence),
        metadata=marks(action),
        key=action.id,
    )


def told(desk: Desk, action: Action, made: Json) -> Result:
    dispute = as_dispute(made)
    fields = list(evidence.given(dispute.evidence))
    after = {"status": dispute.status, "fields": fields, "submissions": dispute.submissions}
    if not dispute.submissions and dispute.status in WAITING:
        odd = say(
            "Stripe has taken it, and does not show it as sent.",
            "Look at the dispute in Stripe's dashboard before you ask again.",
        )
        return Result(ActionState.FAILED, odd, dispute.id, "not_shown", after)
    words = say(
        f"The evidence {action.params['fingerprint'][:8]} in the {disputes.name(desk, dispute)} is with the bank.",
        f"Sent: {disputes.plainly(fields)}.\nIt decides within weeks; you will hear of it here.",
    )
    return Result(ActionState.SUCCEEDED, words, dispute.id, "submitted", after)


def _remarks(desk: Desk, dispute: Dispute) -> Iterator[str]:
    there = evidence.given(dispute.evidence)
    yield f"It has: {disputes.plainly(there)}. `preview` shows all of it."
    if lacks := evidence.missing(dispute.reason, dispute.evidence):
        yield f"Banks also look for: {disputes.plainly(lacks)}."
    yield f"Only one answer is taken. Answer by {disputes.deadline(desk, dispute)}."
    if _costs(dispute.evidence):
        yield "It has been agreed that Stripe takes a fee of US$500 for this kind of dispute."


def _costs(staged: Json) -> bool:
    enhanced = staged.get("enhanced_evidence")
    parts = enhanced.values() if isinstance(enhanced, dict) else ()
    return any(isinstance(one, dict) and one.get("fee_acknowledged") is True for one in parts)
