"""Disputes, from the inquiry to the late win."""

from datetime import datetime

from bridge.model.dispute import DISPUTE_REASONS, DISPUTE_STATUS, OVER, WAITING
from bridge.model.signal import CardKind, SignalClass
from bridge.notices.catalogue.lines import amount, code, line, words_for
from bridge.notices.catalogue.links import Lookup
from bridge.notices.catalogue.row import Kind, Row
from bridge.notices.catalogue.seen import Seen


def _due(seen: Seen) -> datetime | None:
    """The last moment for an answer, while one is waited for."""
    waits = seen.code("status") in WAITING
    return seen.moment("evidence_details.due_by") if waits else None


DISPUTE = Kind(
    "dispute",
    objects={
        "dispute": "id",
        "charge": "charge",
        "payment_intent": "payment_intent charge.payment_intent",
        "customer": "charge.customer",
    },
    deadline=_due,
    dashboard=("disputes/{dispute}",),
    card=CardKind.DISPUTE,
)


def _opened(seen: Seen) -> str:
    match seen.code("status"):
        case "prevented":
            return "Dispute prevented"
        case "won" | "lost" as status:
            return f"Dispute opened and already {status}"
        case status:
            return "Inquiry opened" if status.startswith("warning") else "Dispute opened"


def _over(seen: Seen) -> str:
    match seen.code("status"):
        case "won" | "lost" as status:
            late = seen.code_before("status") == "lost" and status == "won"
            return "Dispute won after all" if late else f"Dispute {status}"
        case "warning_closed":
            return "Inquiry closed"
        case "prevented":
            return "Dispute prevented"
        case _:
            return "Dispute closed"


def _updated(seen: Seen) -> str:
    status = seen.code("status")
    if not seen.changed("status"):
        return "Evidence for a dispute saved" if _evidence_saved(seen) else "Dispute updated"
    if status in OVER:
        return _over(seen)
    if status == "needs_response" and seen.code_before("status").startswith("warning"):
        return "Inquiry became a dispute"
    if status == "appeal_needs_response":
        return "Dispute goes on: appeal"
    return "Answer to a dispute sent" if status.endswith("under_review") else "Dispute updated"


def _evidence_saved(seen: Seen) -> bool:
    return seen.changed("evidence") or seen.changed("evidence_details")


def _sent(seen: Seen) -> str | None:
    return "yes" if seen.number("evidence_details.submission_count") else "not yet"


def _updated_story(seen: Seen) -> str:
    """Saved evidence changes no status and stays in the story it belongs to."""
    status = seen.code("status")
    if status in OVER:
        return _CLOSED
    return "dispute:{dispute}:{status}" if seen.changed("status") else _OPENED


def _turned_urgent(seen: Seen) -> SignalClass | None:
    """Only a dispute that newly waits for an answer interrupts."""
    if not seen.changed("status"):
        return SignalClass.GROUP
    return None if seen.code("status") in WAITING else SignalClass.NOTIFY


def _prevented(seen: Seen) -> SignalClass | None:
    return SignalClass.NOTIFY if seen.code("status") == "prevented" else None


def _next(seen: Seen) -> str | None:
    status = seen.code("status")
    if status not in WAITING:
        return None
    if _due(seen) is None:
        return "No answer is possible: the bank has decided."
    if status == "warning_needs_response":
        return "Answer with evidence, or refund the payment and the inquiry ends."
    return "Answer with evidence or accept it. Don't refund: the money would be gone twice."


def _after(seen: Seen) -> str | None:
    return {
        "lost": "Usually final: the amount and the fee are gone.",
        "won": "Nothing. The money is yours again.",
    }.get(seen.code("status"))


def _state(seen: Seen) -> str:
    return seen.code("status")


def _answer_by(seen: Seen) -> str | None:
    at = _due(seen)
    return seen.words.deadline(at) if at else None


#: Money that is taken or given back belongs to these two turns, and comes just before or after.
_OPENED = "dispute:{dispute}:opened"
_CLOSED = "dispute:{dispute}:closed:{status}"


def _reinstated_story(seen: Seen) -> str:
    """Money comes back with a win, even when the dispute does not yet say so."""
    return _CLOSED if seen.code("status") in OVER else "dispute:{dispute}:closed:won"


_WHY = words_for("reason", DISPUTE_REASONS)
_REASON = code("Reason", "reason", DISPUTE_REASONS)
_STATUS = code("Status", "status", DISPUTE_STATUS)
_ANSWER_BY = line("Answer by", _answer_by)
_FEE = amount("Dispute fee", "balance_transactions.0.fee", "balance_transactions.0.currency")
_NEEDS = (Lookup.CHARGE, Lookup.INVOICE_OF_PAYMENT)

ROWS = (
    Row(
        "charge.dispute.created",
        DISPUTE,
        SignalClass.PAGE,
        _opened,
        _OPENED,
        reason=_WHY,
        lines=(_ANSWER_BY, _STATUS, _FEE),
        next=_next,
        calmer=_prevented,
        needs=_NEEDS,
        aside=_state,
        beside_payment=True,
        state=_state,
    ),
    Row(
        "charge.dispute.updated",
        DISPUTE,
        SignalClass.PAGE,
        _updated,
        _updated_story,
        reason=_WHY,
        lines=(_ANSWER_BY, _STATUS, line("Sent to the bank", _sent)),
        next=_next,
        calmer=_turned_urgent,
        needs=_NEEDS,
        aside=_state,
        beside_payment=True,
        state=_state,
        turn="{event}",
    ),
    Row(
        "charge.dispute.closed",
        DISPUTE,
        SignalClass.NOTIFY,
        _over,
        _CLOSED,
        lines=(_REASON,),
        next=_after,
        needs=_NEEDS,
        aside=_state,
        beside_payment=True,
        state=_state,
    ),
    Row(
        "charge.dispute.funds_withdrawn",
        DISPUTE,
        SignalClass.NOTIFY,
        "Disputed money taken from your balance",
        _OPENED,
        lines=(_REASON, _FEE, _ANSWER_BY),
        needs=_NEEDS,
        aside=_state,
        beside_payment=True,
        state=_state,
    ),
    Row(
        "charge.dispute.funds_reinstated",
        DISPUTE,
        SignalClass.NOTIFY,
        "Disputed money is back in your balance",
        _reinstated_story,
        lines=(_REASON,),
        needs=_NEEDS,
        aside=_state,
        beside_payment=True,
        state=_state,
    ),
)
