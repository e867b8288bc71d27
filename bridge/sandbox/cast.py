"""Who is in the sandbox's world, what they may do, and how its bridge is configured."""

from dataclasses import dataclass
from typing import Any

from bridge.sandbox.homeserver import SERVER_NAME, Appservice

ACCOUNT = "acme"
FINANCE_DESK = "finance-desk"


@dataclass(frozen=True)
class Member:
    name: str
    role: str

    @property
    def matrix(self) -> str:
        return f"@{self.name}:{SERVER_NAME}"

    @property
    def title(self) -> str:
        """How their clients call them."""
        return f"{self.name.title()} ({self.role})"


CAST = (Member("sam", "support"), Member("fin", "finance"), Member("eva", "engineer"))
DISPUTES = ["evidence", "preview", "submit"]
#: To ask a customer for money, and what belongs to it.
SELLING = ["pay", "withdraw", "capture", "cancel", "portal", "balance"]
BILLING = ["retry", "invoice", "subscription"]
LOOKS = ["show", "find", "timeline", "notes", "who", "why", "escalate", "help"]
CARE = ["note", "assign", "ack", "snooze"]
RIGHTS = {
    "support": [*SELLING, *BILLING, "refund", *DISPUTES, *CARE, *LOOKS, "freeze"],
    "finance": [
        *SELLING,
        *BILLING,
        "refund",
        *DISPUTES,
        "accept",
        *CARE,
        *LOOKS,
        "freeze",
        "unfreeze",
        "role",
        "person",
    ],
    # Engineers see everything and move nothing.
    "engineer": [*LOOKS, "ack", "snooze", "preview"],
}
#: Small refunds need nobody else; large ones somebody of finance.
APPROVALS = [
    {"verbs": [*SELLING, *BILLING], "others": 0},
    {"verbs": ["refund"], "currencies": ["eur"], "others": 0},
    {
        "verbs": ["refund"],
        "currencies": ["eur"],
        "amount_at_least": 100,
        "others": 1,
        "by": ["finance"],
    },
    # An engineer reads what goes to a bank; giving up is for finance.
    {"verbs": ["submit"], "others": 1, "by": ["engineer"]},
    {"verbs": ["accept"], "others": 1, "by": ["finance"]},
]


@dataclass(frozen=True)
class Surroundings:
    """What the bridge must know of the servers around it."""

    homeserver: str
    appservice: Appservice
    stripe: str
    reader_key: str
    writer_key: str
    webhook_secret: str
    finance_desk: str


def configuration(around: Surroundings) -> dict[str, Any]:
    """The content of the bridge's configuration file; the store's file is beside it."""
    return {
        "web": {"port": around.appservice.port.number},
        "accounts": {
            ACCOUNT: {
                "reader_key": around.reader_key,
                "writer_key": around.writer_key,
                "webhook_secrets": [around.webhook_secret],
                "api_base": around.stripe,
                "currency": "eur",
                "thanks_url": "https://shop.example.com/thanks",
            }
        },
        "matrix": _matrix(around),
        "roles": {role: {"verbs": verbs} for role, verbs in RIGHTS.items()},
        "people": {one.name: {"matrix": one.matrix, "roles": [one.role]} for one in CAST},
        "approvals": APPROVALS,
        "targets": {FINANCE_DESK: {"apprise": around.finance_desk, "tags": ["escalation", "page"]}},
    }


def _matrix(around: Surroundings) -> dict[str, Any]:
    service = around.appservice
    return {
        "homeserver": around.homeserver,
        "server_name": SERVER_NAME,
        "id": service.id,
        "as_token": service.as_token,
        "hs_token": service.hs_token,
        "bridge_url": service.port.url,
        "sender_localpart": service.sender_localpart,
        "alias_prefix": service.alias_prefix,
    }
