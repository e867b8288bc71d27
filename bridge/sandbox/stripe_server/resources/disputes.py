"""/v1/disputes"""

from typing import Final

from bridge.sandbox.stripe_server import disputing
from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import changes, family


def update(call: Call) -> Json:
    """Beware, as at Stripe: `submit` is true unless the caller says false.

    So even a change of metadata sends evidence that was staged before to the bank.
    """
    dispute = call.named("dispute")
    given = call.params.get("evidence", {})
    if given and dispute["status"] not in disputing.OPEN:
        raise invalid(
            f"This dispute is {dispute['status']}; its evidence can no longer be changed.",
            param="evidence",
        )
    fields = changes(dispute, call.params, ("intended_submission_method", "metadata"))
    evidence = disputing.merged_evidence(dispute, given)
    sends = call.params.get("submit", True) and dispute["status"] in disputing.OPEN
    if sends and disputing.has_evidence(evidence):
        return disputing.submitted(call.desk, dispute, evidence, **fields)
    return disputing.staged(call.desk, dispute, evidence, **fields)


def close(call: Call) -> Json:
    return disputing.concede(call.desk, call.named("dispute"))


ROUTES: Final = (
    *family("dispute", "/v1/disputes", "Dispute", "rak_dispute", "charge", "payment_intent"),
    Route("POST", "/v1/disputes/{dispute}", "DisputeUpdateParams", "rak_dispute_write", update,
          "evidence intended_submission_method metadata submit"),
    Route("POST", "/v1/disputes/{dispute}/close", "DisputeCloseParams", "rak_dispute_write", close),
)  # fmt: skip
