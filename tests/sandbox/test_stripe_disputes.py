"""Disputes: staged, submitted, conceded, decided."""

import typing
from datetime import timedelta
from typing import Any, Final

import pytest
import stripe

from bridge.model.clock import ManualClock
from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.errors import StripeError


async def test_submit_is_true_unless_told_otherwise(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("dispute_opens")
    staged = await owner.v1.disputes.update_async(
        made["dispute"], {"evidence": {"product_description": "A hat"}, "submit": False}
    )
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert staged.evidence_details.submission_count == 0
    # The trap: a mere note sends what was staged.
    noted = await owner.v1.disputes.update_async(made["dispute"], {"metadata": {"note": "x"}})
    assert (noted.status, noted.evidence_details.submission_count) == ("under_review", 1)
    with pytest.raises(stripe.InvalidRequestError, match="can no longer be changed"):
        await owner.v1.disputes.update_async(
            made["dispute"], {"evidence": {"product_description": "Two hats"}}
        )


async def test_a_note_alone_submits_nothing(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("dispute_opens")
    noted = await owner.v1.disputes.update_async(made["dispute"], {"metadata": {"note": "x"}})
    assert (noted.status, noted.evidence_details.submission_count) == ("needs_response", 0)
    previous = sandbox.events()[-1]["data"]["previous_attributes"]
    assert (sandbox.events()[-1]["type"], previous) == (
        "charge.dispute.updated",
        {"metadata": {"note": None}},
    )


@pytest.mark.parametrize(
    "evidence",
    [
        {"uncategorized_text": "x" * 20_001},
        dict.fromkeys(
            (
                "access_activity_log", "cancellation_rebuttal", "customer_name",
                "duplicate_charge_explanation", "product_description", "refund_policy_disclosure",
                "refund_refusal_explanation", "uncategorized_text",
            ),
            "x" * 19_000,
        ),
        {"colour": "red"},
    ],
    ids=["one too long", "together too long", "unknown"],
)  # fmt: skip
async def test_evidence_has_limits(
    sandbox: SandboxStripe, owner: stripe.StripeClient, evidence: Any
) -> None:
    made = sandbox.happen("dispute_opens")
    with pytest.raises(stripe.InvalidRequestError):
        await owner.v1.disputes.update_async(
            made["dispute"], {"evidence": evidence, "submit": False}
        )


async def test_conceding_is_final(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("dispute_opens")
    assert (await owner.v1.disputes.close_async(made["dispute"])).status == "lost"
    assert sandbox.events()[-1]["type"] == "charge.dispute.closed"
    with pytest.raises(stripe.InvalidRequestError):
        await owner.v1.disputes.close_async(made["dispute"])


async def test_no_customer_and_a_deadline(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("dispute_opens", days=3, reason="product_not_received", currency="bhd")
    dispute = await owner.v1.disputes.retrieve_async(made["dispute"])
    assert "customer" not in dispute
    assert dispute.evidence_details.due_by == dispute.created + 3 * 86_400
    assert (dispute.reason, dispute.currency) == ("product_not_received", "bhd")
    listed = await owner.v1.disputes.list_async({"charge": made["charge"]})
    assert [d.id for d in listed.data] == [made["dispute"]]


@pytest.mark.parametrize(
    ("inquiry", "outcomes", "status", "events"),
    [
        (False, ["won"], "won", ["closed", "funds_reinstated"]),
        (False, ["lost"], "lost", ["closed"]),
        (False, ["lost", "won"], "won", ["closed", "updated", "funds_reinstated"]),
        (True, ["won"], "warning_closed", ["closed"]),
    ],
)
async def test_the_bank_decides(
    sandbox: SandboxStripe, inquiry: bool, outcomes: list[str], status: str, events: list[str]
) -> None:
    sandbox.happen("dispute_opens", inquiry=inquiry)
    seen = len(sandbox.events())
    decided = [sandbox.happen("dispute_closes", outcome=outcome) for outcome in outcomes]
    assert decided[-1]["status"] == status
    told = [event["type"] for event in sandbox.events()[seen:]]
    assert told == [f"charge.dispute.{event}" for event in events]


async def test_after_the_deadline_nothing_can_be_sent(
    sandbox: SandboxStripe, owner: stripe.StripeClient, clock: ManualClock
) -> None:
    made = sandbox.happen("dispute_opens", days=3)
    evidence: Any = {"evidence": {"product_description": "A hat"}, "submit": False}
    await owner.v1.disputes.update_async(made["dispute"], evidence)
    clock.advance(timedelta(days=3, seconds=1))
    dispute = await owner.v1.disputes.retrieve_async(made["dispute"])
    assert (dispute.status, dispute.evidence_details.past_due) == ("needs_response", True)
    with pytest.raises(stripe.InvalidRequestError, match="due already"):
        await owner.v1.disputes.update_async(made["dispute"], evidence)
    noted = await owner.v1.disputes.update_async(made["dispute"], {"metadata": {"note": "x"}})
    assert noted.evidence_details.submission_count == 0


async def test_some_disputes_allow_no_answer(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("dispute_opens", days=0)
    assert made["due_by"] == 0
    with pytest.raises(stripe.InvalidRequestError, match="due already"):
        await owner.v1.disputes.update_async(
            made["dispute"], {"evidence": {"product_description": "A hat"}, "submit": False}
        )


async def test_how_it_shall_be_answered(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("dispute_opens")
    dispute = await owner.v1.disputes.update_async(
        made["dispute"], {"intended_submission_method": "prefer_manual", "submit": False}
    )
    assert dispute.intended_submission_method == "prefer_manual"


STATUSES: Final[dict[str, list[Any]]] = {
    "needs_response": [("dispute_opens", {})],
    "under_review": [("dispute_opens", {}), "submit"],
    "won": [("dispute_opens", {}), ("dispute_closes", {"outcome": "won"})],
    "lost": [("dispute_opens", {}), ("dispute_closes", {"outcome": "lost"})],
    "prevented": [("dispute_opens", {}), ("dispute_closes", {"outcome": "prevented"})],
    "warning_needs_response": [("dispute_opens", {"inquiry": True})],
    "warning_under_review": [("dispute_opens", {"inquiry": True}), "submit"],
    "warning_closed": [
        ("dispute_opens", {"inquiry": True}),
        ("dispute_closes", {"outcome": "warning_closed"}),
    ],
    "appeal_needs_response": [
        ("dispute_opens", {}),
        ("dispute_closes", {"outcome": "lost"}),
        ("dispute_is_appealed", {}),
    ],
    "appeal_under_review": [
        ("dispute_opens", {}),
        ("dispute_closes", {"outcome": "won"}),
        ("dispute_is_appealed", {}),
        "submit",
    ],
}


@pytest.mark.parametrize("status", STATUSES)
async def test_all_ten_statuses(
    sandbox: SandboxStripe, owner: stripe.StripeClient, status: str
) -> None:
    dispute = ""
    for step in STATUSES[status]:
        if isinstance(step, str):
            text: Any = {"evidence": {"uncategorized_text": "x"}}
            await owner.v1.disputes.update_async(dispute, text)
        else:
            dispute = sandbox.happen(step[0], **step[1])["dispute"]
    found = await owner.v1.disputes.retrieve_async(dispute)
    assert found.status == status


def test_there_are_no_other_statuses() -> None:
    known = typing.get_args(typing.get_args(stripe.Dispute.__annotations__["status"])[0])
    assert set(STATUSES) == set(known)


@pytest.mark.parametrize(
    ("first", "outcome", "events", "left"),
    [
        ([], "prevented", ["closed", "funds_reinstated"], 0),
        (["inquiry"], "prevented", ["closed"], 0),
        (["inquiry", "inquiry_escalates"], "won", ["closed", "funds_reinstated"], 0),
        (["inquiry", "inquiry_escalates"], "lost", ["closed"], -12900),
        (["lost", "dispute_is_appealed"], "won", ["closed", "funds_reinstated"], 0),
        (["lost", "dispute_is_appealed"], "lost", ["closed"], -12900),
        (["won", "dispute_is_appealed"], "lost", ["closed"], -12900),
        (["won", "dispute_is_appealed"], "won", ["closed", "funds_reinstated"], 0),
    ],
)
async def test_the_money_follows_the_decision(
    sandbox: SandboxStripe, first: list[str], outcome: str, events: list[str], left: int
) -> None:
    made = sandbox.happen("dispute_opens", amount=12900, inquiry="inquiry" in first)
    for step in first:
        if step in {"won", "lost"}:
            sandbox.happen("dispute_closes", outcome=step)
        elif step != "inquiry":
            sandbox.happen(step)
    seen = len(sandbox.events())
    sandbox.happen("dispute_closes", outcome=outcome)
    told = [event["type"] for event in sandbox.events()[seen:]]
    assert told == [f"charge.dispute.{event}" for event in events]
    store = sandbox.world.store
    moved = [b for b in store.oldest_first("balance_transaction") if b["source"] == made["dispute"]]
    assert sum(entry["amount"] for entry in moved) == left


def test_what_cannot_become_of_a_dispute(sandbox: SandboxStripe) -> None:
    sandbox.happen("dispute_opens")
    for happening, given, message in (
        ("dispute_closes", {"outcome": "warning_closed"}, "not an inquiry"),
        ("inquiry_escalates", {}, "not an inquiry"),
        ("dispute_is_appealed", {}, "nothing is decided"),
    ):
        with pytest.raises(StripeError, match=message):
            sandbox.happen(happening, **given)
    sandbox.happen("dispute_closes", outcome="lost")
    with pytest.raises(StripeError, match="cannot be prevented"):
        sandbox.happen("dispute_closes", outcome="prevented")
