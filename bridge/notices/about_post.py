"""The pinned card of a customer's or dispute's room: read from Stripe anew when something happened.

It has a lane of its own: while Stripe is away the room goes on telling what happens.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import structlog

from bridge.model.dispute import OVER
from bridge.model.errors import StripeBusy, StripeError
from bridge.model.message import Message
from bridge.model.outcome import Delivered, NotYet, Outcome, Retry
from bridge.model.ports import StripeReader
from bridge.model.signal import Objects, SignalClass, Subject, SubjectKind
from bridge.notices.about import Known, about_customer, about_dispute
from bridge.notices.card_post import hash_of
from bridge.notices.card_wording import View
from bridge.notices.room_view import view_of
from bridge.notices.rooms import Rooms
from bridge.store import about, care, notes, rooms
from bridge.store.about import About
from bridge.store.engine import Tx
from bridge.store.queue import Done, Item
from bridge.store.rooms import BoundRoom, Posted

log = structlog.get_logger(__name__)

#: It is read no more often than this, whatever happens: each time costs Stripe a handful of requests.
EVERY = timedelta(seconds=30)
#: Events come in groups: the first of them waits for the others.
_TOGETHER = timedelta(seconds=1)
_ROOM_COMES = timedelta(seconds=3)
_MOST_DISPUTED = 5


@dataclass(frozen=True)
class Abouts:
    rooms: Rooms
    readers: Mapping[str, StripeReader]

    async def deliver(self, item: Item) -> Done:
        """Handler of `about` lanes."""
        subject = _subject(item.payload["subject"])
        if subject.account not in self.readers:
            return Done(Delivered())
        async with self.rooms.store.read() as tx:
            bound, before = await rooms.find(tx, subject.key), await about.get(tx, subject.key)
        if bound is None:
            return Done(NotYet("The room is not there yet.", after=_ROOM_COMES, outage=True))
        if bound.trouble or (wait := self._covered(item, before)) == timedelta(0):
            return Done(Delivered())
        if wait:
            return Done(NotYet("It was read a moment ago.", after=wait, outage=True))
        read_at = self.rooms.clock.now()
        try:
            message = await self._message(subject)
        except StripeError as error:
            log.warning("about_not_read", subject=subject.key, reason=str(error))
            after = error.after if isinstance(error, StripeBusy) else None
            return Done(Retry(str(error), after=after))
        return await self._post(item, bound, replace(before, read_at=read_at), message)

    def _covered(self, item: Item, before: About) -> timedelta | None:
        """Zero if what it was asked for is shown already; else how long it must wait, if it must."""
        now = self.rooms.clock.now()
        shown = before.root is not None and before.read_at is not None
        if shown and before.read_at and before.read_at > item.created_at:
            return timedelta(0)
        if item.payload["at_once"]:
            return None
        free = item.created_at + _TOGETHER
        if shown and before.read_at:
            free = max(free, before.read_at + EVERY)
        return free - now if free > now else None

    async def _message(self, subject: Subject) -> Message:
        reader, view = self.readers[subject.account], view_of(self.rooms.config, subject)
        live = self.rooms.config.accounts[subject.account].livemode
        if subject.kind is SubjectKind.DISPUTE:
            dispute = await reader.dispute(subject.id)
            return about_dispute(
                subject.account,
                dispute,
                view,
                livemode=live,
                now=self.rooms.clock.now(),
                notes=await self._notes_of(subject),
                assigned=await self._assigned_of(subject),
            )
        return await self._of_customer(subject, reader, view, live=live)

    async def _of_customer(
        self, subject: Subject, reader: StripeReader, view: View, *, live: bool
    ) -> Message:
        customer = await reader.owner(subject.id)
        if customer.get("deleted"):
            return about_customer(subject.account, Known(customer), view, livemode=live)
        charges, complete = await reader.charges_of(subject.id)
        disputed = [one["id"] for one in charges if one.get("disputed")][:_MOST_DISPUTED]
        disputes = [one for name in disputed for one in await reader.disputes_of_charge(name)]
        known = Known(
            customer,
            charges,
            complete,
            await reader.subscriptions_of(subject.id),
            await reader.invoices_of(subject.id, "open"),
            [one for one in disputes if one.get("status") not in OVER],
            await self._notes_of(subject),
            await self._assigned_of(subject),
        )
        return about_customer(subject.account, known, view, livemode=live)

    async def _notes_of(self, subject: Subject) -> list[tuple[str, str]]:
        async with self.rooms.store.read() as tx:
            if subject.kind is SubjectKind.CUSTOMER:
                written = await notes.of_customer(tx, subject.account, subject.id)
            else:
                written = await notes.latest(tx, subject.account, [subject.id])
        return [(note.author, note.text) for note in written]

    async def _assigned_of(self, subject: Subject) -> dict[str, str]:
        async with self.rooms.store.read() as tx:
            if subject.kind is SubjectKind.CUSTOMER:
                return await care.assigned_of_customer(tx, subject.account, subject.id)
            return await care.assigned(tx, subject.account, [subject.id])

    async def _post(self, item: Item, bound: BoundRoom, now: About, message: Message) -> Done:
        if now.room_id != bound.room_id:
            now = About(room_id=bound.room_id, read_at=now.read_at)
        shown = hash_of(message)
        if shown != now.shown:
            outcome = await self._say(item, bound, now.root, message, shown)
            if not isinstance(outcome, Delivered):
                return Done(outcome)
            now = replace(now, root=now.root or outcome.ref, shown=shown)
        pinned = await self._pin(bound, now)
        if isinstance(pinned, Delivered):
            now = replace(now, pinned=True)
        return Done(pinned, partial(self._keep, bound, now, message))

    async def _say(
        self, item: Item, bound: BoundRoom, root: str | None, message: Message, shown: str
    ) -> Outcome:
        pacing = self.rooms.pacing
        if pacing and (wait := pacing.turn(item.lane, SignalClass.DIGEST.urgency)):
            return NotYet("More urgent messages go first.", after=wait, outage=True)
        # The first one has the delivery's own id; each later content one of its own.
        mark = hashlib.sha256(shown.encode()).hexdigest()[:12]
        txn = f"{item.uid}.{mark}" if root else item.uid
        content = self.rooms.render(
            message, delivery=txn, thread=None, reply_to=None, replaces=root
        )
        return await self.rooms.say(bound, item, txn, content)

    async def _pin(self, bound: BoundRoom, now: About) -> Outcome:
        """Beside what others have pinned."""
        if now.pinned or now.root is None:
            return Delivered()
        homeserver = self.rooms.homeserver
        there = await homeserver.state(bound.room_id, _PINNED)
        pins = there.get("pinned") if isinstance(there, dict) else None
        kept = [one for one in pins if isinstance(one, str)] if isinstance(pins, list) else []
        pinned = {"pinned": [now.root, *(one for one in kept if one != now.root)]}
        return await homeserver.set_state(bound.room_id, _PINNED, pinned)

    async def _keep(self, bound: BoundRoom, now: About, message: Message, tx: Tx) -> None:
        await about.keep(tx, bound.subject, now)
        if now.root:
            objects = Objects(**{k: v for k, v in message.ids.items() if k != "account"})
            posted = Posted(now.root, bound.room_id, bound.account, None, objects, None, None)
            await rooms.add_posted(tx, posted, self.rooms.clock.now())


_PINNED = "m.room.pinned_events"


def _subject(data: Mapping[str, str]) -> Subject:
    return Subject(data["account"], SubjectKind(data["kind"]), data["id"])
