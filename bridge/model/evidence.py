"""What Stripe takes as evidence in a dispute, what banks look for, and what is there. Pure.

The fields and their limits are those of Stripe's `disputes.update`.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

#: Of all fields together.
MOST_LETTERS: Final = 150_000
MOST_BYTES: Final = 4_500_000
_LONG: Final = 20_000
#: A file must have fewer pages than this; one network takes even less.
_PAGES: Final = 50
_PAGES_OF: Final[Mapping[str, int]] = {"mastercard": 20}


@dataclass(frozen=True)
class Field:
    """`about` says what belongs into it; `also` is what people call it otherwise."""

    name: str
    about: str
    is_file: bool = False
    most: int = MOST_LETTERS
    also: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return self.name.replace("_", " ")


def _file(name: str, about: str, *also: str) -> Field:
    return Field(name, about, is_file=True, also=also)


def _long(name: str, about: str, *also: str) -> Field:
    return Field(name, about, most=_LONG, also=also)


def _short(name: str, about: str, *also: str) -> Field:
    return Field(name, about, also=also)


FIELDS: Final = (
    _file("receipt", "what the customer got when they paid"),
    _file("customer_communication", "e-mails or chats with the customer", "communication"),
    _file("shipping_documentation", "proof that it was sent", "shipping document"),
    _file("service_documentation", "proof that the service was given", "service document"),
    _file("customer_signature", "a contract or delivery note they signed", "signature"),
    _file("refund_policy", "the refund policy as they saw it"),
    _file("cancellation_policy", "the cancellation policy as they saw it"),
    _file("uncategorized_file", "anything else as a file", "other file"),
    _file(
        "duplicate_charge_documentation", "proof that it is not the same charge twice",
        "duplicate documentation",
    ),
    _long("product_description", "what was sold"),
    _short("customer_name", "who bought it"),
    _short("customer_email_address", "their e-mail address", "customer email", "email address"),
    _short("customer_purchase_ip", "the IP address they bought from", "purchase ip", "ip address"),
    _short("billing_address", "the address on the bill"),
    _long("access_activity_log", "when and from where they used it", "activity log", "access log"),
    _short("shipping_carrier", "who delivered it", "carrier"),
    _short("shipping_tracking_number", "the parcel's number", "tracking number"),
    _short("shipping_date", "when it was sent"),
    _short("shipping_address", "where it was sent"),
    _short("service_date", "when the service was given or began"),
    _long("refund_policy_disclosure", "how they were shown the refund policy"),
    _long("refund_refusal_explanation", "why they get no refund", "refund refusal"),
    _long("cancellation_policy_disclosure", "how they were shown the cancellation policy"),
    _long("cancellation_rebuttal", "why the subscription was not cancelled"),
    _long("duplicate_charge_explanation", "why it is not the same charge twice", "duplicate explanation"),
    _short("duplicate_charge_id", "the other charge (ch_…)"),
    _long("uncategorized_text", "anything else in words", "other text"),
)  # fmt: skip
BY_NAME: Final[Mapping[str, Field]] = {field.name: field for field in FIELDS}

_CUSTOMARY: Final = (
    "customer_communication",
    "receipt",
    "product_description",
    "uncategorized_text",
)
#: What banks look for, by the reason of a dispute.
_WANTED: Final[Mapping[str, tuple[str, ...]]] = {
    "credit_not_processed": ("refund_policy", "refund_refusal_explanation", *_CUSTOMARY),
    "duplicate": ("duplicate_charge_explanation", "duplicate_charge_documentation", "receipt"),
    "fraudulent": ("customer_purchase_ip", "customer_signature", *_CUSTOMARY),
    "product_not_received": ("shipping_documentation", "shipping_tracking_number", *_CUSTOMARY),
    "product_unacceptable": ("refund_policy", "service_documentation", *_CUSTOMARY),
    "subscription_canceled": ("cancellation_policy", "cancellation_rebuttal", *_CUSTOMARY),
    "unrecognized": ("customer_name", "customer_email_address", *_CUSTOMARY),
}


def wanted(reason: str) -> tuple[str, ...]:
    return _WANTED.get(reason, _CUSTOMARY)


def given(evidence: Mapping[str, Any]) -> dict[str, str]:
    """The texts and file ids that are there, in the order of `FIELDS`; then what is newer than this."""
    there = {name: value for name, value in evidence.items() if value and isinstance(value, str)}
    known = {field.name: there.pop(field.name) for field in FIELDS if field.name in there}
    return {**known, **dict(sorted(there.items()))}


def missing(reason: str, evidence: Mapping[str, Any]) -> list[str]:
    """What banks look for and is not there."""
    there = given(evidence)
    return [name for name in wanted(reason) if name not in there]


def letters(evidence: Mapping[str, Any]) -> int:
    """Of all texts together."""
    return sum(len(text) for name, text in given(evidence).items() if not is_file(name))


def is_file(name: str) -> bool:
    field = BY_NAME.get(name)
    return field is not None and field.is_file


def most_pages(network: str) -> int:
    """A file of so many pages is too long."""
    return _PAGES_OF.get(network.lower(), _PAGES)


def fingerprint(evidence: Mapping[str, Any]) -> str:
    """The same for the same evidence, whatever is empty in it."""
    text = json.dumps(_filled(evidence), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _filled(value: Any) -> Any:
    """Without what is empty, at any depth."""
    if isinstance(value, Mapping):
        inner = {str(name): _filled(one) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one not in (None, "", {}, [])}
    return [_filled(one) for one in value] if isinstance(value, list) else value


def named(typed: str) -> tuple[Field, str] | None:
    """`Tracking number: 1Z…` as the field and the rest; None if it begins with no field's name."""
    for pattern, field in _patterns():
        if found := pattern.match(typed):
            return field, typed[found.end() :].strip()
    return None


def _patterns() -> Iterator[tuple[re.Pattern[str], Field]]:
    """The longest name first, so that a name within a name is not taken for it."""
    called = [(name, field) for field in FIELDS for name in (field.words, *field.also)]
    for name, field in sorted(called, key=lambda one: -len(one[0])):
        words = r"[\s_-]+".join(map(re.escape, name.split()))
        yield re.compile(rf"\s*{words}(?:\s*[:=]|(?=\s|\Z))", re.IGNORECASE), field
