"""Where the money is: each charge with its refunds, as an auditor would want to see it."""

from .shapes import Json
from .world import World


def ledger(world: World) -> list[Json]:
    asked = {
        r.snapshot["data"]["object"]["id"]: r.snapshot["request"]["idempotency_key"]
        for r in world.events
        if r.type == "refund.created"
    }
    refunds = list(world.store.oldest_first("refund"))
    return [
        {
            **{field: charge[field] for field in _OF_CHARGE},
            "charge": charge["id"],
            "refunds": [
                {
                    **{field: refund[field] for field in _OF_REFUND},
                    "refund": refund["id"],
                    "idempotency_key": asked.get(refund["id"]),
                }
                for refund in refunds
                if refund["charge"] == charge["id"]
            ],
        }
        for charge in world.store.oldest_first("charge")
    ]


_OF_CHARGE = (
    "amount", "amount_captured", "amount_refunded", "currency", "customer", "disputed",
    "metadata", "payment_intent", "refunded", "status",
)  # fmt: skip
_OF_REFUND = ("amount", "currency", "metadata", "reason", "status")
