"""Customers and how they pay: who they are, their cards, their tax numbers."""

from bridge.model.signal import SignalClass
from bridge.notices.catalogue.lines import card, changed, code, line, text, words_for
from bridge.notices.catalogue.row import Kind, Row
from bridge.notices.catalogue.seen import Seen, dig
from bridge.notices.phrases import BRANDS, TAX_VERIFICATION, phrase

CUSTOMER = Kind(
    "customer",
    objects={"customer": "id"},
    money="",
    who="name business_name individual_name email",
    email="email",
    dashboard=("customers/{customer}",),
)
PAYMENT_METHOD = Kind(
    "payment_method",
    objects={"customer": "customer"},
    money="",
    who="customer.name billing_details.name billing_details.email",
    email="billing_details.email",
    dashboard=("customers/{customer}",),
)
SOURCE = Kind(
    "source",
    objects={"customer": "customer"},
    money="",
    who="name owner.name",
    email="owner.email",
    dashboard=("customers/{customer}",),
)
TAX_ID = Kind(
    "tax_id",
    objects={"customer": "customer owner.customer"},
    money="",
    dashboard=("customers/{customer}",),
)
MANDATE = Kind("mandate", money="")

#: Each change of a customer is a message of its own.
_EACH_CHANGE = "customer:{customer}:{event}"
#: Old values that matter when they are replaced; filled in for the first time they don't interrupt.
_BILLING = (
    "name",
    "email",
    "phone",
    "address",
    "shipping",
    "tax_exempt",
    "default_source",
    "invoice_settings.default_payment_method",
)
_CHANGES = (
    changed("Name", "name", personal=True),
    changed("E-mail", "email", personal=True),
    changed("Phone", "phone", personal=True),
    changed("Address", "address", personal=True),
    changed("Delivered to", "shipping", personal=True),
    changed(
        "Tax",
        "tax_exempt",
        phrases={"none": "taxed", "exempt": "exempt", "reverse": "reverse charge"},
    ),
    changed("Languages", "preferred_locales"),
    changed("Pays late", "delinquent"),
)


def _updated(seen: Seen) -> str:
    return "Billing details changed" if _touches_billing(seen) else "Customer updated"


def _touches_billing(seen: Seen) -> bool:
    return any(seen.changed(path) for path in _BILLING)


def _calmer(seen: Seen) -> SignalClass | None:
    if not _touches_billing(seen):
        return SignalClass.DIGEST
    replaced = any(_says_something(seen.before(path)) for path in _BILLING)
    return None if replaced else SignalClass.GROUP


def _says_something(value: object) -> bool:
    """An address of which every line is empty says nothing."""
    return any(value.values()) if isinstance(value, dict) else bool(value)


def _new_default(seen: Seen) -> str | None:
    replaced = seen.changed("invoice_settings.default_payment_method")
    return "another one than before" if replaced or seen.changed("default_source") else None


def _method(seen: Seen) -> str | None:
    """What kind it is, where it is no card: a card is told by its digits."""
    kind = seen.text("type")
    return phrase(kind, BRANDS) if kind and kind != "card" else None


def _new_expiry(seen: Seen) -> str | None:
    new = _expiry(seen.event.object)
    old = _expiry({**seen.event.object, "card": _as_it_was(seen)})
    return f"{old} → {new}" if old and new and old != new else None


def _as_it_was(seen: Seen) -> dict[str, object]:
    now, before = seen.at("card"), seen.before("card")
    return {
        **(now if isinstance(now, dict) else {}),
        **(before if isinstance(before, dict) else {}),
    }


def _expires(seen: Seen) -> str | None:
    return _expiry(seen.event.object)


def _expiry(thing: object) -> str | None:
    for path in ("card.", ""):
        month, year = dig(thing, f"{path}exp_month"), dig(thing, f"{path}exp_year")
        if isinstance(month, int) and isinstance(year, int):
            return f"{month:02d}/{year}"
    return None


def _tax_title(seen: Seen) -> str:
    return {
        "verified": "Tax number confirmed",
        "unverified": "Tax number could not be confirmed",
    }.get(seen.code("verification.status"), "Tax number changed")


def _tax_calmer(seen: Seen) -> SignalClass | None:
    wrong = seen.code("verification.status") == "unverified"
    return None if wrong else SignalClass.GROUP


def _mandate_title(seen: Seen) -> str:
    return {
        "inactive": "A mandate ended: debits will fail",
        "active": "A mandate is active",
    }.get(seen.code("status"), "A mandate waits")


def _mandate_calmer(seen: Seen) -> SignalClass | None:
    return None if seen.code("status") == "inactive" else SignalClass.DIGEST


_CARD = card("card")
#: Cards of the older kind are not wrapped in a payment method.
_OLD_CARD = card("")
_METHOD = line("Kind", _method)
_EXPIRES = line("Valid until", _expires)
_NUMBER = text("Tax number", "value", personal=True)
_CHECKED = code("Checked", "verification.status", TAX_VERIFICATION)
_COUNTRY = text("Country", "country")

ROWS = (
    Row(
        "customer.created",
        CUSTOMER,
        SignalClass.DIGEST,
        "New customer",
        "customer:{customer}:created",
        lines=(text("About", "description", personal=True),),
    ),
    Row(
        "customer.updated",
        CUSTOMER,
        SignalClass.NOTIFY,
        _updated,
        _EACH_CHANGE,
        lines=(*_CHANGES, line("Default card or account", _new_default)),
        calmer=_calmer,
    ),
    Row(
        "customer.deleted",
        CUSTOMER,
        SignalClass.NOTIFY,
        "Customer deleted",
        "customer:{customer}:deleted",
        next="Their subscriptions ended with it, and it cannot be undone.",
    ),
    Row(
        "customer.tax_id.created",
        TAX_ID,
        SignalClass.GROUP,
        "Tax number added",
        "tax_id:{id}:created",
        lines=(_NUMBER, _COUNTRY, _CHECKED),
    ),
    Row(
        "customer.tax_id.updated",
        TAX_ID,
        SignalClass.NOTIFY,
        _tax_title,
        "tax_id:{id}:{event}",
        lines=(
            _NUMBER,
            _COUNTRY,
            changed("Checked", "verification.status", phrases=TAX_VERIFICATION),
        ),
        calmer=_tax_calmer,
    ),
    Row(
        "customer.tax_id.deleted",
        TAX_ID,
        SignalClass.NOTIFY,
        "Tax number removed",
        "tax_id:{id}:deleted",
        lines=(_NUMBER, _COUNTRY),
        next="Tax on the next invoice may change.",
    ),
    Row(
        "payment_method.attached",
        PAYMENT_METHOD,
        SignalClass.GROUP,
        "New way to pay saved",
        "payment_method:{id}:attached",
        lines=(_CARD, _METHOD, _EXPIRES),
    ),
    Row(
        "payment_method.detached",
        PAYMENT_METHOD,
        SignalClass.NOTIFY,
        "A way to pay removed",
        "payment_method:{id}:detached",
        lines=(_CARD, _METHOD),
        next="If it was the only one, the next renewal fails.",
    ),
    Row(
        "payment_method.updated",
        PAYMENT_METHOD,
        SignalClass.NOTIFY,
        "A way to pay changed",
        "payment_method:{id}:{event}",
        lines=(
            _CARD,
            _METHOD,
            line("Valid until", _new_expiry),
            changed("Billing name", "billing_details.name", personal=True),
            changed("Billing address", "billing_details.address", personal=True),
            changed("Billing e-mail", "billing_details.email", personal=True),
        ),
    ),
    Row(
        "payment_method.automatically_updated",
        PAYMENT_METHOD,
        SignalClass.DIGEST,
        "Card renewed by its bank",
        "payment_method:{id}:{event}",
        lines=(_CARD, line("Valid until", _new_expiry)),
    ),
    Row(
        "customer.source.expiring",
        SOURCE,
        SignalClass.NOTIFY,
        "Card expires this month",
        "source:{id}:expiring",
        lines=(_CARD, _OLD_CARD, _EXPIRES),
        next="Ask the customer for a new card before the next renewal.",
    ),
    Row(
        "mandate.updated",
        MANDATE,
        SignalClass.NOTIFY,
        _mandate_title,
        "mandate:{id}:{status}",
        lines=(line("Kind", words_for("payment_method_details.type", BRANDS)),),
        next=lambda seen: (
            "Ask the customer for another way to pay."
            if seen.code("status") == "inactive"
            else None
        ),
        calmer=_mandate_calmer,
    ),
)
