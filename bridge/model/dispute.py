"""A dispute as Stripe has it: its state and reason in words, and until when it can be answered. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from bridge.model.event import Json, id_of, moment
from bridge.model.money import Money, money_of

Phrases = Mapping[str, str]

DISPUTE_REASONS: Final[Phrases] = MappingProxyType(
    {
        "bank_cannot_process": "the bank could not process it",
        "check_returned": "the cheque was returned",
        "credit_not_processed": "a promised refund did not arrive",
        "customer_initiated": "started by the customer",
        "debit_not_authorized": "the debit was not authorised",
        "duplicate": "charged twice",
        "fraudulent": "fraudulent",
        "general": "no particular reason",
        "incorrect_account_details": "wrong account details",
        "insufficient_funds": "not enough money in the account",
        "noncompliant": "breaks the card network's rules",
        "product_not_received": "not received",
        "product_unacceptable": "not as described",
        "subscription_canceled": "subscription had been cancelled",
        "unrecognized": "not recognised by the cardholder",
    }
)

DISPUTE_STATUS: Final[Phrases] = MappingProxyType(
    {
        "warning_needs_response": "inquiry, waiting for your answer",
        "warning_under_review": "inquiry, the bank is looking at your answer",
        "warning_closed": "inquiry closed without a chargeback",
        "needs_response": "waiting for your answer",
        "under_review": "the bank is looking at your answer",
        "won": "won",
        "lost": "lost",
        "prevented": "prevented before it became a dispute",
        "appeal_needs_response": "appeal, waiting for your answer",
        "appeal_under_review": "appeal, the bank is looking at your answer",
        "charge_refunded": "closed by a refund",
    }
)

#: An answer is waited for.
WAITING: Final = frozenset({"needs_response", "warning_needs_response", "appeal_needs_response"})
#: Nobody waits for anything any more. `lost` may still be won late, or appealed.
OVER: Final = frozenset({"won", "lost", "warning_closed", "prevented", "charge_refunded"})
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Dispute:
    """A Stripe dispute; tolerant of what is missing, exact in what is there."""

    id: str
    charge: str | None
    status: str
    reason: str
    money: Money | None
    #: None if no answer is possible at all: Stripe says 0.
    due_at: datetime | None
    past_due: bool
    submissions: int
    #: The card network: `visa`, `mastercard`.
    network: str
    refundable: bool
    evidence: Json

    @property
    def is_inquiry(self) -> bool:
        """It has taken no money (yet)."""
        return self.status.startswith("warning_")

    @property
    def is_appeal(self) -> bool:
        return self.status.startswith("appeal_")

    @property
    def state_words(self) -> str:
        return DISPUTE_STATUS.get(self.status) or self.status.replace("_", " ")

    @property
    def reason_words(self) -> str:
        return DISPUTE_REASONS.get(self.reason) or self.reason.replace("_", " ")

    def is_late(self, now: datetime) -> bool:
        return self.past_due or (self.due_at is not None and self.due_at <= now)

    def why_not_answered(self, now: datetime) -> str | None:
        """The sentence that says why its evidence cannot be changed or sent; None if it can."""
        if self.status not in WAITING:
            return f"{self._verdict} Nothing can be sent to the bank now."
        if self.is_appeal:
            return "An appeal is answered in Stripe's dashboard; that cannot be done from here."
        if self.due_at is None:
            return "The bank takes no answer to this dispute."
        if self.is_late(now):
            return "The deadline for an answer has passed; the bank takes nothing any more."
        return None

    @property
    def _verdict(self) -> str:
        match self.status:
            case "won" | "lost":
                return f"This dispute is {self.status}."
            case "prevented":
                return "This dispute was prevented before it counted."
            case "warning_closed":
                return "This inquiry is closed; it did not become a chargeback."
            case "charge_refunded":
                return "This dispute was closed by a refund."
            case status if status.endswith("under_review"):
                return "The evidence is with the bank, and only one answer is taken."
            case _:
                return f"This dispute is in a state that I don't know ({self.state_words})."


def as_dispute(found: Json) -> Dispute:
    details, due = _mapping(found.get("evidence_details")), None
    if isinstance(seconds := details.get("due_by"), int) and seconds > 0:
        due = moment(seconds)
    submissions = details.get("submission_count")
    card = _mapping(_mapping(found.get("payment_method_details")).get("card"))
    return Dispute(
        id=id_of(found) or "",
        charge=id_of(found.get("charge")),
        status=str(found.get("status")),
        reason=str(found.get("reason")),
        money=money_of(found.get("amount"), found.get("currency")),
        due_at=due,
        past_due=details.get("past_due") is True,
        submissions=submissions if isinstance(submissions, int) else 0,
        network=str(card.get("network") or card.get("brand") or ""),
        refundable=found.get("is_charge_refundable") is True,
        evidence=_mapping(found.get("evidence")),
    )


def time_left(until: datetime, now: datetime) -> str:
    """`8 days left`, in whole units and never more than there is."""
    left = until - now
    if left <= timedelta(0):
        return "passed"
    if left >= 2 * _DAY:
        return f"{left // _DAY} days left"
    if left >= 2 * _HOUR:
        return f"{left // _HOUR} hours left"
    return f"{max(1, left // timedelta(minutes=1))} minutes left"


def time_left_for(hold: timedelta, until: datetime, now: datetime) -> str:
    """As `time_left`, in words that are no lie for as long as `hold`."""
    if now < until <= now + 2 * hold:
        return f"less than {2 * hold // _HOUR} hours left"
    return time_left(until, min(until, now + hold))


def _mapping(value: object) -> Json:
    return dict(value) if isinstance(value, Mapping) else {}
