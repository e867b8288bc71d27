"""What all trials of one run share: a homeserver, a PostgreSQL, a folder. Each trial builds its own house there."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.faults.house import Site
from benchmarks.faults.stores import Disk, Postgresql, Sqlite
from bridge.sandbox.homeserver import QUICK_PEOPLE, Appservice, Synapse
from bridge.sandbox.ports import Port
from bridge.sandbox.postgres import Postgres


class Ground:
    def __init__(self, directory: Path, *, houses: int, seed: int) -> None:
        self._directory = directory
        self._seed = seed
        self._houses = houses
        self._number = count(1)
        self._postgres: Postgres | None = None
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        ports = [self._open.enter_context(Port()) for _ in range(self._houses)]
        self._appservices = [
            Appservice(f"stripe-{n}", port, f"stripe{n}", f"stripe{n}_")
            for n, port in enumerate(ports, 1)
        ]
        self._homeserver = Synapse(
            self._directory / "homeserver",
            registrations=[one.registration() for one in self._appservices],
            limits=QUICK_PEOPLE,
        )
        try:
            await self._open.enter_async_context(self._homeserver)
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def site(self, hazard: str, store: str) -> Site:
        """A place nobody has built on yet."""
        number = next(self._number)
        name = f"{hazard}-{store}"
        directory = self._directory / name
        directory.mkdir()
        return Site(
            name=name,
            directory=directory,
            homeserver=self._homeserver,
            appservice=self._appservices[number - 1],
            disk=await self._disk(store, directory, number),
            seed=self._seed,
        )

    async def _disk(self, store: str, directory: Path, number: int) -> Disk:
        if store == Sqlite.name:
            return Sqlite(directory / "bridge.db")
        if self._postgres is None:
            # PostgreSQL may have to be run by an unprivileged user: its folder is open to others.
            folder = self._open.enter_context(tempfile.TemporaryDirectory(prefix="faults-"))
            self._postgres = Postgres(Path(folder))
            self._open.callback(self._postgres.close)
            await asyncio.to_thread(self._postgres.start)
        return Postgresql(self._postgres, f"faults_{number}")
