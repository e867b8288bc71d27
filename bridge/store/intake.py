"""Group commit: whatever arrives while one commit runs shares the next one.

Nobody waits for a window, a single caller is not slowed down, and a burst costs few commits.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.model.clock import Clock
from bridge.model.errors import StoreUnavailable
from bridge.store.engine import Store
from bridge.store.inbox import Arrival, accept, accept_alone

Waiting = tuple[Arrival, "asyncio.Future[None]"]

_MOST_WAITING = 5_000
_MOST_TOGETHER = 200


@dataclass
class Intake:
    store: Store
    clock: Clock
    _waiting: list[Waiting] = field(default_factory=list)
    _committing: asyncio.Task[None] | None = None

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Returns once all are committed; raises `StoreUnavailable` if they are not, or too many wait."""
        if len(self._waiting) + len(arrivals) > _MOST_WAITING:
            raise StoreUnavailable("Too many events wait to be stored.")
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in arrivals]
        self._waiting.extend(zip(arrivals, futures, strict=True))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        done = await asyncio.gather(*futures, return_exceptions=True)
        for failure in done:
            if failure is not None:
                raise failure

    async def close(self) -> None:
        if self._committing is not None:
            await self._committing

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = (
                    self._waiting[:_MOST_TOGETHER],
                    self._waiting[_MOST_TOGETHER:],
                )
                await self._commit(batch)
        finally:
            self._committing = None

    async def _commit(self, batch: list[Waiting]) -> None:
        try:
            arrivals = [arrival for arrival, _ in batch]
            if self.store.dialect == "postgresql":
                await accept_alone(self.store, arrivals, self.clock.now())
            else:
                async with self.store.begin() as tx:
                    await accept(tx, arrivals, self.clock.now())
        except StoreUnavailable as unavailable:
            _answer(batch, unavailable)
        except Exception as odd:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            if len(batch) == 1:
                _answer(batch, StoreUnavailable(f"The store refused it ({type(odd).__name__})."))
            for one in batch if len(batch) > 1 else ():  # the others must not suffer for it
                await self._commit([one])
        else:
            _answer(batch, None)


def _answer(batch: list[Waiting], failure: Exception | None) -> None:
    for _, future in batch:
        if future.done():  # its caller has gone
            continue
        if failure is None:
            future.set_result(None)
        else:
            future.set_exception(failure)
