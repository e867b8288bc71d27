"""A file as evidence: what it is by its first bytes, and how long. Its name and announced type prove nothing."""

from dataclasses import dataclass
from hashlib import sha256

from bridge.model.errors import Refused
from bridge.model.pdf_pages import pages_of

_BEGINNINGS = (
    (b"%PDF-", "pdf"),
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
)


@dataclass(frozen=True)
class Document:
    """`pages` is None for a PDF that does not show them."""

    kind: str
    size: int
    digest: str
    pages: int | None


def read(content: bytes) -> Document:
    """Raises `Refused` for anything that banks do not take. Reading a PDF takes a moment."""
    if not content:
        raise Refused("That file is empty.")
    kind = next((kind for start, kind in _BEGINNINGS if content.startswith(start)), None)
    if kind is None:
        raise Refused("Banks take PDF, JPEG and PNG; that file is none of them.")
    pages = pages_of(content) if kind == "pdf" else 1
    return Document(kind, len(content), sha256(content).hexdigest(), pages)
