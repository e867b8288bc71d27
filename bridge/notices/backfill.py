"""Customers who were there before the bridge: their rooms and cards, made of what Stripe has of them.

Each object is told as the event that would have brought it to its present state. So a card that is
made here and one that events have made are the same card, and doing it twice changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bridge.config.schema import Config
from bridge.model.clock import Clock
from bridge.model.errors import BridgeError, StripeBusy
from bridge.model.event import Event, Json, id_of, moment
from bridge.model.message import Message
from bridge.model.ports import Listed, StripeReader
from bridge.model.room_message import CardNews, RoomMessage, room_lane
from bridge.model.signal import Objects, Signal, SignalClass, Subject, SubjectKind
from bridge.model.text import safe
from bridge.model.words import Words
from bridge.notices.card_news import move_cards
from bridge.notices.catalogue import Links, signal_of
from bridge.notices.lookups import look_up
from bridge.notices.room_plan import room_topic
from bridge.notices.room_shape import dispute_name
from bridge.store import backfill, cards, outbox
from bridge.store.about import to_about
from bridge.store.backfill import Position
from bridge.store.engine import Store, Tx
from bridge.store.outbox import Delivery, to_room

T = TypeVar("T")
Seen = Callable[[Listed, datetime], None]

#: The newest ones: whatever is older is in Stripe, and in the sum on the pinned card.
MOST_CARDS = 40
_MOST_WAITING = 200
_PAUSE = timedelta(seconds=1)
_PATIENCE = 120
#: In place of where a list was left: all of it is done with.
_THROUGH = "*"
_INVOICES = {
    "paid": "invoice.paid",
    "uncollectible": "invoice.marked_uncollectible",
    "void": "invoice.voided",
}
_OVER = frozenset({"won", "lost", "warning_closed", "prevented", "charge_refunded"})


@dataclass(frozen=True)
class Found:
    """A customer with what Stripe has of theirs; `events` are told oldest first."""

    customer: Json
    events: tuple[tuple[Event, Links], ...]


@dataclass
class Tally:
    customers: int = 0
    cards: int = 0


@dataclass
class Backfill:
    """Of one account. `rest` sleeps that many seconds."""

    config: Config
    store: Store
    clock: Clock
    reader: StripeReader
    account: str
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep
    tally: Tally = field(default_factory=Tally)
    _done: set[str] = field(default_factory=set)

    async def one(self, customer: str) -> None:
        """All of one customer, whenever it was. Raises `StripeError`."""
        await self._fill(customer, None, None)

    async def since(self, age: timedelta, scope: str, seen: Seen) -> None:
        """Every customer who was charged, billed, subscribed or made since then.

        It goes on where an earlier run was broken off. `seen` is told what is gone through, and the
        moment in the past that the work has come to. Raises `StripeError`.
        """
        start = Position(self.clock.now() - age)
        for what in Listed:
            part = f"{scope}:{what}"
            async with self.store.read() as tx:
                at = await backfill.position(tx, self.account, part) or start
            start = Position(at.since)
            if at.after != _THROUGH:
                await self._through(what, part, at, seen)
        async with self.store.begin() as tx:
            for what in Listed:
                await backfill.finished(tx, self.account, f"{scope}:{what}")

    async def _through(self, what: Listed, part: str, at: Position, seen: Seen) -> None:
        while page := await self._asked(self.reader.made_since, what, at.since, at.after):
            for one in page:
                at = replace(at, after=str(one["id"]))
                customer = id_of(one if what is Listed.CUSTOMERS else one.get("customer"))
                if customer and customer not in self._done:
                    await self._fill(customer, at.since, (part, at))
                seen(what, moment(one.get("created")))
        async with self.store.begin() as tx:
            through = replace(at, after=_THROUGH)
            await backfill.keep(tx, self.account, part, through, self.clock.now())

    async def _fill(
        self, customer: str, since: datetime | None, place: tuple[str, Position] | None
    ) -> None:
        await self._room_for_more()
        found = await self._read(customer, since)
        async with self.store.begin() as tx:
            await self._tell(tx, found)
            if place:
                await backfill.keep(tx, self.account, *place, self.clock.now())
        self._done.add(customer)

    async def _read(self, customer: str, since: datetime | None) -> Found:
        owner = await self._asked(self.reader.owner, customer)
        if owner.get("deleted"):
            return Found(owner, ())
        charges, _ = await self._asked(self.reader.charges_of, customer)
        invoices = await self._asked(self.reader.invoices_of, customer, None)
        subscriptions = await self._asked(self.reader.subscriptions_of, customer)
        charges, invoices = _recent(charges, since), _recent(invoices, since)
        events = [
            *(_charge_event(self.account, one) for one in charges),
            *(event for one in invoices if (event := _invoice_event(self.account, one))),
            *(_subscription_event(self.account, one) for one in subscriptions),
        ]
        for charge in charges:
            events += [event async for event in self._of_charge(charge)]
        linked = [(event, await self._links(event, owner)) for event in events]
        return Found(owner, tuple(sorted(linked, key=lambda pair: pair[0].created)))

    async def _of_charge(self, charge: Json) -> AsyncIterator[Event]:
        if charge.get("amount_refunded"):
            for refund in await self._asked(self.reader.refunds_of_charge, charge["id"]):
                yield _event(self.account, _refund_type(refund), refund)
        if charge.get("disputed"):
            for dispute in await self._asked(self.reader.disputes_of_charge, charge["id"]):
                kind = "closed" if dispute.get("status") in _OVER else "created"
                yield _event(self.account, f"charge.dispute.{kind}", dispute)

    async def _links(self, event: Event, owner: Json) -> Links:
        links, learned = await self._asked(look_up, event, self.reader, {})
        async with self.store.begin() as tx:
            for payment, invoice in learned.items():
                await cards.learn_bill(tx, self.account, payment, invoice, self.clock.now())
        name = owner.get("name") or owner.get("email")
        known = Links(Objects(customer=id_of(owner)), name if isinstance(name, str) else None)
        return links.and_(known)

    async def _tell(self, tx: Tx, found: Found) -> None:
        """Nobody is meant: the lowest class, no mention, no line in a thread."""
        words, now = Words(self.config.locale, self.config.timezone), self.clock.now()
        signals = [_quiet(signal_of(event, links, words)) for event, links in found.events]
        told: dict[str, Delivery] = {}
        for signal in signals:
            for moved in await move_cards(tx, signal, now):
                news = CardNews(moved.id.kind, moved.id.key, moved.news, hushed=True)
                for subject in _subjects(signal):
                    fresh = subject.key not in moved.standing
                    if fresh:
                        await cards.put(tx, moved.id, subject.key)
                    if fresh or moved.changed:
                        key = f"{room_lane(subject)}|{moved.id.kind}:{moved.id.key}"
                        told[key] = self._delivery(signal, subject, news, moved.version, key)
        if not found.events and not found.customer.get("deleted"):
            told |= self._nothing_yet(found.customer, words)
        chosen = list(told.values())[-MOST_CARDS:]
        subjects = {_subject_of(one): None for one in chosen}
        await outbox.enqueue(tx, [*chosen, *map(to_about, subjects)], now)
        self.tally.customers += bool(chosen)
        self.tally.cards += len(chosen) if found.events else 0

    def _nothing_yet(self, customer: Json, words: Words) -> Mapping[str, Delivery]:
        """Who has nothing that could be a card has a room all the same, and its pinned card."""
        subject = Subject(self.account, SubjectKind.CUSTOMER, id_of(customer) or "")
        since = words.day(moment(customer.get("created")))
        message = Message(safe(f"A customer since {since}, with nothing to pay so far"))
        who = customer.get("name") or customer.get("email")
        name = safe(who) if isinstance(who, str) else subject.id
        topic = room_topic(self.config, subject)
        wanted = RoomMessage(subject, message, Objects(customer=subject.id), name, topic)
        key = f"{room_lane(subject)}|backfill"
        return {key: to_room(wanted, SignalClass.DIGEST.urgency, key)}

    def _delivery(
        self, signal: Signal, subject: Subject, news: CardNews, version: int, key: str
    ) -> Delivery:
        who = signal.customer_name or subject.id
        name = dispute_name(str(who)) if subject.kind is SubjectKind.DISPUTE else str(who)
        topic = room_topic(self.config, subject)
        message = Message(safe(signal.title))
        wanted = RoomMessage(subject, message, signal.objects, name, topic, card=news)
        return to_room(wanted, SignalClass.DIGEST.urgency, f"{key}|{version}")

    async def _room_for_more(self) -> None:
        """The bridge sends what is made here: within the homeserver's limits, and after all that is news."""
        for _ in range(_PATIENCE):
            async with self.store.read() as tx:
                if await backfill.waiting(tx) < _MOST_WAITING:
                    return
            await self.rest(_PAUSE.total_seconds())
        raise BridgeError(
            "The bridge sends nothing of what waits for it. See that `stripe-bridge run` is up and "
            "the homeserver there, and repeat this: it goes on where it was."
        )

    async def _asked(self, ask: Callable[..., Awaitable[T]], *about: object) -> T:
        """Stripe's answer; when it asks to wait, after waiting."""
        for tries in range(8):
            try:
                return await ask(*about)
            except StripeBusy as busy:
                after = busy.after or _PAUSE * (1 << tries)
                await self.rest(after.total_seconds())
        return await ask(*about)


def _recent(things: Sequence[Json], since: datetime | None) -> list[Json]:
    return [one for one in things if since is None or moment(one.get("created")) >= since]


def _quiet(signal: Signal) -> Signal:
    moves = tuple(replace(move, tells=False) for move in signal.moves)
    return replace(signal, signal_class=SignalClass.DIGEST, moves=moves)


def _subjects(signal: Signal) -> Iterator[Subject]:
    """The customer's room; a dispute has one of its own only as long as it is open."""
    objects, over = signal.objects, signal.type == "charge.dispute.closed"
    if objects.dispute and not over:
        yield Subject(signal.account, SubjectKind.DISPUTE, objects.dispute)
    if objects.customer:
        yield Subject(signal.account, SubjectKind.CUSTOMER, objects.customer)


def _subject_of(delivery: Delivery) -> Subject:
    return RoomMessage.from_json(delivery.payload).subject


def _charge_event(account: str, charge: Json) -> Event:
    failed = charge.get("status") == "failed"
    return _event(account, "charge.failed" if failed else "charge.succeeded", charge)


def _invoice_event(account: str, invoice: Json) -> Event | None:
    status = invoice.get("status")
    tried = isinstance(tries := invoice.get("attempt_count"), int) and tries > 0
    if status == "open":
        return _event(account, "invoice.payment_failed" if tried else "invoice.finalized", invoice)
    return _event(account, _INVOICES[status], invoice) if status in _INVOICES else None


def _subscription_event(account: str, subscription: Json) -> Event:
    ended = subscription.get("status") == "canceled"
    kind = "deleted" if ended else "created"
    return _event(account, f"customer.subscription.{kind}", subscription)


def _refund_type(refund: Json) -> str:
    return "refund.failed" if refund.get("status") == "failed" else "refund.updated"


def _event(account: str, event_type: str, thing: Json) -> Event:
    moments = thing.get("status_transitions")
    ends = list(moments.values()) if isinstance(moments, dict) else []
    at = max([one for one in (thing.get("created"), *ends) if isinstance(one, int)], default=0)
    return Event(
        account=account,
        id=f"backfill:{id_of(thing)}:{thing.get('status')}",
        type=event_type,
        created=moment(at),
        livemode=bool(thing.get("livemode")),
        object=thing,
    )
