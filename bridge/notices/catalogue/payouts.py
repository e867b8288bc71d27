"""Payouts to the bank account."""

from bridge.model.signal import CardKind, SignalClass
from bridge.notices.catalogue.lines import day, line, text, words_for
from bridge.notices.catalogue.row import Kind, Row
from bridge.notices.catalogue.seen import Seen, dig
from bridge.notices.phrases import PAYOUT_FAILURES

PAYOUT = Kind(
    "payout", objects={"payout": "id"}, dashboard=("payouts/{payout}",), card=CardKind.PAYOUT
)


def _to(seen: Seen) -> str | None:
    account = seen.at("destination")
    bank, last4 = dig(account, "bank_name"), dig(account, "last4")
    if not isinstance(last4, str):
        return None
    return f"{bank if isinstance(bank, str) else 'Account'} ending {last4[-4:]}"


def _unknown_failure(seen: Seen) -> str | None:
    """Stripe's own sentence, where the title has no words for the code."""
    return None if seen.code("failure_code") in PAYOUT_FAILURES else seen.text("failure_message")


_TO = line("To", _to)
_ARRIVES = day("Expected on", "arrival_date")
_STATEMENT = text("On the statement", "statement_descriptor")

ROWS = (
    Row(
        "payout.failed",
        PAYOUT,
        SignalClass.PAGE,
        "Payout failed",
        "payout:{payout}:failed",
        state="failed",
        reason=words_for("failure_code", PAYOUT_FAILURES),
        lines=(line("Stripe says", _unknown_failure), _TO, _STATEMENT),
        next="The money is back in your Stripe balance. Mend the bank account in Stripe: "
        "no further payout goes there until then.",
    ),
    Row(
        "payout.paid",
        PAYOUT,
        SignalClass.DIGEST,
        "Payout paid",
        "payout:{payout}:paid",
        state="paid",
        lines=(_ARRIVES, _TO, _STATEMENT),
    ),
    Row(
        "payout.canceled",
        PAYOUT,
        SignalClass.NOTIFY,
        "Payout cancelled",
        "payout:{payout}:cancelled",
        state="canceled",
        lines=(_TO,),
        next="The money is back in your Stripe balance.",
    ),
    Row(
        "payout.reconciliation_completed",
        PAYOUT,
        SignalClass.DIGEST,
        "Payout can be reconciled",
        "payout:{payout}:paid",
        state="paid",
        lines=(_ARRIVES,),
    ),
)
