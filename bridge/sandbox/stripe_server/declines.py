"""Why a card says no, and how Stripe words it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from .shapes import Json


@dataclass(frozen=True)
class Decline:
    """`code` is Stripe's error code; what the issuer said is the decline code it is listed under."""

    message: str
    code: str = "card_declined"
    advice: str | None = None
    network: str = "05"


DECLINES: Final[Mapping[str, Decline]] = MappingProxyType(
    {
        "generic_decline": Decline("Your card was declined.", advice="try_again_later"),
        "insufficient_funds": Decline(
            "Your card has insufficient funds.", advice="try_again_later", network="51"
        ),
        "lost_card": Decline("Your card was declined.", advice="do_not_try_again", network="41"),
        "stolen_card": Decline("Your card was declined.", advice="do_not_try_again", network="43"),
        "fraudulent": Decline("Your card was declined.", advice="do_not_try_again", network="59"),
        "do_not_honor": Decline("Your card was declined.", advice="try_again_later"),
        "expired_card": Decline("Your card has expired.", code="expired_card", network="54"),
        "incorrect_cvc": Decline(
            "Your card's security code is incorrect.", code="incorrect_cvc", network="N7"
        ),
        "processing_error": Decline(
            "An error occurred while processing your card. Try again in a little bit.",
            code="processing_error",
            advice="try_again_later",
            network="96",
        ),
        "authentication_required": Decline(
            "Your card was declined. This transaction requires authentication.",
            code="authentication_required",
            network="1A",
        ),
    }
)

#: Stripe's test cards by token: what a payment with each comes to.
TEST_CARDS: Final[Mapping[str, tuple[str, str | None]]] = MappingProxyType(
    {
        "pm_card_visa": ("4242", None),
        "pm_card_chargeDeclined": ("0002", "generic_decline"),
        "pm_card_visa_chargeDeclined": ("0002", "generic_decline"),
        "pm_card_chargeDeclinedInsufficientFunds": ("9995", "insufficient_funds"),
        "pm_card_visa_chargeDeclinedInsufficientFunds": ("9995", "insufficient_funds"),
        "pm_card_chargeDeclinedExpiredCard": ("0069", "expired_card"),
        "pm_card_chargeDeclinedFraudulent": ("0019", "fraudulent"),
        "pm_card_authenticationRequired": ("3184", "authentication_required"),
    }
)


def decline(code: str) -> Decline:
    return DECLINES.get(code, DECLINES["generic_decline"])


def outcome_of_success() -> Json:
    return {
        "advice_code": None, "network_advice_code": None, "network_decline_code": None,
        "network_status": "approved_by_network", "reason": None, "risk_level": "normal",
        "risk_score": 12, "seller_message": "Payment complete.", "type": "authorized",
    }  # fmt: skip


def outcome_of_decline(code: str) -> Json:
    why = decline(code)
    return outcome_of_success() | {
        "advice_code": why.advice,
        "network_decline_code": why.network,
        "network_status": "declined_by_network",
        "reason": code,
        "seller_message": f"The bank returned the decline code `{code}`.",
        "type": "issuer_declined",
    }


def payment_error(code: str, charge: Json, card: Json) -> Json:
    """What the PaymentIntent remembers of its last failure, and what the API answers with 402."""
    why = decline(code)
    return {
        "advice_code": why.advice,
        "charge": charge["id"],
        "code": why.code,
        "decline_code": code,
        "doc_url": f"https://stripe.com/docs/error-codes/{why.code.replace('_', '-')}",
        "message": why.message,
        "network_decline_code": why.network,
        "payment_method": card,
        "type": "card_error",
    }
