"""Small families that are only read: balance, account, payouts, warnings, prices."""

from collections import defaultdict
from typing import Final

from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import family


def balance(call: Call) -> Json:
    now = call.desk.stamp()
    available: dict[str, int] = defaultdict(int)
    pending: dict[str, int] = defaultdict(int)
    for entry in call.world.store.oldest_first("balance_transaction"):
        pot = available if entry["available_on"] <= now else pending
        pot[entry["currency"]] += entry["net"]
    shape = call.world.shapes.fresh("balance") | {"livemode": call.world.livemode}
    return {"object": "balance", **shape, "available": _pot(available), "pending": _pot(pending)}


def _pot(sums: dict[str, int]) -> list[Json]:
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(sums.items() or [("usd", 0)])
    ]


ROUTES: Final = (
    Route("GET", "/v1/account", "AccountRetrieveCurrentParams", "rak_accounts_kyc_basic_read",
          lambda call: call.world.account),
    Route("GET", "/v1/balance", "BalanceRetrieveParams", "rak_balance_read", balance),
    *family("balance_transaction", "/v1/balance_transactions", "BalanceTransaction",
            "rak_balance_transaction_source", "source", "type"),
    *family("payout", "/v1/payouts", "Payout", "rak_payout", "status"),
    *family("radar.early_fraud_warning", "/v1/radar/early_fraud_warnings",
            "radar.EarlyFraudWarning", "rak_radar_early_fraud_warning", "charge", "payment_intent"),
    *family("product", "/v1/products", "Product", "rak_product"),
    *family("price", "/v1/prices", "Price", "rak_plan", "product"),
)  # fmt: skip
