"""Disputes: staged, submitted, conceded, decided."""

from typing import Any

import pytest
import stripe

from bridge.sandbox.stripe_server import SandboxStripe


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
