"""The verbs people may ask for in chat; roles in the configuration name them."""

VERBS = (
    "refund",
    "retry",
    "invoice",
    "subscription",
    "pay",
    "withdraw",
    "capture",
    "cancel",
    "portal",
    "balance",
    "note",
    "notes",
    "assign",
    "ack",
    "snooze",
    "escalate",
    "show",
    "evidence",
    "preview",
    "submit",
    "accept",
    "freeze",
    "unfreeze",
    "role",
    "person",
    "link",
    "help",
)
#: What everybody may ask, whatever their roles: it moves nothing and shows nothing new.
FREE = frozenset({"help", "link"})
