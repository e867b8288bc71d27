"""A room's lane: the room is found or made, then the message goes into it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from bridge.config.schema import Config
from bridge.model.clock import Clock
from bridge.model.outcome import Dead, Delivered, NotYet, Outcome, Refused, Retry
from bridge.model.ports import Homeserver
from bridge.model.room_message import RoomMessage
from bridge.model.signal import SignalClass, SubjectKind
from bridge.notices.avatars import Avatars
from bridge.notices.card_post import Cards, Render
from bridge.notices.pacing import Pacing
from bridge.notices.room_binding import Bindings
from bridge.notices.room_making import Making
from bridge.notices.room_plan import SPACE
from bridge.notices.room_repair import Repair
from bridge.notices.room_rights import why_not
from bridge.notices.room_secrecy import ENCRYPTED, PLAIN, Secrecy, silence
from bridge.notices.room_shape import Shape, reopened, reshaped, show
from bridge.store import lanes, rooms
from bridge.store.engine import Store, Tx
from bridge.store.queue import Done, Item
from bridge.store.rooms import BoundRoom, Posted, Trouble

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Rooms:
    config: Config
    store: Store
    clock: Clock
    homeserver: Homeserver
    render: Render
    pacing: Pacing | None = None
    _unfinished: dict[str, float] = field(default_factory=dict)
    _pictures: dict[str, str | None] = field(default_factory=dict)
    _looked: dict[str, datetime] = field(default_factory=dict)

    async def deliver(self, item: Item) -> Done:
        """Handler of `room` lanes."""
        if wait := await self._wait(item):
            return Done(wait)
        if "shape" in item.payload:
            return await self._reshape(Shape.from_json(item.payload))
        wanted = RoomMessage.from_json(item.payload)
        bound = await self.bindings.room(wanted)
        if not isinstance(bound, BoundRoom):
            return Done(bound)
        if bound.trouble is Trouble.ENCRYPTED:
            return Done(Dead(f"{bound.subject}: {ENCRYPTED}"))
        if not isinstance(bound := await self._opened(bound, wanted), BoundRoom):
            return Done(bound)
        if wanted.card:
            cards = Cards(self.config, self.store, self.clock, self.render)
            saying = _Saying(self, bound, item)
            done = await cards.post(bound, wanted, item, saying)
            if saying.unused and self.pacing:
                self.pacing.give_back()
            return done
        return await self._send(bound, wanted, item)

    async def _send(self, bound: BoundRoom, wanted: RoomMessage, item: Item) -> Done:
        thread = wanted.thread or await self._story_root(bound.room_id, wanted.story)
        if bound.moved_at:  # what was said in an earlier room cannot be answered in this one
            thread, reply_to = (
                await self._here(bound, thread),
                await self._here(bound, wanted.reply_to),
            )
        else:
            reply_to = wanted.reply_to
        content = self.render(wanted.message, delivery=item.uid, thread=thread, reply_to=reply_to)
        outcome = await self.say(bound, item, item.uid, content)
        if not isinstance(outcome, Delivered) or not outcome.ref:
            return Done(outcome)
        return Done(outcome, _remember(wanted, bound.room_id, outcome.ref, thread, self.clock))

    async def say(
        self, bound: BoundRoom, item: Item, txn: str, content: Mapping[str, Any]
    ) -> Outcome:
        """The same `txn` never says it twice: where the homeserver may have forgotten it, the room tells."""
        if item.tried and self.clock.now() - item.created_at >= self.homeserver.memory:
            said = await self.homeserver.said(bound.room_id, txn, item.created_at)
            if said is not None:
                return said if isinstance(said, Outcome) else Delivered(said)
        if secret := await self.secrecy.encrypted(bound.room_id):
            return secret if isinstance(secret, Retry) else await self._silenced(bound)
        outcome = await self.homeserver.send(bound.room_id, txn, content)
        if isinstance(outcome, Refused):
            outcome = await self._refused(bound, outcome)
        if isinstance(outcome, Retry) and outcome.after and self.pacing:
            self.pacing.exhausted(outcome.after)
        return outcome

    async def _silenced(self, bound: BoundRoom) -> Outcome:
        """It was encrypted, and the homeserver's word of that was missed."""
        uid = hashlib.sha256(bound.room_id.encode(errors="replace")).hexdigest()[:32]
        content = self.render(PLAIN, delivery=uid, thread=None, reply_to=None)
        told = await self.homeserver.send(bound.room_id, uid, content)
        if isinstance(told, Retry):
            return told
        log.error("room_encrypted", subject=bound.subject, by="somebody, while nobody listened")
        async with self.store.begin() as tx:
            await silence(tx, bound, bound.room_id, self.clock.now())
        return Dead(f"{bound.subject}: {ENCRYPTED}")

    async def _wait(self, item: Item) -> NotYet | None:
        if self.pacing is None:
            return None
        async with self.store.read() as tx:
            urgency = await lanes.urgency_of(tx, item.lane)
        wait = self.pacing.turn(item.lane, urgency)
        return (
            NotYet("More urgent messages go first.", after=wait, outage=True)
            if wait is not None
            else None
        )

    async def _refused(self, bound: BoundRoom, outcome: Refused) -> Outcome:
        """A room that the bridge lost is made again by the next try; any other refusal stands."""
        why = await why_not(self.homeserver, bound.room_id)
        if why is None or isinstance(why, Retry):
            return why or outcome
        await self.repair.mark(bound.room_id, Trouble.GONE)
        return Retry(f"{why} It gets a new one.")

    async def _here(self, bound: BoundRoom, event_id: str | None) -> str | None:
        if event_id is None:
            return None
        return (
            event_id if await self.homeserver.has_event(bound.room_id, event_id) is True else None
        )

    async def _reshape(self, shape: Shape) -> Done:
        async with self.store.read() as tx:
            bound = await rooms.find(tx, shape.subject.key)
        if bound is None or bound.trouble or (wanted := reshaped(bound, shape)) == bound:
            return Done(Delivered())
        return await self._shown(bound, wanted, shape.closed or "")

    async def _opened(self, bound: BoundRoom, wanted: RoomMessage) -> BoundRoom | Outcome:
        """What cannot wait opens a deleted customer's room again; a dispute's follows its state alone."""
        urgent = wanted.message.tone is SignalClass.PAGE
        if not (bound.archived_at and urgent and bound.kind == SubjectKind.CUSTOMER):
            return bound
        done = await self._shown(bound, opened := reopened(bound))
        if done.write:
            async with self.store.begin() as tx:
                await done.write(tx)
        return opened if isinstance(done.outcome, Delivered) else done.outcome

    async def _shown(self, was: BoundRoom, wanted: BoundRoom, closed: str = "") -> Done:
        async with self.store.read() as tx:
            space = await rooms.find(tx, f"{was.account}/{SPACE}")
        picture = None
        if (
            wanted.avatar != was.avatar
            and (picture := await self.avatars.content(wanted.avatar)) is None
        ):
            wanted = replace(wanted, avatar=was.avatar)
        outcome = await show(
            self.homeserver,
            was,
            wanted,
            picture=picture,
            space=space.room_id if space else None,
            via=self.config.matrix.server_name,
            closed=closed,
        )
        if isinstance(outcome, Refused):
            outcome = await self._refused(was, outcome)
        write = partial(rooms.shape, to=wanted)
        return Done(outcome, write if isinstance(outcome, Delivered) else None)

    @property
    def bindings(self) -> Bindings:
        return Bindings(
            self.config,
            self.store,
            self.clock,
            self.homeserver,
            self.render,
            Making(self.homeserver, self._unfinished),
            self.avatars,
            self.secrecy,
        )

    @property
    def repair(self) -> Repair:
        return self.bindings.repair

    @property
    def avatars(self) -> Avatars:
        server = self.config.matrix.server_name
        return Avatars(self.store, self.clock, self.homeserver, server, self._pictures)

    @property
    def secrecy(self) -> Secrecy:
        return Secrecy(self.homeserver, self.clock, self._looked)

    async def _story_root(self, room_id: str, story: str | None) -> str | None:
        if story is None:
            return None
        async with self.store.read() as tx:
            root = await rooms.story_root(tx, room_id, story)
        return root.event_id if root else None


@dataclass
class _Saying:
    """A card may take several messages in one turn: those after the first are counted as they go."""

    rooms: Rooms
    bound: BoundRoom
    item: Item
    unused: bool = True

    async def __call__(self, txn: str, content: Mapping[str, Any]) -> Outcome:
        if not self.unused and self.rooms.pacing:
            self.rooms.pacing.spend()
        self.unused = False
        return await self.rooms.say(self.bound, self.item, txn, content)


def _remember(
    wanted: RoomMessage, room_id: str, event_id: str, thread: str | None, clock: Clock
) -> Callable[[Tx], Any]:
    async def write(tx: Tx) -> None:
        message = Posted(
            event_id,
            room_id,
            wanted.subject.account,
            wanted.story,
            wanted.objects,
            wanted.action_id,
            thread,
        )
        await rooms.add_posted(tx, message, clock.now())

    return write
