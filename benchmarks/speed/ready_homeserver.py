"""A homeserver, and a Stripe, that answer at once and keep nothing: what is left is the bridge's own cost.

`python -m benchmarks.speed.ready_homeserver PORT ROOMS`. It says that the bridge is in the rooms
`!0:sandbox.test` to `!ROOMS-1:…`; `GET /count` tells how many messages came, and when the first and last.
"""

import asyncio
import json
import sys
import time

from bridge.sandbox.homeserver import SERVER_NAME
from bridge.sandbox.ports import LOOPBACK

_END = b"\r\n\r\n"


class Book:
    def __init__(self, rooms: int) -> None:
        self._rooms = rooms
        self._messages = 0
        self._first = self._last = 0.0
        self._made = 0

    def answer(self, line: bytes) -> dict[str, object]:
        if b" /v1/" in line:
            return _of_stripe(line)
        if b"/send/" in line:
            self._last = time.monotonic()
            self._first = self._first or self._last
            self._messages += 1
            return {"event_id": f"${self._messages}"}
        if line.startswith(b"GET /count"):
            first, self._first = self._first, 0.0
            return {"messages": self._messages, "first": first, "last": self._last}
        if b"/joined_rooms" in line:
            made = [f"!made{n}:{SERVER_NAME}" for n in range(1, self._made + 1)]
            return {"joined_rooms": [f"!{n}:{SERVER_NAME}" for n in range(self._rooms)] + made}
        self._made += 1
        return {"room_id": f"!made{self._made}:{SERVER_NAME}", "event_id": f"$state{self._made}"}


def _of_stripe(line: bytes) -> dict[str, object]:
    """A customer whom nothing is known of."""
    path = line.split()[1].decode().partition("?")[0].removeprefix("/v1/")
    if path.startswith("customers/"):
        return {"id": path.partition("/")[2], "object": "customer", "name": "Anna Weber"}
    return {"object": "list", "data": [], "has_more": False, "url": f"/v1/{path}"}


class Conversation(asyncio.Protocol):
    def __init__(self, book: Book) -> None:
        self._book = book
        self._heard = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, end, body = self._heard.partition(_END)
        if not end or len(body) < _length(head):
            return
        self._heard = b""
        answer = json.dumps(self._book.answer(head.partition(b"\r\n")[0])).encode()
        top = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
        if self._transport:
            self._transport.write(top.encode() + answer)


def _length(head: bytes) -> int:
    start = head.lower().find(b"content-length:")
    return int(head[start + 15 :].partition(b"\r\n")[0]) if start >= 0 else 0


async def _serve(port: int, rooms: int) -> None:
    book = Book(rooms)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Conversation(book), LOOPBACK, port, reuse_address=True
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
