"""Stripe's codes in the words of people. A code that is not listed is shown as Stripe writes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Phrases = Mapping[str, str]

OTHER_CARD: Final = "Ask the customer for another way to pay."
ASK_BANK: Final = "The customer should ask their bank, or pay another way."
RETYPE: Final = "Ask the customer to type the card in again."
TRY_AGAIN: Final = "Nothing is wrong with the card: try again later."
CONFIRM: Final = "The customer must confirm the payment with their bank."
#: Telling a thief that the card is reported helps the thief.
DISCREET: Final = "Ask for another way to pay. Don't tell the customer why it failed."


@dataclass(frozen=True)
class Decline:
    """Why a payment was declined, and what staff can do about it."""

    words: str
    next: str = OTHER_CARD


DECLINES: Final[Mapping[str, Decline]] = MappingProxyType(
    {
        "approve_with_id": Decline("the bank could not authorise it", TRY_AGAIN),
        "authentication_required": Decline("the bank wants the customer to confirm", CONFIRM),
        "call_issuer": Decline("declined, the bank gives no reason", ASK_BANK),
        "card_declined": Decline("declined by the bank", ASK_BANK),
        "card_not_supported": Decline("the card does not allow this kind of payment"),
        "card_velocity_exceeded": Decline("over the card's limit", ASK_BANK),
        "currency_not_supported": Decline("the card does not allow this currency"),
        "debit_not_authorized": Decline("the customer says it was not authorised"),
        "do_not_honor": Decline("declined, the bank gives no reason", ASK_BANK),
        "do_not_try_again": Decline("declined, the bank gives no reason", ASK_BANK),
        "duplicate_transaction": Decline(
            "the same amount was charged moments ago", "Check whether it was already paid."
        ),
        "expired_card": Decline("the card has expired"),
        "fraudulent": Decline("declined as suspected fraud", DISCREET),
        "generic_decline": Decline("declined, the bank gives no reason", ASK_BANK),
        "incorrect_address": Decline("the address does not match the card", RETYPE),
        "incorrect_cvc": Decline("wrong security code", RETYPE),
        "incorrect_number": Decline("wrong card number", RETYPE),
        "incorrect_pin": Decline("wrong PIN", RETYPE),
        "incorrect_zip": Decline("the postal code does not match the card", RETYPE),
        "insufficient_funds": Decline("not enough money in the account"),
        "invalid_account": Decline("the card or account does not work", ASK_BANK),
        "invalid_amount": Decline("the bank does not allow this amount", ASK_BANK),
        "invalid_cvc": Decline("wrong security code", RETYPE),
        "invalid_expiry_month": Decline("wrong expiry date", RETYPE),
        "invalid_expiry_year": Decline("wrong expiry date", RETYPE),
        "invalid_number": Decline("wrong card number", RETYPE),
        "issuer_not_available": Decline("the bank could not be reached", TRY_AGAIN),
        "lost_card": Decline("the card is reported lost", DISCREET),
        "merchant_blacklist": Decline("the card is on your block list", DISCREET),
        "new_account_information_available": Decline("the card has been replaced"),
        "no_action_taken": Decline("declined, the bank gives no reason", ASK_BANK),
        "not_permitted": Decline("the bank does not allow this payment", ASK_BANK),
        "payment_intent_authentication_failure": Decline(
            "the customer did not confirm it", CONFIRM
        ),
        "elevated_risk_level": Decline("stopped by Radar: risky", DISCREET),
        "highest_risk_level": Decline("stopped by Radar: very risky", DISCREET),
        "rule": Decline("stopped by one of your Radar rules", DISCREET),
        "payment_intent_payment_attempt_expired": Decline("not paid in time"),
        "payment_intent_payment_attempt_failed": Decline("the bank or wallet refused it"),
        "payment_method_customer_decline": Decline("the customer stopped it"),
        "payment_method_provider_decline": Decline("the bank or wallet refused it"),
        "payment_method_provider_timeout": Decline("the bank or wallet did not answer", TRY_AGAIN),
        "pickup_card": Decline("the card cannot be used (may be lost or stolen)", DISCREET),
        "processing_error": Decline("an error while processing the card", TRY_AGAIN),
        "reenter_transaction": Decline("the bank could not process it", TRY_AGAIN),
        "restricted_card": Decline("the card cannot be used (may be lost or stolen)", DISCREET),
        "revocation_of_all_authorizations": Decline("the customer stopped all payments to you"),
        "revocation_of_authorization": Decline("the customer stopped this payment"),
        "security_violation": Decline("declined, the bank gives no reason", ASK_BANK),
        "service_not_allowed": Decline("declined, the bank gives no reason", ASK_BANK),
        "setup_intent_authentication_failure": Decline("the customer did not confirm it", CONFIRM),
        "stolen_card": Decline("the card is reported stolen", DISCREET),
        "stop_payment_order": Decline("the customer stopped this payment"),
        "testmode_decline": Decline("a test card was used", "Use a real card in live mode."),
        "transaction_not_allowed": Decline("the bank does not allow this payment", ASK_BANK),
        "try_again_later": Decline("declined, the bank gives no reason", TRY_AGAIN),
        "withdrawal_count_limit_exceeded": Decline("over the card's limit"),
    }
)

REFUND_REASONS: Final[Phrases] = MappingProxyType(
    {
        "duplicate": "charged twice",
        "expired_uncaptured_charge": "never captured",
        "fraudulent": "fraudulent",
        "requested_by_customer": "asked for by the customer",
    }
)

REFUND_FAILURES: Final[Phrases] = MappingProxyType(
    {
        "charge_for_pending_refund_disputed": "the payment was disputed meanwhile",
        "declined": "the bank declined it",
        "expired_or_canceled_card": "the card has expired or was cancelled",
        "insufficient_funds": "your Stripe balance is too low",
        "lost_or_stolen_card": "the card is reported lost or stolen",
        "merchant_request": "stopped at your request",
        "unknown": "the bank gives no reason",
    }
)

REFUND_WAITS: Final[Phrases] = MappingProxyType(
    {
        "charge_pending": "the payment itself is not settled yet",
        "insufficient_funds": "your Stripe balance is too low",
        "processing": "being processed",
    }
)

PAYOUT_FAILURES: Final[Phrases] = MappingProxyType(
    {
        "account_closed": "the bank account is closed",
        "account_frozen": "the bank account is frozen",
        "bank_account_restricted": "the bank account does not take this payout",
        "bank_ownership_changed": "the bank changed hands",
        "could_not_process": "the bank could not process it",
        "debit_not_authorized": "debits are not allowed on the bank account",
        "declined": "declined by the bank",
        "incorrect_account_holder_address": "wrong address of the account holder",
        "incorrect_account_holder_name": "wrong name of the account holder",
        "incorrect_account_holder_tax_id": "wrong tax number of the account holder",
        "insufficient_funds": "your Stripe balance is too low",
        "invalid_account_number": "wrong account number",
        "invalid_currency": "the bank account does not take this currency",
        "no_account": "the bank account was not found",
        "unsupported_card": "the card does not take payouts",
    }
)

FRAUD_TYPES: Final[Phrases] = MappingProxyType(
    {
        "card_never_received": "the card never reached its owner",
        "fraudulent_card_application": "the card was got by fraud",
        "made_with_counterfeit_card": "counterfeit card",
        "made_with_lost_card": "lost card",
        "made_with_stolen_card": "stolen card",
        "misc": "no particular kind",
        "unauthorized_use_of_card": "the cardholder did not authorise it",
    }
)

REVIEW_OPENED: Final[Phrases] = MappingProxyType(
    {
        "manual": "opened by hand",
        "rule": "one of your rules asked for it",
    }
)

REVIEW_CLOSED: Final[Phrases] = MappingProxyType(
    {
        "acknowledged": "acknowledged",
        "approved": "approved",
        "canceled": "the payment was cancelled",
        "disputed": "the payment was disputed",
        "payment_never_settled": "the payment never settled",
        "redacted": "redacted",
        "refunded": "refunded",
        "refunded_as_fraud": "refunded as fraud",
    }
)

CANCELLATIONS: Final[Phrases] = MappingProxyType(
    {
        "canceled_by_retention_policy": "by the retention policy",
        "cancellation_requested": "asked for",
        "payment_disputed": "a payment was disputed",
        "payment_failed": "the payment failed too often",
    }
)

FEEDBACK: Final[Phrases] = MappingProxyType(
    {
        "customer_service": "unhappy with the service",
        "low_quality": "unhappy with the quality",
        "missing_features": "misses something",
        "other": "another reason",
        "switched_service": "switched to another service",
        "too_complex": "too complicated",
        "too_expensive": "too expensive",
        "unused": "does not use it",
    }
)

SUBSCRIPTION_STATUS: Final[Phrases] = MappingProxyType(
    {
        "active": "active",
        "canceled": "ended",
        "incomplete": "waiting for the first payment",
        "incomplete_expired": "never paid, expired",
        "past_due": "payment overdue",
        "paused": "paused",
        "trialing": "on trial",
        "unpaid": "unpaid",
    }
)

CREDIT_REASONS: Final[Phrases] = MappingProxyType(
    {
        "duplicate": "charged twice",
        "fraudulent": "fraudulent",
        "order_change": "the order changed",
        "product_unsatisfactory": "not satisfied",
    }
)

ADVICE: Final[Phrases] = MappingProxyType(
    {
        "confirm_card_data": "check the card's details",
        "do_not_try_again": "don't try this card again",
        "try_again_later": "try again later",
    }
)

TAX_VERIFICATION: Final[Phrases] = MappingProxyType(
    {
        "pending": "being checked",
        "unavailable": "cannot be checked",
        "unverified": "could not be confirmed",
        "verified": "confirmed",
    }
)

CAPABILITIES: Final[Phrases] = MappingProxyType(
    {
        "card_payments": "card payments",
        "legacy_payments": "payments",
        "transfers": "transfers",
        "sepa_debit_payments": "SEPA debits",
        "us_bank_account_ach_payments": "ACH debits",
    }
)

DISABLED: Final[Phrases] = MappingProxyType(
    {
        "action_required.requested_capabilities": "something about the account must be added",
        "listed": "under review by Stripe",
        "other": "under review by Stripe",
        "platform_paused": "paused by the platform",
        "rejected.fraud": "refused: suspected fraud",
        "rejected.incomplete_verification": "refused: not verified in time",
        "rejected.listed": "refused: on a sanctions or other list",
        "rejected.other": "refused by Stripe",
        "rejected.terms_of_service": "refused: against Stripe's terms",
        "requirements.past_due": "something Stripe asked for is overdue",
        "requirements.pending_verification": "what was sent is being checked",
        "under_review": "under review by Stripe",
    }
)

BRANDS: Final[Phrases] = MappingProxyType(
    {
        "amex": "American Express",
        "cartes_bancaires": "Cartes Bancaires",
        "diners": "Diners Club",
        "discover": "Discover",
        "eftpos_au": "Eftpos",
        "jcb": "JCB",
        "mastercard": "Mastercard",
        "unionpay": "UnionPay",
        "visa": "Visa",
        "bancontact": "Bancontact",
        "card": "Card",
        "ideal": "iDEAL",
        "klarna": "Klarna",
        "link": "Link",
        "paypal": "PayPal",
        "sepa_debit": "SEPA debit",
        "us_bank_account": "US bank account",
    }
)


def phrase(code: str, phrases: Phrases) -> str:
    """The words for a code, else the code itself without its underscores."""
    return phrases.get(code) or code.replace("_", " ")


def plain_type(event_type: str) -> str:
    """`issuing_card.created` as `Issuing card created`."""
    words = event_type.replace(".", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]
