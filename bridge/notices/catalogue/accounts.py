"""The Stripe account itself: what it may do, what Stripe wants to know, where payouts go."""

from datetime import datetime

from bridge.model.signal import SignalClass
from bridge.notices.catalogue.lines import changed, code, deadline, line, text
from bridge.notices.catalogue.row import Kind, Row
from bridge.notices.catalogue.seen import Seen, dig
from bridge.notices.phrases import CAPABILITIES, DISABLED, phrase


def _due(seen: Seen) -> datetime | None:
    return seen.moment("requirements.current_deadline")


ACCOUNT = Kind("account", money="", deadline=_due)
CAPABILITY = Kind("capability", money="", deadline=_due)
BANK_ACCOUNT = Kind("bank_account", money="")
APPLICATION = Kind("application", money="")
PERSON = Kind("person", money="")

_EACH_CHANGE = "account:{event}"


def _stopped(seen: Seen, what: str) -> bool:
    return seen.changed(what) and seen.at(what) is False


def _account_title(seen: Seen) -> str:
    if _stopped(seen, "charges_enabled"):
        return "Stripe stopped your payments"
    if _stopped(seen, "payouts_enabled"):
        return "Stripe stopped your payouts"
    if _newly_overdue(seen):
        return "Stripe waits for something overdue"
    if seen.changed("charges_enabled") or seen.changed("payouts_enabled"):
        return "Stripe lets the account work again"
    if _newly_wanted(seen):
        return "Stripe wants to know something"
    return "Account updated"


def _account_calmer(seen: Seen) -> SignalClass | None:
    if _stopped(seen, "charges_enabled") or _stopped(seen, "payouts_enabled"):
        return None
    if _newly_overdue(seen):
        return None
    back = seen.changed("charges_enabled") or seen.changed("payouts_enabled")
    return SignalClass.NOTIFY if back or _newly_wanted(seen) else SignalClass.DIGEST


def _newly_overdue(seen: Seen) -> bool:
    return seen.changed("requirements.past_due") and bool(seen.at("requirements.past_due"))


def _newly_wanted(seen: Seen) -> bool:
    return seen.changed("requirements.currently_due") and bool(
        seen.at("requirements.currently_due")
    )


def _wanted(seen: Seen) -> str | None:
    """`external_account`, `person_1.verification.document`, … as `external account`, …"""
    due = seen.at("requirements.past_due") or seen.at("requirements.currently_due")
    if not isinstance(due, list):
        return None
    names = [_in_words(item) for item in due if isinstance(item, str)]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(dict.fromkeys(names[:5])) + more


def _in_words(requirement: str) -> str:
    parts = [part for part in requirement.split(".") if not part.startswith("person_")]
    return " ".join(parts).replace("_", " ")


def _account_next(seen: Seen) -> str | None:
    if _account_calmer(seen) is SignalClass.DIGEST or not _wanted(seen):
        return None
    return "Send what Stripe asks for, in its dashboard."


def _works_still(seen: Seen) -> SignalClass | None:
    return None if seen.code("status") == "inactive" else SignalClass.DIGEST


def _capability_title(seen: Seen) -> str:
    return {
        "inactive": "Stripe switched off a capability",
        "active": "A capability is on",
        "pending": "A capability is being checked",
    }.get(seen.code("status"), "A capability changed")


def _capability_story(seen: Seen) -> str:
    return "capability:{id}:{event}" if seen.code("status") == "inactive" else _EACH_CHANGE


def _bank(seen: Seen) -> str | None:
    bank, last4 = seen.text("bank_name brand"), dig(seen.event.object, "last4")
    return f"{bank or 'Account'} ending {last4[-4:]}" if isinstance(last4, str) else None


def _capability(seen: Seen) -> str | None:
    name = seen.text("id")
    return phrase(name, CAPABILITIES) if name else None


_OFF_BECAUSE = code("Why", "requirements.disabled_reason disabled_reason", DISABLED)
_WANTED = line("Stripe asks for", _wanted)
_BY = deadline("Until", "requirements.current_deadline")
_BANK = line("Bank account", _bank)
_COUNTRY = text("Country", "country")
_WATCH_OUT = "Make sure that one of you did this: payouts go there."

ROWS = (
    Row(
        "account.updated",
        ACCOUNT,
        SignalClass.PAGE,
        _account_title,
        _EACH_CHANGE,
        lines=(_OFF_BECAUSE, _WANTED, _BY),
        next=_account_next,
        calmer=_account_calmer,
    ),
    Row(
        "account.application.authorized",
        APPLICATION,
        SignalClass.NOTIFY,
        "An application got access to the account",
        "application:{id}:{event}",
        lines=(text("Application", "name"),),
        next="Make sure that one of you did this.",
    ),
    Row(
        "account.application.deauthorized",
        APPLICATION,
        SignalClass.NOTIFY,
        "An application lost access to the account",
        "application:{id}:{event}",
        lines=(text("Application", "name"),),
        next="If it is your own platform: it can no longer act for this account.",
    ),
    Row(
        "account.external_account.created",
        BANK_ACCOUNT,
        SignalClass.NOTIFY,
        "Bank account for payouts added",
        "bank_account:{id}:created",
        lines=(_BANK, _COUNTRY),
        next=_WATCH_OUT,
    ),
    Row(
        "account.external_account.updated",
        BANK_ACCOUNT,
        SignalClass.NOTIFY,
        "Bank account for payouts changed",
        "bank_account:{id}:{event}",
        lines=(
            _BANK,
            changed("Status", "status"),
            changed("For its currency", "default_for_currency"),
        ),
    ),
    Row(
        "account.external_account.deleted",
        BANK_ACCOUNT,
        SignalClass.NOTIFY,
        "Bank account for payouts removed",
        "bank_account:{id}:deleted",
        lines=(_BANK, _COUNTRY),
        next="Payouts in its currency need another one.",
    ),
    Row(
        "capability.updated",
        CAPABILITY,
        SignalClass.PAGE,
        _capability_title,
        _capability_story,
        reason=_capability,
        lines=(_OFF_BECAUSE, _WANTED, _BY),
        next=lambda seen: (
            "Send what Stripe asks for, in its dashboard."
            if seen.code("status") == "inactive"
            else None
        ),
        calmer=_works_still,
    ),
    Row(
        "person.updated",
        PERSON,
        SignalClass.DIGEST,
        "Details of a person behind the account changed",
        "person:{id}:{event}",
        lines=(text("First name", "first_name", personal=True), _WANTED),
    ),
)
