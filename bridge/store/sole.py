"""SQLite is for one process: it is made sure of, and then what a killed one left leased is free at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from bridge.model.errors import BridgeError


@contextmanager
def sole(url: str) -> Iterator[bool]:
    """Whether this process is the only one for the store: always on SQLite, never on PostgreSQL.

    Raises `BridgeError` if another process holds the SQLite store.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        yield False
        return
    with Path(f"{address.database}.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            raise BridgeError(
                "Another bridge works with this store. SQLite takes one process; PostgreSQL takes many."
            ) from taken
        yield True
