"""HTTP/1.1 messages as bytes, whole: what a proxy must know of them to cut them in the middle."""

import asyncio
from asyncio import StreamReader
from dataclasses import dataclass

MOST_HEAD = 256 * 1024
_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Message:
    """`head` ends with its empty line; `body` is as it was on the wire, chunks and all."""

    head: bytes
    body: bytes

    @property
    def first_line(self) -> str:
        return self.head.partition(b"\r\n")[0].decode("latin-1")

    def half(self) -> bytes:
        """Up to the middle of the body, of the head if there is no body."""
        return self.head + self.body[: len(self.body) // 2] if self.body else self.head[:-3]

    def whole(self) -> bytes:
        return self.head + self.body


async def read_request(reader: StreamReader) -> Message | None:
    """None when the other side has closed between two requests."""
    try:
        head = await reader.readuntil(_END)
    except asyncio.IncompleteReadError:
        return None
    headers = _headers(head)
    if "chunked" in headers.get("transfer-encoding", ""):
        return Message(head, await _chunks(reader))
    return Message(head, await reader.readexactly(int(headers.get("content-length", "0"))))


async def read_answer(reader: StreamReader) -> Message:
    head = await reader.readuntil(_END)
    headers = _headers(head)
    if "chunked" in headers.get("transfer-encoding", ""):
        return Message(head, await _chunks(reader))
    if (length := headers.get("content-length")) is not None:
        return Message(head, await reader.readexactly(int(length)))
    bodiless = head.split(maxsplit=2)[1] in {b"204", b"304"}
    return Message(head, b"" if bodiless else await reader.read())


def answer(status: str, headers: dict[str, str], body: bytes) -> bytes:
    """`status` with its words: `502 Bad Gateway`."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines])
    return head.encode("latin-1") + _END + body


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}


async def _chunks(reader: StreamReader) -> bytes:
    found = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        length = int(size.partition(b";")[0], 16)
        found += size + await reader.readexactly(length + 2)
        if length == 0:
            return found
