"""/v1/charges: read and annotated here; PaymentIntents make them."""

from typing import Final

from bridge.sandbox.stripe_server.routes import Route

from .shared import family, updating

_FIELDS: Final = "description fraud_details metadata receipt_email shipping"

ROUTES: Final = (
    *family("charge", "/v1/charges", "Charge", "rak_charge", "customer", "payment_intent"),
    Route("POST", "/v1/charges/{charge}", "ChargeUpdateParams", "rak_charge_write",
          updating("charge", "charge.updated", _FIELDS), _FIELDS),
)  # fmt: skip
