"""/v1/disputes"""

from typing import Final

from bridge.sandbox.stripe_server import disputing, evidence
from bridge.sandbox.stripe_server.routes import Call, Route, Run
from bridge.sandbox.stripe_server.shapes import Json

from .shared import LIST_PARAMS, changes, listing, retrieve


def update(call: Call) -> Json:
    """Beware, as at Stripe: `submit` is true unless the caller says false.

    So even a change of metadata sends evidence that was staged before to the bank.
    """
    dispute = call.named("dispute")
    given = call.params.get("evidence", {})
    if given:
        disputing.check_answerable(call.desk, dispute)
    fields = changes(dispute, call.params, ("intended_submission_method", "metadata"))
    whole = evidence.merged(call.desk, dispute, given)
    if _sends(call, dispute) and evidence.any_of(whole):
        return disputing.submitted(call.desk, dispute, whole, **fields)
    return disputing.staged(call.desk, dispute, whole, **fields)


def _sends(call: Call, dispute: Json) -> bool:
    open_yet = dispute["status"] in disputing.OPEN and not dispute["evidence_details"]["past_due"]
    return open_yet and bool(call.params.get("submit", True))


def close(call: Call) -> Json:
    return disputing.concede(call.desk, call.named("dispute"))


def _in_time(run: Run) -> Run:
    def timely(call: Call) -> Json:
        disputing.note_deadlines(call.desk)
        return run(call)

    return timely


ROUTES: Final = (
    Route("GET", "/v1/disputes", "DisputeListParams", "rak_dispute_read",
          _in_time(listing("dispute", "charge", "payment_intent")),
          f"{LIST_PARAMS} charge payment_intent"),
    Route("GET", "/v1/disputes/{dispute}", "DisputeRetrieveParams", "rak_dispute_read",
          _in_time(retrieve("dispute"))),
    Route("POST", "/v1/disputes/{dispute}", "DisputeUpdateParams", "rak_dispute_write",
          _in_time(update), "evidence intended_submission_method metadata submit"),
    Route("POST", "/v1/disputes/{dispute}/close", "DisputeCloseParams", "rak_dispute_write",
          _in_time(close)),
)  # fmt: skip
