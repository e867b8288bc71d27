"""The dispute family's calls, for the contract with Stripe's own mock server."""

from collections.abc import Awaitable, Callable

from bridge.edges.stripe_api import StripeApi

_EVIDENCE = {"product_description": "A lamp", "receipt": "file_1", "customer_name": ""}
_MARK = {"chat_action": "1"}

CALLS: dict[str, Callable[[StripeApi], Awaitable[object]]] = {
    "dispute": lambda api: api.dispute("du_1"),
    "disputes_of_charge": lambda api: api.disputes_of_charge("ch_1"),
    "file": lambda api: api.file("file_1"),
    "stage_evidence": lambda api: api.stage_evidence(
        dispute="du_1", evidence=_EVIDENCE, metadata=_MARK, key="k"
    ),
    "submit_evidence": lambda api: api.submit_evidence(
        dispute="du_1", evidence=_EVIDENCE, metadata=_MARK, key="k"
    ),
    "close_dispute": lambda api: api.close_dispute(dispute="du_1", key="k"),
    "upload_evidence": lambda api: api.upload_evidence(
        name="bill.pdf", content=b"%PDF-1.4", key="k:file"
    ),
}
