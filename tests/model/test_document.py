"""What a file is and how many pages it has, whatever it calls itself."""

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model import document
from bridge.model.errors import Refused
from bridge.model.pdf_pages import pages_of
from bridge.sandbox.paper import paper

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20


@pytest.mark.parametrize(
    ("content", "kind", "pages"),
    [
        (paper("x", pages=3), "pdf", 3),
        (PNG, "png", 1),
        (JPEG, "jpg", 1),
        (b"%PDF-1.7", "pdf", None),
    ],
)
def test_what_it_is(content: bytes, kind: str, pages: int | None) -> None:
    found = document.read(content)
    assert (found.kind, found.pages, found.size) == (kind, pages, len(content))


@pytest.mark.parametrize("content", [b"", b"MZ", b"<html>", b"GIF89a", b" %PDF-1.4", b"\xff\xd8"])
def test_what_it_must_not_be(content: bytes) -> None:
    with pytest.raises(Refused):
        document.read(content)


@pytest.mark.parametrize("count", [1, 2, 49, 50, 300])
def test_pages_are_counted(count: int) -> None:
    assert pages_of(paper("x", pages=count)) == count


def test_the_last_version_of_a_changed_file_counts() -> None:
    shorter = (
        b"2 0 obj\n<< /Type /Pages /Count 1 /Kids [5 0 R] >>\nendobj\ntrailer\n<< /Root 1 0 R >>"
    )
    assert pages_of(paper("x", pages=4) + shorter) == 1


def test_a_tree_with_branches_and_a_list_elsewhere() -> None:
    made = b"""%PDF-1.4
1 0 obj << /Type/Catalog/Pages 2 0 R >> endobj
2 0 obj << /Type/Pages /Kids 9 0 R >> endobj
9 0 obj [3 0 R
 4 0 R] endobj
3 0 obj << /Type /Pages /Kids [5 0 R 6 0 R] >> endobj
4 0 obj << /Type/Page/Parent 2 0 R >> endobj
5 0 obj << /Type /Page >> endobj
6 0 obj << /Type /Page >> endobj
7 0 obj << /Type /Page /NobodyNamesIt true >> endobj
trailer << /Root 1 0 R >>"""
    assert pages_of(made) == 3


def packed(inside: list[tuple[int, bytes]]) -> bytes:
    """As newer programs write: objects within a compressed stream."""
    heads, bodies = [], io.BytesIO()
    for number, body in inside:
        heads.append(f"{number} {bodies.tell()}")
        bodies.write(body + b" ")
    head = " ".join(heads).encode() + b" "
    data = zlib.compress(head + bodies.getvalue())
    about = f"<< /Type /ObjStm /N {len(inside)} /First {len(head)} /Length {len(data)} >>".encode()
    root = b"9 0 obj << /Type /XRef /Root 1 0 R >> stream\n\nendstream endobj"
    return b"%PDF-1.5\n8 0 obj " + about + b" stream\n" + data + b"\nendstream endobj\n" + root


def test_objects_that_are_packed_are_read() -> None:
    inside = [
        (1, b"<< /Type /Catalog /Pages 2 0 R >>"),
        (2, b"<< /Type /Pages /Kids [3 0 R 4 0 R] >>"),
        (3, b"<< /Type /Page >>"),
        (4, b"<< /Type /Page >>"),
    ]
    assert pages_of(packed(inside)) == 2


def test_what_stands_in_a_stream_is_no_object_of_the_file() -> None:
    inner = b"7 0 obj << >> stream\n5 0 obj << /Type /Pages /Kids [] >> endobj\nendstream endobj"
    assert pages_of(paper("x", pages=2) + inner + b"\ntrailer << /Root 1 0 R >>") == 2


@pytest.mark.parametrize(
    "odd",
    [
        b"1 0 obj " * 200_000,
        b"stream\n" * 200_000,
        b"1 0 obj /Type /ObjStm stream\n" * 50_000,
        b"/Root 1 0 R 1 0 obj /Pages 1 0 R endobj",
        b"/Root 1 0 R 1 0 obj /Pages 2 0 R endobj 2 0 obj /Kids [" + b"2 0 R " * 100_000 + b"]",
        b"/Root 1 0 R 1 0 obj /Pages 2 0 R endobj 2 0 obj /Kids 2 0 R endobj",
        paper("x") + b"trailer << /Encrypt 9 0 R >>",
        packed([(1, b"<< /Pages 2 0 R >>"), (2, b"x" * 40_000_000)]),
    ],
    ids=range(8),
)
def test_what_cannot_be_read_is_unknown_and_soon(odd: bytes) -> None:
    assert pages_of(b"%PDF-1.4\n" + odd) is None


@given(st.binary(max_size=300), st.integers(0, 400))
def test_no_damage_raises(junk: bytes, at: int) -> None:
    whole = paper("x", pages=2)
    pages_of(whole[:at] + junk + whole[at:])
    pages_of(whole[at:] + junk)
