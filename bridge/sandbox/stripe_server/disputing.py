"""A dispute's life: opened by the bank, answered, decided, and sometimes decided again."""

from typing import Any, Final

from . import evidence
from .errors import invalid
from .fraud import stand_down
from .payments import book
from .shapes import Json
from .world import Desk

#: States in which an answer is still awaited.
OPEN: Final = frozenset({"needs_response", "warning_needs_response", "appeal_needs_response"})
#: States in which the bank has the word.
REVIEWED: Final = frozenset({"under_review", "warning_under_review", "appeal_under_review"})
_FEE: Final = 1_500


def forbids_refund(desk: Desk, charge: Json) -> bool:
    disputes = desk.world.store.oldest_first("dispute")
    return any(d["charge"] == charge["id"] and not d["is_charge_refundable"] for d in disputes)


def open_dispute(
    desk: Desk, charge: Json, *, amount: int, reason: str, days: float, inquiry: bool
) -> Json:
    shape = desk.world.shapes.fresh("dispute")
    dispute = desk.new(
        "dispute",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
        is_charge_refundable=inquiry,
        evidence_details=shape["evidence_details"] | {"due_by": _deadline(desk, days)},
        payment_method_details=_face(shape, charge, "inquiry" if inquiry else "chargeback"),
    )
    # An inquiry moves no money, and its charge does not count as disputed.
    if not inquiry:
        desk.change(charge, disputed=True)
        dispute = _with_entry(desk, dispute, -dispute["amount"], fee=_FEE)
    desk.emit("charge.dispute.created", dispute)
    if not inquiry:
        desk.emit("charge.dispute.funds_withdrawn", dispute)
    stand_down(desk, charge)
    return dispute


def _deadline(desk: Desk, days: float) -> int:
    """0 is Stripe's way of saying that no answer is possible."""
    return desk.stamp(days=days) if days else 0


def _face(shape: Json, charge: Json, kind: str) -> Json:
    card = charge["payment_method_details"].get("card") or {}
    brand = card.get("brand", "visa")
    known = {"brand": brand, "network": card.get("network") or brand, "case_type": kind}
    return {"type": "card", "card": shape["payment_method_details"]["card"] | known}


def _with_entry(desk: Desk, dispute: Json, amount: int, *, fee: int = 0) -> Json:
    entry = book(desk, dispute["id"], amount, dispute["currency"], "adjustment", fee=fee)
    return desk.change(dispute, balance_transactions=[*dispute["balance_transactions"], entry])


def note_deadlines(desk: Desk) -> None:
    """Deadlines pass by themselves, and no event tells of it."""
    for dispute in desk.world.store.oldest_first("dispute"):
        details = dispute["evidence_details"]
        if dispute["status"] in OPEN and not details["past_due"] and _late(desk, details):
            desk.change(dispute, evidence_details={**details, "past_due": True})


def _late(desk: Desk, details: Json) -> bool:
    return bool(details["due_by"] < desk.stamp())


def check_answerable(desk: Desk, dispute: Json) -> None:
    if dispute["status"] not in OPEN:
        raise invalid(
            f"This dispute is {dispute['status']}; its evidence can no longer be changed.",
            param="evidence",
        )
    if _late(desk, dispute["evidence_details"]):
        raise invalid(
            "This dispute's evidence was due already; it can no longer be changed.",
            param="evidence",
        )


def submitted(desk: Desk, dispute: Json, given: Json, **fields: Any) -> Json:
    """Evidence goes to the bank, once."""
    under_review = dispute["status"].replace("needs_response", "under_review")
    details = dispute["evidence_details"] | {
        "has_evidence": True,
        "submission_count": dispute["evidence_details"]["submission_count"] + 1,
        "submission_method": "manual",
    }
    return desk.change(
        dispute, "charge.dispute.updated",
        status=under_review, evidence=given, evidence_details=details, **fields,
    )  # fmt: skip


def staged(desk: Desk, dispute: Json, given: Json, **fields: Any) -> Json:
    details = dispute["evidence_details"] | {"has_evidence": evidence.any_of(given)}
    return desk.change(
        dispute, "charge.dispute.updated", evidence=given, evidence_details=details, **fields
    )


def concede(desk: Desk, dispute: Json) -> Json:
    if dispute["status"] not in OPEN:
        raise invalid("This dispute is already closed or under review.", param="dispute")
    return _decide(desk, dispute, won=False)


def escalate(desk: Desk, dispute: Json, days: float) -> Json:
    """An inquiry becomes a chargeback: now the money is taken."""
    charge = desk.get("charge", dispute["charge"])
    shape = desk.world.shapes.fresh("dispute")
    dispute = desk.change(
        dispute, "charge.dispute.updated", status="needs_response", is_charge_refundable=False,
        evidence_details=_new_round(desk, dispute, days),
        payment_method_details=_face(shape, charge, "chargeback"),
    )  # fmt: skip
    desk.change(charge, disputed=True)
    return _taken_back(desk, dispute, fee=_FEE)


def appeal(desk: Desk, dispute: Json, days: float) -> Json:
    """A decision is contested; of one that was won, the money is taken again until it is decided."""
    won = dispute["status"] == "won"
    dispute = desk.change(
        dispute, "charge.dispute.updated", status="appeal_needs_response",
        is_charge_refundable=False, evidence_details=_new_round(desk, dispute, days),
    )  # fmt: skip
    return _taken_back(desk, dispute) if won else dispute


def _new_round(desk: Desk, dispute: Json, days: float) -> Json:
    return {**dispute["evidence_details"], "due_by": _deadline(desk, days), "past_due": False}


def _taken_back(desk: Desk, dispute: Json, *, fee: int = 0) -> Json:
    dispute = _with_entry(desk, dispute, -dispute["amount"], fee=fee)
    desk.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def decide(desk: Desk, dispute: Json, *, won: bool) -> Json:
    if dispute["status"] == "lost" and won:
        return _late_win(desk, dispute)
    return _decide(desk, dispute, won=won)


def _decide(desk: Desk, dispute: Json, *, won: bool) -> Json:
    inquiry = dispute["status"].startswith("warning_")
    status = "warning_closed" if inquiry else "won" if won else "lost"
    return _end(desk, dispute, status, back=won and not inquiry, refundable=won or inquiry)


def prevent(desk: Desk, dispute: Json) -> Json:
    """The case is settled before it counts: money that was taken comes back."""
    return _end(desk, dispute, "prevented", back=_withdrawn(dispute), refundable=True)


def _withdrawn(dispute: Json) -> bool:
    moved: int = sum(entry["amount"] for entry in dispute["balance_transactions"])
    return moved < 0


def _end(desk: Desk, dispute: Json, status: str, *, back: bool, refundable: bool) -> Json:
    dispute = desk.change(dispute, status=status, is_charge_refundable=refundable)
    if back:
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
