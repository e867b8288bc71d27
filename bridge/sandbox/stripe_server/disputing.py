"""A dispute's life: opened by the bank, answered, decided, and sometimes decided again."""

from typing import Any, Final

from .errors import invalid
from .fraud import stand_down
from .payments import book
from .shapes import Json
from .world import Desk

#: States in which an answer is still awaited.
OPEN: Final = frozenset({"needs_response", "warning_needs_response"})
_FEE: Final = 1_500
_ALL_EVIDENCE: Final = 150_000


def blocks_refund(dispute: Json) -> bool:
    return not dispute["is_charge_refundable"]


def open_dispute(
    desk: Desk, charge: Json, *, amount: int, reason: str, days: float, inquiry: bool
) -> Json:
    shape = desk.world.shapes.fresh("dispute")
    kind = "inquiry" if inquiry else "chargeback"
    face = shape["payment_method_details"]["card"] | {"case_type": kind}
    dispute = desk.new(
        "dispute",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
        is_charge_refundable=inquiry,
        evidence_details=shape["evidence_details"] | {"due_by": desk.stamp(days=days)},
        payment_method_details={"type": "card", "card": face},
    )
    # An inquiry moves no money, and its charge does not count as disputed.
    if not inquiry:
        desk.change(charge, disputed=True)
        dispute = _withdrawn(desk, dispute)
    desk.emit("charge.dispute.created", dispute)
    if not inquiry:
        desk.emit("charge.dispute.funds_withdrawn", dispute)
    stand_down(desk, charge)
    return dispute


def _withdrawn(desk: Desk, dispute: Json) -> Json:
    return _with_entry(desk, dispute, -dispute["amount"], fee=_FEE)


def _with_entry(desk: Desk, dispute: Json, amount: int, *, fee: int = 0) -> Json:
    entry = book(desk, dispute["id"], amount, dispute["currency"], "adjustment", fee=fee)
    return desk.change(dispute, balance_transactions=[*dispute["balance_transactions"], entry])


def submitted(desk: Desk, dispute: Json, evidence: Json, **fields: Any) -> Json:
    """Evidence goes to the bank, once."""
    under_review = dispute["status"].replace("needs_response", "under_review")
    details = dispute["evidence_details"] | {
        "has_evidence": True,
        "submission_count": dispute["evidence_details"]["submission_count"] + 1,
        "submission_method": "manual",
    }
    return desk.change(
        dispute, "charge.dispute.updated",
        status=under_review, evidence=evidence, evidence_details=details, **fields,
    )  # fmt: skip


def staged(desk: Desk, dispute: Json, evidence: Json, **fields: Any) -> Json:
    details = dispute["evidence_details"] | {"has_evidence": has_evidence(evidence)}
    return desk.change(
        dispute, "charge.dispute.updated", evidence=evidence, evidence_details=details, **fields
    )


def has_evidence(evidence: Json) -> bool:
    return any(value not in (None, "", {}) for value in evidence.values())


def merged_evidence(dispute: Json, given: Json) -> Json:
    filled = {name: None if value == "" else value for name, value in given.items()}
    evidence: Json = {**dispute["evidence"], **filled}
    if sum(len(text) for text in evidence.values() if isinstance(text, str)) > _ALL_EVIDENCE:
        raise invalid(
            "The combined character count of all evidence fields is limited to 150,000.",
            param="evidence",
        )
    return evidence


def concede(desk: Desk, dispute: Json) -> Json:
    if dispute["status"] not in OPEN:
        raise invalid("This dispute is already closed or under review.", param="dispute")
    return _decide(desk, dispute, won=False)


def decide(desk: Desk, dispute: Json, *, won: bool) -> Json:
    if dispute["status"] == "lost" and won:
        return _late_win(desk, dispute)
    return _decide(desk, dispute, won=won)


def _decide(desk: Desk, dispute: Json, *, won: bool) -> Json:
    inquiry = dispute["status"].startswith("warning_")
    status = "warning_closed" if inquiry else "won" if won else "lost"
    refundable = inquiry or won
    dispute = desk.change(dispute, status=status, is_charge_refundable=refundable)
    if won and not inquiry:
        return _reinstated(desk, dispute, "charge.dispute.closed")
    desk.emit("charge.dispute.closed", dispute)
    return dispute


def _late_win(desk: Desk, dispute: Json) -> Json:
    """The bank changes its mind after the case was lost: no second `closed` comes."""
    dispute = desk.change(
        dispute, "charge.dispute.updated", status="won", is_charge_refundable=True
    )
    return _reinstated(desk, dispute)


def _reinstated(desk: Desk, dispute: Json, *also: str) -> Json:
    dispute = _with_entry(desk, dispute, dispute["amount"])
    for event in (*also, "charge.dispute.funds_reinstated"):
        desk.emit(event, dispute)
    return dispute
