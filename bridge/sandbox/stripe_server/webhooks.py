"""The postman: every event to every endpoint that asked for it, signed, and again until taken.

It can be told to misbehave as the real one does: bring things twice, in disorder, or not at all.
"""

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from bridge.model.clock import Clock

from .deliveries import Delivery, Try, signature
from .endpoints import Endpoints
from .events import Recorded, body_of

#: Seconds before each further try; Stripe's own sandbox tries three times, over hours.
RETRY_AFTER: Final = (1.0, 5.0, 30.0)


@dataclass(frozen=True)
class Manners:
    """How the post behaves; changed as a whole, at any time."""

    duplicates: int = 0
    hold: bool = False
    drop: int = 0


class Postman:
    def __init__(
        self,
        clock: Clock,
        endpoints: Endpoints,
        *,
        retry_after: Sequence[float] = RETRY_AFTER,
        concurrency: int = 4,
        patience: float = 10.0,
        seed: int = 0,
    ) -> None:
        self.manners = Manners()
        self.deliveries: list[Delivery] = []
        self._of_event: dict[str, list[Delivery]] = defaultdict(list)
        self._clock = clock
        self._endpoints = endpoints
        self._retry_after = tuple(retry_after)
        self._places = asyncio.Semaphore(concurrency)
        self._patience = aiohttp.ClientTimeout(total=patience)
        self._random = random.Random(seed)
        self._under_way: set[asyncio.Task[None]] = set()
        self._pausing = 0
        self._calm = asyncio.Event()
        self._hurry = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=self._patience)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._session:
            await self._session.close()

    def post(self, recorded: Recorded) -> None:
        for endpoint in self._endpoints.listening(recorded.type):
            name = endpoint["id"]
            thin = self._endpoints.thin(name)
            delivery = Delivery(
                event=recorded.id,
                type=recorded.type,
                endpoint=name,
                url=endpoint["url"],
                body=body_of(recorded.thin if thin else recorded.snapshot),
                copies=1 + self.manners.duplicates,
            )
            self.deliveries.append(delivery)
            self._of_event[recorded.id].append(delivery)
            self._dispatch(delivery)

    def _dispatch(self, delivery: Delivery) -> None:
        if self.manners.drop:
            self.manners = replace(self.manners, drop=self.manners.drop - 1)
            delivery.state = "dropped"
        elif self.manners.hold:
            delivery.state = "held"
        else:
            self._send_off(delivery)

    def _send_off(self, delivery: Delivery) -> None:
        delivery.state = "waiting"
        self._start(self._bring(delivery))
        for _ in range(1, delivery.copies):
            self._start(self._once_more(delivery))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        self._look()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._look()

    def _look(self) -> None:
        if self._pausing == len(self._under_way):
            self._calm.set()
        else:
            self._calm.clear()

    def release(self, *, shuffle: bool = True) -> int:
        """Let go of what was held, in disorder, and hold nothing more."""
        self.manners = replace(self.manners, hold=False)
        held = [d for d in self.deliveries if d.state == "held"]
        if shuffle:
            self._random.shuffle(held)
        for delivery in held:
            self._send_off(delivery)
        return len(held)

    def resend(self, event: str) -> int:
        """As the dashboard's button does: once more, whatever became of it, or still will."""
        for delivery in self._of_event[event]:
            self._start(self._once_more(delivery))
        return len(self._of_event[event])

    def hurry(self) -> None:
        """End every wait before a further try."""
        self._hurry.set()
        self._hurry = asyncio.Event()

    async def settled(self) -> None:
        """Return when nothing is under way: all taken, given up, held or dropped."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def tried(self) -> None:
        """Return when what is still under way only waits for its next try."""
        await self._calm.wait()

    def waiting(self, event: str) -> int:
        return sum(d.state != "delivered" for d in self._of_event.get(event, ()))

    def delivered(self, event: str) -> bool:
        return not self.waiting(event)

    async def _bring(self, delivery: Delivery) -> None:
        for pause in (0.0, *self._retry_after):
            await self._pause(pause)
            if not self._endpoints.enabled(delivery.endpoint):
                break
            if (await self._try(delivery)).taken:
                delivery.state = "delivered"
                return
        if delivery.state != "delivered":
            delivery.state = "failed"

    async def _once_more(self, delivery: Delivery) -> None:
        if (await self._try(delivery)).taken and delivery.state in {"failed", "dropped"}:
            delivery.state = "delivered"

    async def _pause(self, seconds: float) -> None:
        if not seconds:
            return
        self._pausing += 1
        self._look()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)
        self._pausing -= 1
        self._look()

    async def _try(self, delivery: Delivery) -> Try:
        async with self._places:
            at = self._clock.now()
            secrets = self._endpoints.secrets(delivery.endpoint, at)
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": signature(delivery.body, secrets, at),
                "User-Agent": "Stripe/1.0 (sandbox)",
            }
            made = await self._knock(delivery, headers, at)
        delivery.tries.append(made)
        return made

    async def _knock(self, delivery: Delivery, headers: dict[str, str], at: datetime) -> Try:
        if self._session is None:
            return Try(at, None, "the sandbox is not running")
        try:
            async with self._session.post(
                delivery.url, data=delivery.body, headers=headers, allow_redirects=False
            ) as answer:
                text = await answer.content.read(500)
                return Try(at, answer.status, text.decode(errors="replace"))
        except (aiohttp.ClientError, TimeoutError, ValueError) as e:
            return Try(at, None, f"{type(e).__name__}: {e}")
