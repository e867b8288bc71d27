"""What may be sent to the bank: its texts and files, and how much of them."""

from collections.abc import Mapping
from math import ceil
from types import MappingProxyType
from typing import Any, Final

from .errors import invalid, missing
from .filing import Upload
from .shapes import Json
from .world import Desk

FILES: Final = frozenset({
    "cancellation_policy", "customer_communication", "customer_signature",
    "duplicate_charge_documentation", "receipt", "refund_policy", "service_documentation",
    "shipping_documentation", "uncategorized_file",
})  # fmt: skip
_ALL_TEXT: Final = 150_000
_ALL_BYTES: Final = 4_500_000
#: What a page of plain text holds when the bank's document is put together.
_TEXT_PER_PAGE: Final = 4_000
#: Pages that a network accepts.
_PAGES: Final[Mapping[str, int]] = MappingProxyType({"mastercard": 19})
_PAGES_ELSEWHERE: Final = 49


def merged(desk: Desk, dispute: Json, given: Json) -> Json:
    """The evidence once this is added; an empty text takes a field back."""
    evidence: Json = {**dispute["evidence"]}
    for name, value in given.items():
        evidence[name] = _filled(evidence[name], value)
    if given:
        _check(desk, dispute, evidence)
    return evidence


def _filled(old: Any, new: Any) -> Any:
    if isinstance(new, dict):
        return {**(old or {}), **new}
    return None if new == "" else new


def any_of(evidence: Json) -> bool:
    return any(value not in (None, "", {}) for value in evidence.values())


def _check(desk: Desk, dispute: Json, evidence: Json) -> None:
    letters = sum(len(text) for name, text in evidence.items() if _is_text(name, text))
    if letters > _ALL_TEXT:
        raise _invalid(
            f"The combined character count of all evidence fields is limited to {_ALL_TEXT:,}."
        )
    uploads = _uploads(desk, evidence)
    size = sum(upload.size for upload in uploads)
    if size > _ALL_BYTES:
        raise _invalid(
            f"The combined size of all evidence files ({size:,} bytes) is greater than 4.5 MB."
        )
    pages = sum(upload.pages for upload in uploads)
    _check_pages(dispute, pages + ceil(letters / _TEXT_PER_PAGE))


def _is_text(name: str, value: Any) -> bool:
    return isinstance(value, str) and name not in FILES


def _uploads(desk: Desk, evidence: Json) -> list[Upload]:
    """Each file once, however many fields name it."""
    named = {evidence[name]: name for name in sorted(FILES) if evidence[name]}
    appeal = (evidence["appeal"] or {}).get("card") or {}
    named |= dict.fromkeys(appeal.get("supporting_files") or [], "appeal")
    return [_upload(desk, file, field) for file, field in named.items()]


def _upload(desk: Desk, name: str, field: str) -> Upload:
    found = desk.world.store.get("file", name)
    if found is None or found["purpose"] != "dispute_evidence":
        raise missing("file upload", name, param=f"evidence[{field}]")
    return desk.world.uploads[name]


def _check_pages(dispute: Json, pages: int) -> None:
    network = dispute["payment_method_details"]["card"]["network"]
    most = _PAGES.get(network, _PAGES_ELSEWHERE)
    if pages > most:
        raise invalid(
            f"The evidence would have {pages} pages; for {network} there can be up to {most}.",
            code="dispute_evidence_page_limit_exceeded",
            param="evidence",
        )


def _invalid(message: str) -> Exception:
    return invalid(message, param="evidence")
