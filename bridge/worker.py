"""The one durable loop: lease a lane, handle what waits in it in order, settle each outcome.

A handler does its network calls with no transaction open and returns `Done`: what became of the
item, and what is to be written with it. Both are committed together, under the lane's fencing
token, so a worker that was frozen past its lease writes nothing.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bridge import metrics
from bridge.model.clock import Clock
from bridge.model.errors import StoreUnavailable
from bridge.model.outcome import Dead, Delivered, NotYet, Outcome, Retry, Unknown, word
from bridge.store import lanes, queue
from bridge.store.engine import Store
from bridge.store.lanes import CALM, URGENT, Lane, LeaseLost
from bridge.store.queue import Done, Item

log = structlog.get_logger(__name__)

_BATCH = 20
#: Lanes that are urgent are taken although as many as may be are at work.
_SPARE = 4
#: How long (in seconds) others stand back for an urgent lane at work.
_STAND_BACK = 1.0
_GRACE = timedelta(seconds=20)
_SWEEP = timedelta(seconds=30)
#: The most that a target may ask us to wait; a lane that rests longer does so by a wrong clock.
_LONGEST_REST = timedelta(hours=1)
#: At once, and once more for what was just being written then.
_TWICE = 2
#: All lanes of these kinds lead to one place, which is away or back for all of them.
_SHARED = frozenset({"room"})

Handler = Callable[[Item], Awaitable[Done]]


@dataclass(frozen=True)
class Pace:
    """How hard the worker tries; see `delivery` in the configuration."""

    lanes_at_once: int
    lease: timedelta
    poll: timedelta
    backoff_first: timedelta
    backoff_most: timedelta
    attempts: int
    give_up_after: timedelta

    def backoff(self, fails: int, jitter: float) -> timedelta:
        """Doubling from the first pause to the longest, less up to a fifth; `jitter` is in [0, 1)."""
        doubled = self.backoff_first * float(1 << min(fails, 30))
        return min(doubled, self.backoff_most) * (1 - jitter / 5)


@dataclass
class Worker:
    store: Store
    clock: Clock
    pace: Pace
    handlers: Mapping[str, Handler]
    _drains: dict[asyncio.Task[None], Lane] = field(default_factory=dict)
    #: Those of them that are urgent, and since when (the event loop's seconds).
    _urgent: dict[asyncio.Task[None], float] = field(default_factory=dict)
    _stopping: bool = False
    #: When the loop last went round: `/live` looks at it.
    beat_at: datetime | None = None
    _swept_at: datetime | None = None
    #: Sweeps until nothing can be left of a clock that was ahead and is set back.
    _set_back: int = 0

    async def run(self) -> None:
        """Until `stop`, and then until the lanes at work are let go; a store that is away is waited for."""
        while not self._stopping:
            self._beat()
            self.store.work.clear()
            try:
                await self._sweep()
                claimed = await self._claim()
            except StoreUnavailable as away:
                log.warning("store_unavailable", reason=str(away))
                claimed = 0
            if not claimed:
                await self._pause()
        await self._let_go()

    def stop(self) -> None:
        """Take no more lanes; `run` ends once those at work are let go."""
        self._stopping = True
        self.store.work.set()

    async def _let_go(self) -> None:
        if self._drains:
            _, late = await asyncio.wait(self._drains, timeout=_GRACE.total_seconds())
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def settle_all(self) -> None:
        """Work until nothing is due: what a test or a command-line tool waits for."""
        while True:
            # One that ends while we claim may leave its lane due again: then look once more.
            busy = bool(self._drains)
            if not await self._claim() and not busy:
                return
            if self._drains:
                await asyncio.wait(self._drains, return_when=asyncio.FIRST_COMPLETED)

    async def _claim(self) -> int:
        urgent, self.store.urgent = self.store.urgent, False
        spaces = [(way, *self._space(way, urgent=urgent)) for way in (True, False)]
        if not any(free > 0 for _, free, _ in spaces):
            return 0
        work: list[tuple[Lane, list[Item]]] = []
        # A crash may undo a claim: then nobody has the lane, and its items wait as before.
        async with self.store.begin(wait=False) as tx:
            now, lease = self.clock.now(), self.pace.lease
            for way, free, calmest in spaces:
                if free > 0:
                    claimed = await lanes.claim(tx, now, lease, free, inward=way, calmest=calmest)
                    work += [(lane, await queue.ready(tx, lane, _BATCH)) for lane in claimed]
        for lane, items in work:
            self._begin(lane, items)
        return len(work)

    def _space(self, inward: bool, *, urgent: bool) -> tuple[int, int]:
        """How many more lanes may be taken that lead this way, and how calm the calmest of them may be.

        What leads outward waits for others: what is only to be understood must not take its place.
        """
        busy = [lane for lane in self._drains.values() if lane.inward is inward]
        free = self.pace.lanes_at_once - len(busy)
        if free > 0 or not urgent:
            return free, CALM
        return _SPARE - sum(lane.urgency == URGENT for lane in busy), URGENT

    def _begin(self, lane: Lane, items: Sequence[Item]) -> None:
        task = asyncio.create_task(self._drain(lane, items), name=f"lane {lane.key}")
        self._drains[task] = lane
        if lane.urgency == URGENT:
            self._urgent[task] = asyncio.get_running_loop().time()
        task.add_done_callback(self._drained)

    def _beat(self) -> None:
        now = self.clock.now()
        if self.beat_at and now < self.beat_at:
            self._set_back = _TWICE
            self._swept_at = None
        self.beat_at = now

    async def _sweep(self) -> None:
        """What a lost wake-up or a wrong clock left: at times, and at once when the clock is set back."""
        now = self.clock.now()
        if self._swept_at and now - self._swept_at < _SWEEP:
            return
        longest = timedelta(0) if self._set_back else max(_LONGEST_REST, self.pace.backoff_most)
        async with self.store.begin() as tx:
            found = await lanes.rearm(tx, now)
            found += await lanes.realign(tx, now, self.pace.lease, longest)
        self._swept_at, self._set_back = now, max(0, self._set_back - 1)
        if found:
            log.warning("lanes_rearmed", lanes=found)

    def _drained(self, task: asyncio.Task[None]) -> None:
        self._drains.pop(task, None)
        self._urgent.pop(task, None)
        self.store.work.set()
        if not task.cancelled() and (failure := task.exception()):
            log.error(
                "lane_failed",
                lane=task.get_name(),
                error=type(failure).__name__,
                reason=str(failure),
            )

    async def _pause(self) -> None:
        """Until something is said to wait, or it is time to look anyway."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.pace.poll.total_seconds()):
                await self.store.work.wait()

    async def _drain(self, lane: Lane, items: Sequence[Item]) -> None:
        """Handle a batch, and let the lane go with the last of it."""
        try:
            for item in items:
                await self._give_way(lane)
                done = self._judge(item, await self._handle_leased(lane, item))
                pause = self._rest(lane, item, done.outcome)
                last = item is items[-1] or self._stopping or pause is not None
                await self._settle(lane, item, done, pause=pause, last=last)
                if last:
                    return
            async with self.store.begin() as tx:
                await lanes.release(tx, lane, self.clock.now())
        except LeaseLost:
            log.warning("lease_lost", lane=lane.key)
        except StoreUnavailable as away:
            # Nothing was settled: the lease runs out and whoever is next does the item again.
            log.warning("store_unavailable", lane=lane.key, reason=str(away))

    def _hurried(self) -> list[asyncio.Task[None]]:
        """Urgent lanes at work. One whose target is slow is no reason to wait for it."""
        young = asyncio.get_running_loop().time() - _STAND_BACK
        return [task for task, since in self._urgent.items() if since > young]

    async def _give_way(self, lane: Lane) -> None:
        """The homeserver serves equally whatever it is asked at once: what is calm asks a little later."""
        if lane.urgency > URGENT and not self._stopping and (hurried := self._hurried()):
            await asyncio.wait(hurried, timeout=_STAND_BACK)

    async def _settle(
        self, lane: Lane, item: Item, done: Done, *, pause: timedelta | None, last: bool
    ) -> None:
        now = self.clock.now()
        async with self.store.begin() as tx:
            if done.lock:
                await done.lock(tx)
            await queue.settle(tx, lane, item, done.outcome, now, self.pace.lease)
            if done.write:
                await done.write(tx)
            if lane.fails and lane.kind in _SHARED and isinstance(done.outcome, Delivered):
                await lanes.revive(tx, lane.kind, now)
            if last:
                await lanes.let_go(tx, lane, now, pause=pause)
        if isinstance(done.outcome, NotYet):
            return
        outcome = word(done.outcome)
        metrics.attempts.labels(lane.kind, outcome).inc()
        if isinstance(done.outcome, Delivered):
            metrics.latency.labels(lane.kind).observe(
                max(0.0, (now - item.created_at).total_seconds())
            )
        else:
            log.warning(
                "attempt", lane=lane.key, outcome=outcome, item=item.uid, reason=done.outcome.reason
            )

    async def _handle_leased(self, lane: Lane, item: Item) -> Done:
        """The handler's answer, the lease being renewed while it works."""
        handling = asyncio.ensure_future(self._handle(lane, item))
        try:
            while True:
                done, _ = await asyncio.wait(
                    {handling}, timeout=self.pace.lease.total_seconds() / 3
                )
                if done:
                    return handling.result()
                async with self.store.begin() as tx:
                    await lanes.hold(tx, lane, self.clock.now(), self.pace.lease)
        finally:
            if not handling.done():
                handling.cancel()
                await asyncio.gather(handling, return_exceptions=True)

    async def _handle(self, lane: Lane, item: Item) -> Done:
        handler = self.handlers.get(lane.kind)
        if handler is None:
            return Done(Retry(f"No part of this process takes {lane.kind} lanes.", outage=True))
        try:
            return await handler(item)
        except StoreUnavailable:
            raise
        except Exception as odd:
            # A fault of ours in one item must not stop the lane: it is tried again, then put aside.
            log.exception("handler_failed", lane=lane.key, item=item.uid)
            return Done(Retry(f"{type(odd).__name__} while handling it"))

    def _judge(self, item: Item, done: Done) -> Done:
        """A retry that has had its chances is a dead letter."""
        if not isinstance(done.outcome, Retry):
            return done
        waited = self.clock.now() - item.created_at
        spent = item.attempts + 1 >= self.pace.attempts and not done.outcome.outage
        if spent or waited >= self.pace.give_up_after:
            words = f"Given up after {item.attempts + 1} tries: {done.outcome.reason}"
            return replace(done, outcome=Dead(words))
        return done

    def _rest(self, lane: Lane, item: Item, outcome: Outcome) -> timedelta | None:
        if isinstance(outcome, Retry):
            return outcome.after or self.pace.backoff(lane.fails, random.random())  # noqa: S311
        if isinstance(outcome, Unknown) and not item.repeated:
            return self.pace.backoff(lane.fails, random.random())  # noqa: S311
        return None
