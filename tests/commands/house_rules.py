"""The rules of the state machines' office, and the same once more as a table of plain sums."""

from bridge.store.actions import Action

from .office import REFUND_RULES

#: Fin has another identity; whoever speaks with it is Fin.
PEOPLE = ["sam", "sid", "fin", "fay", "eva", "olga", "slack:FIN", "slack:NOBODY"]
ROLES = ["support", "finance", "engineer", "operations"]
#: The verbs that move money or end something for good, besides `refund` with its own rules.
OTHERS = ["retry", "invoice", "subscription", "pay", "capture", "cancel", "accept", "submit"]
MAY = ["refund", *OTHERS, "note", "freeze", "show", "help"]
RIGHTS = {
    "support": {"verbs": MAY},
    "finance": {"verbs": [*MAY, "unfreeze", "role"]},
    "engineer": {"verbs": ["show", "help"]},
    "operations": {"verbs": ["unfreeze", "role"]},
}
APPROVALS = [
    *REFUND_RULES,
    {"verbs": OTHERS, "others": 0},
    {
        "verbs": OTHERS,
        "currencies": ["eur"],
        "amount_at_least": 100,
        "others": 1,
        "by": ["finance"],
    },
]
#: In cents: at once, a day by one person, a day in the account; of refunds, and of everything.
REFUNDS, EVERYTHING = (9_500, 15_000, 22_000), (15_000, 25_000, 40_000)
LIMITS = [
    {
        **verbs,
        "currency": "eur",
        "per_action": most[0] // 100,
        "per_person_day": most[1] // 100,
        "per_account_day": most[2] // 100,
    }
    for verbs, most in (({"verbs": ["refund"]}, REFUNDS), ({}, EVERYTHING))
]


def others_needed(action: Action) -> int:
    """What the rules say, written down once more."""
    amount = action.amount or 0
    if action.verb == "refund":
        return 0 if amount < 5_000 else 1 if amount < 8_000 else 2
    if action.verb in {"accept", "submit"}:
        return 1
    return 1 if action.verb in OTHERS and amount >= 10_000 else 0


def may_approve(roles: set[str], action: Action) -> bool:
    """Where the rules name nobody, whoever may ask for it themselves."""
    named = action.verb == "refund" or (action.amount or 0) >= 10_000
    return "finance" in roles or (not named and "support" in roles)
