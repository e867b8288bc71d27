"""Stripe → chat, the whole way.

webhook ── accept ──> inbox row, committed: only now 2xx
                        │   a worker leases the lane
                      handle: look up what the event only names  (Stripe, no transaction)
                        │   signal_of: what it means to people   (pure)
                        │   route: who should hear of it         (pure)
                        └──> one delivery per target, in the commit that marks the event handled
                               │   a worker leases each target's lane
                             Rooms.deliver  ──> Matrix
                             Notices.notify ──> Apprise
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bridge import metrics
from bridge.config.people import as_changed
from bridge.config.schema import Config
from bridge.model.clock import Clock
from bridge.model.errors import StripeBusy, StripeError
from bridge.model.event import Event, Json, parse_event
from bridge.model.message import Message
from bridge.model.outcome import Delivered, Retry
from bridge.model.ports import Notifier, StripeReader
from bridge.model.signal import Signal, SignalClass, Subject
from bridge.model.words import Words
from bridge.notices.about_news import abouts
from bridge.notices.addressing import Address
from bridge.notices.arriving import arrival_of
from bridge.notices.asked_payments import is_its_payment
from bridge.notices.catalogue import NO_LINKS, signal_of
from bridge.notices.lookups import Bills, bills_needed, look_up
from bridge.notices.own_actions import action_of, asked_in, tells_itself, to_its_thread
from bridge.notices.room_shape import reshaping
from bridge.notices.routing import route
from bridge.store import cards, lanes, outbox, people
from bridge.store.engine import Store, Tx
from bridge.store.intake import Intake
from bridge.store.outbox import Delivery
from bridge.store.queue import Done, Item
from bridge.store.replays import Again, account_of

log = structlog.get_logger(__name__)

#: How often a lookup may fail before the event is told without what it would have added.
_PATIENCE = 3


@dataclass(frozen=True)
class Notices:
    config: Config
    store: Store
    clock: Clock
    intake: Intake
    readers: Mapping[str, StripeReader]
    notifier: Notifier
    words: Words

    async def accept(self, account: str, body: Json, raw: str) -> None:
        """Commit a verified event; raises `StoreUnavailable`, and then Stripe must be told to try again."""
        event = parse_event(account, body)
        await self.intake.accept([arrival_of(event, body, raw)])
        now = self.clock.now()
        metrics.last_event.labels(account).set(now.timestamp())
        metrics.event_age.labels(account).observe(max(0.0, (now - event.created).total_seconds()))

    async def handle(self, item: Item) -> Done:
        """Handler of `events` lanes."""
        source, account = account_of(item.uid)
        if account not in self.config.accounts:
            return Done(
                Retry(f"The account {account} is not in the configuration any more.", outage=True)
            )
        again = Again.of(source, item.payload)
        event = parse_event(account, json.loads(again.body))
        reader = self.readers[account]
        try:
            if event.thin:
                event = replace(event, object=await reader.event_object(event))
            links, learned = await look_up(event, reader, await self._bills(event))
        except StripeError as error:
            if item.attempts < _PATIENCE:
                return Done(
                    Retry(str(error), after=error.after if isinstance(error, StripeBusy) else None)
                )
            log.warning(
                "told_without_lookup", event_id=event.id, type=event.type, reason=str(error)
            )
            links, learned = NO_LINKS, {}
        signal = signal_of(event, links, self.words)
        if not again.mark:
            _count(signal)
        return Done(Delivered(), partial(self._tell, event, signal, learned, again))

    async def notify(self, item: Item) -> Done:
        """Handler of `apprise` lanes."""
        message = Message.from_json(item.payload["message"])
        return Done(
            await self.notifier.notify(item.payload["target"], message, repeated=item.repeated)
        )

    async def _bills(self, event: Event) -> Bills:
        found: dict[str, str | None] = {}
        if wanted := bills_needed(event):
            async with self.store.read() as tx:
                for payment in wanted:
                    known, invoice = await cards.invoice_of(tx, event.account, payment)
                    found |= {payment: invoice} if known else {}
        return found

    async def _tell(
        self, event: Event, signal: Signal, learned: Bills, again: Again, tx: Tx
    ) -> None:
        for payment, invoice in learned.items():
            await cards.learn_bill(tx, event.account, payment, invoice, self.clock.now())
        routed = route(signal, self.config.routes, self.config.targets)
        address = Address(await self._now(tx, signal), self.words)
        action = await action_of(tx, event)
        destinations = routed.destinations
        told: list[Delivery] = []
        if action:
            if not is_its_payment(action, event):
                destinations = tuple(
                    one for one in destinations if one != "room" or _must_be_seen(signal)
                )
            told = await to_its_thread(tx, action, event, signal, address.told_in)
        said = bool(told) or tells_itself(action, event)
        knows = await asked_in(tx, action) if said and action else None
        now = self.clock.now()
        addressed = await address.deliveries(tx, signal, destinations, now, knows=knows)
        told += addressed.deliveries
        told += await reshaping(tx, event, told)
        told += await self._abouts(tx, told, addressed.covered)
        told += await address.again(tx, signal, again.destinations, again.mark)
        await outbox.enqueue(tx, told, now)

    async def _now(self, tx: Tx, signal: Signal) -> Config:
        """With the people as commands have changed them, where people are to be mentioned."""
        if signal.signal_class is not SignalClass.PAGE:
            return self.config
        return as_changed(self.config, await people.changes(tx))

    async def _abouts(
        self, tx: Tx, told: list[Delivery], covered: tuple[Subject, ...]
    ) -> list[Delivery]:
        """One that waits already will read all that has happened by then."""
        found = abouts(told, covered)
        waiting = await lanes.unattended(tx, {one.lane for one in found})
        return [one for one in found if one.lane not in waiting]


def _count(signal: Signal) -> None:
    metrics.events.labels(signal.account, signal.signal_class).inc()
    if not signal.known:
        metrics.unknown_events.labels(signal.account).inc()


def _must_be_seen(signal: Signal) -> bool:
    return signal.signal_class is SignalClass.PAGE
