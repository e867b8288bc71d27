"""/v1/customers/{customer}/balance_transactions"""

from typing import Final

from bridge.sandbox.stripe_server.lists import page
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import LIST_PARAMS


def listed(call: Call) -> Json:
    owner, invoice = call.named("customer")["id"], call.params.get("invoice")
    return page(
        call.world.store.newest_first("customer_balance_transaction"),
        call.params,
        call.url,
        lambda t: t["customer"] == owner and invoice in {None, t["invoice"]},
    )


ROUTES: Final = (
    Route("GET", "/v1/customers/{customer}/balance_transactions",
          "CustomerBalanceTransactionListParams", "rak_customer_read", listed,
          f"{LIST_PARAMS} invoice"),
)  # fmt: skip
