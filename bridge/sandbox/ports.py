"""A free port of the loopback address, kept for one server."""

import socket
import sys
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"


class Port:
    """Bound but not listening: nobody else is given this port, while a server that says
    SO_REUSEADDR (all of ours do) may listen on it, and on it again after a restart."""

    def __init__(self) -> None:
        self._held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind((LOOPBACK, 0))
        self.number: int = self._held.getsockname()[1]
        if sys.platform != "linux":
            # Elsewhere two sockets cannot share the address; then the port is only likely to stay free.
            self._held.close()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.number}"

    def close(self) -> None:
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
