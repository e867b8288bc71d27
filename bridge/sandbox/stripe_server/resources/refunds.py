"""/v1/refunds"""

from typing import Final

from bridge.sandbox.stripe_server import refunding
from bridge.sandbox.stripe_server.disputing import forbids_refund
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import family, merged_metadata, updating


def create(call: Call) -> Json:
    charge = _charge(call)
    amount = call.params.get("amount")
    _same_currency(call.params.get("currency"), charge)
    refusal = refunding.refusal(charge, amount, disputed=forbids_refund(call.desk, charge))
    if refusal:
        raise refusal
    metadata = merged_metadata({}, call.params.get("metadata", {}))
    fields = {k: call.params[k] for k in ("reason",) if k in call.params}
    outcome = refunding.next_outcome(call.desk)
    full = refunding.refundable(charge)
    return refunding.refund(
        call.desk, charge, full if amount is None else amount, outcome, metadata=metadata, **fields
    )


def _charge(call: Call) -> Json:
    named = [name for name in ("charge", "payment_intent") if name in call.params]
    if not named:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
            code="parameter_missing",
        )
    if named == ["charge"]:
        return call.desk.get("charge", call.params["charge"], param="charge")
    intent = call.desk.get("payment_intent", call.params["payment_intent"], param="payment_intent")
    found = call.world.store.get("charge", intent["latest_charge"] or "")
    if found is None or found["status"] != "succeeded":
        raise invalid(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            code="charge_not_refundable",
            param="payment_intent",
        )
    if call.params.get("charge", found["id"]) != found["id"]:
        raise invalid("The charge does not belong to the PaymentIntent.", param="charge")
    return found


def _same_currency(currency: str | None, charge: Json) -> None:
    if currency is not None and currency.lower() != charge["currency"]:
        raise invalid(
            f"The currency of a refund ({currency}) must be that of its charge "
            f"({charge['currency']}).",
            param="currency",
        )


def cancel(call: Call) -> Json:
    given = call.named("refund")
    if given["status"] != "requires_action":
        raise invalid(
            f"Refund {given['id']} is {given['status']}; only a refund that requires action can be "
            "canceled."
        )
    return refunding.cancel(call.desk, given)


ROUTES: Final = (
    *family("refund", "/v1/refunds", "Refund", "rak_charge", "charge", "payment_intent"),
    Route("POST", "/v1/refunds", "RefundCreateParams", "rak_charge_write", create,
          "amount charge currency metadata payment_intent reason"),
    Route("POST", "/v1/refunds/{refund}", "RefundUpdateParams", "rak_charge_write",
          updating("refund", "refund.updated", "metadata"), "metadata"),
    Route("POST", "/v1/refunds/{refund}/cancel", "RefundCancelParams", "rak_charge_write", cancel),
)  # fmt: skip
