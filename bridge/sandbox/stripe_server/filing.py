"""Uploaded files: what kind each is, and how many pages it has."""

import contextlib
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from .errors import StripeError, invalid
from .forms import nested
from .shapes import Json

#: How a file of each kind begins.
_BEGINNINGS: Final[Mapping[bytes, str]] = MappingProxyType(
    {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}
)
_PAGE: Final = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_STREAM: Final = re.compile(rb"/ObjStm\b.{0,512}?stream\r?\n", re.DOTALL)
_INFLATED: Final = 8 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    filename: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    @cached_property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()

    @property
    def kind(self) -> str | None:
        """`pdf`, `jpg` or `png`, by its first bytes: its name proves nothing."""
        found = (kind for start, kind in _BEGINNINGS.items() if self.content.startswith(start))
        return next(found, None)

    @cached_property
    def pages(self) -> int:
        if self.kind != "pdf":
            return 1
        parts = (self.content, *_packed(self.content))
        return max(1, sum(len(_PAGE.findall(part)) for part in parts))

    def __str__(self) -> str:
        return f"{self.filename} ({self.size} bytes, sha256 {self.digest})"


def _packed(content: bytes) -> Iterator[bytes]:
    """The objects that newer PDFs keep in compressed streams; of a bomb, only its beginning."""
    left = _INFLATED
    for found in _STREAM.finditer(content):
        with contextlib.suppress(zlib.error):
            part = zlib.decompressobj().decompress(content[found.end() :], left)
            left -= len(part)
            yield part
        if left <= 0:
            return


async def read_parts(request: web.Request) -> tuple[Json, Upload | None]:
    """The parameters of a multipart request, the file among them by a name that tells it apart."""
    try:
        posted = await request.post()
    except web.HTTPRequestEntityTooLarge as error:
        raise StripeError(413, "The file is too large.", param="file") from error
    except (HttpProcessingError, LookupError, ValueError) as error:
        raise invalid("The multipart body could not be read.") from error
    upload = None
    words: list[tuple[str, str]] = []
    for name, value in posted.items():
        if isinstance(value, web.FileField):
            upload = Upload(value.filename, value.file.read())
        words.append((name, str(upload if isinstance(value, web.FileField) else value)))
    return nested(words), upload
