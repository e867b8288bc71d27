"""Forgets what has had its time, every so often and a batch at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bridge.config.schema import Retention
from bridge.model.clock import Clock
from bridge.model.signal import SignalClass
from bridge.store import retention
from bridge.store.engine import Store

log = structlog.get_logger(__name__)

_BATCH = 500
_TRANSACTIONS = timedelta(days=7)


@dataclass(frozen=True)
class Forgetting:
    store: Store
    clock: Clock
    keep: Retention

    async def forget(self) -> int:
        """Everything that is over its time; returns how many rows went."""
        gone = 0
        while batch := await self._batch(self.clock.now()):
            gone += batch
        if gone:
            log.info("forgotten", rows=gone)
        return gone

    async def _batch(self, now: datetime) -> int:
        async with self.store.begin() as tx:
            by_class = {
                one.urgency: now - getattr(self.keep.events, one.value) for one in SignalClass
            }
            gone = await retention.prune_events(tx, by_class, _BATCH)
            gone += await retention.prune_deliveries(tx, now - self.keep.deliveries, _BATCH)
            gone += await retention.prune_dead(tx, now - self.keep.dead, _BATCH)
            gone += await retention.prune_transactions(tx, now - _TRANSACTIONS, _BATCH)
            gone += await retention.prune_cards(tx, now - self.keep.cards, _BATCH)
            gone += await retention.prune_bills(tx, now - self.keep.cards, _BATCH)
            gone += await retention.prune_abouts(tx, now - self.keep.cards, _BATCH)
        return gone
