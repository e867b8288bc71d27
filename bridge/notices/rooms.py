"""A room's lane: the room is found or made, then the message goes into it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bridge.config.kinds import EVERYONE
from bridge.config.schema import Config
from bridge.model.clock import Clock
from bridge.model.message import Message
from bridge.model.outcome import Dead, Delivered, NotYet, Outcome, Refused, Retry
from bridge.model.ports import Homeserver, RoomMade, RoomSpec
from bridge.model.room_message import RoomMessage
from bridge.model.signal import SignalClass, Subject, SubjectKind
from bridge.model.text import safe
from bridge.notices.card_post import Cards, Render
from bridge.notices.pacing import Pacing
from bridge.notices.room_making import Making
from bridge.notices.room_repair import Repair
from bridge.notices.room_rights import why_not
from bridge.notices.room_shape import Shape, reopened, reshaped, show
from bridge.store import lanes, rooms
from bridge.store.engine import Store, Tx
from bridge.store.queue import Done, Item
from bridge.store.rooms import BoundRoom, Posted, Trouble

SPACE = "space"
ENCRYPTED = "the room is encrypted, and the bridge puts nothing of payments into such a room"


@dataclass(frozen=True)
class Rooms:
    config: Config
    store: Store
    clock: Clock
    homeserver: Homeserver
    render: Render
    pacing: Pacing | None = None
    _unfinished: dict[str, float] = field(default_factory=dict)

    async def deliver(self, item: Item) -> Done:
        """Handler of `room` lanes."""
        if wait := await self._wait(item):
            return Done(wait)
        if "shape" in item.payload:
            return await self._reshape(Shape.from_json(item.payload))
        wanted = RoomMessage.from_json(item.payload)
        bound = await self._room(wanted)
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
        outcome = await self.homeserver.send(bound.room_id, txn, content)
        if isinstance(outcome, Refused):
            outcome = await self._refused(bound, outcome)
        if isinstance(outcome, Retry) and outcome.after and self.pacing:
            self.pacing.exhausted(outcome.after)
        return outcome

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
        outcome = await show(
            self.homeserver,
            was,
            wanted,
            space=space.room_id if space else None,
            via=self.config.matrix.server_name,
            closed=closed,
        )
        if isinstance(outcome, Refused):
            outcome = await self._refused(was, outcome)
        write = partial(rooms.shape, to=wanted)
        return Done(outcome, write if isinstance(outcome, Delivered) else None)

    @property
    def repair(self) -> Repair:
        return Repair(self.store, self.clock, self.homeserver, self.making)

    @property
    def making(self) -> Making:
        return Making(self.homeserver, self._unfinished)

    async def make_channels(self) -> list[Outcome]:
        """The named channels of every account, and invitations to people who are new; what failed is returned."""
        failed: list[Outcome] = []
        for account in self.config.accounts:
            for name in self.config.matrix.channels:
                subject = Subject(account, SubjectKind.CHANNEL, name)
                bound = await self._room(RoomMessage(subject, Message(title=safe(""))))
                if isinstance(bound, BoundRoom):
                    await self._invite_missing(bound, subject)
                else:
                    failed.append(bound)
        return failed

    async def _story_root(self, room_id: str, story: str | None) -> str | None:
        if story is None:
            return None
        async with self.store.read() as tx:
            root = await rooms.story_root(tx, room_id, story)
        return root.event_id if root else None

    async def _room(self, wanted: RoomMessage) -> BoundRoom | Outcome:
        subject = wanted.subject
        async with self.store.read() as tx:
            bound = await rooms.find(tx, subject.key)
        if bound and bound.trouble is not Trouble.GONE:
            return bound
        space = await self._space(subject.account)
        if not isinstance(space, BoundRoom):
            return space
        spec = room_spec(self.config, wanted, space.room_id)
        if bound is None:
            return await self._make(subject.key, subject.kind, spec, subject)
        return await self._remake(bound, spec)

    async def remade(self, lost: BoundRoom) -> BoundRoom | Outcome:
        """A channel or a space that is needed whether or not there is something to say."""
        if lost.kind == SPACE:
            return await self._space(lost.account)
        subject = Subject(lost.account, SubjectKind(lost.kind), lost.subject_id)
        return await self._room(RoomMessage(subject, Message(title=safe(""))))

    async def _space(self, account: str) -> BoundRoom | Outcome:
        subject = Subject(account, SubjectKind.CHANNEL, SPACE)
        key = f"{account}/{SPACE}"
        async with self.store.read() as tx:
            bound = await rooms.find(tx, key)
        if bound is None:
            return await self._make(key, SPACE, space_spec(self.config, account), subject)
        if bound.trouble is not Trouble.GONE:
            return bound
        made = await self.repair.remake(bound, space_spec(self.config, account))
        if isinstance(made, BoundRoom):
            await self.repair.fill_space(made, self.config.matrix.server_name)
        return made

    async def _remake(self, lost: BoundRoom, spec: RoomSpec) -> BoundRoom | Outcome:
        named = replace(spec, name=lost.name or spec.name, topic=lost.topic or spec.topic)
        made = await self.repair.remake(lost, named)
        if isinstance(made, BoundRoom):
            uid = f"moved-{made.room_id}"
            said = Message(
                title=safe("This room replaces an earlier one that I could no longer use.")
            )
            content = self.render(said, delivery=uid, thread=None, reply_to=None)
            await self.homeserver.send(made.room_id, uid, content)
        return made

    async def _make(
        self, key: str, kind: str, spec: RoomSpec, subject: Subject
    ) -> BoundRoom | Outcome:
        made = await self.making.make(spec)
        if not isinstance(made, RoomMade):
            return made
        bound = BoundRoom(
            key,
            made.room_id,
            subject.account,
            kind,
            subject.id,
            spec.invite,
            spec.name,
            spec.topic,
            trouble=await self._trouble(made),
        )
        async with self.store.begin() as tx:
            await rooms.bind(tx, bound, self.clock.now())
        return bound

    async def _trouble(self, made: RoomMade) -> Trouble | None:
        """A room that is found again may have been encrypted while nobody looked."""
        if not made.found:
            return None
        found = await self.homeserver.state(made.room_id, "m.room.encryption")
        return None if isinstance(found, Outcome) else Trouble.ENCRYPTED

    async def _invite_missing(self, bound: BoundRoom, subject: Subject) -> None:
        missing = [who for who in members(self.config, subject) if who not in bound.invited]
        asked = [
            who
            for who in missing
            if isinstance(await self.homeserver.invite(bound.room_id, who), Delivered)
        ]
        if asked:
            async with self.store.begin() as tx:
                await rooms.set_invited(tx, bound.subject, [*bound.invited, *asked])


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


def members(config: Config, subject: Subject) -> tuple[str, ...]:
    """The Matrix ids of the people whom the configuration wants in the subject's room."""
    match subject.kind:
        case SubjectKind.CUSTOMER:
            roles = config.matrix.customer_rooms.roles
        case SubjectKind.DISPUTE:
            roles = config.matrix.dispute_rooms.roles
        case _ if subject.id in config.matrix.channels:
            roles = config.matrix.channels[subject.id].roles
        case _:
            roles = (EVERYONE,)
    return tuple(
        p.matrix for p in config.people.values() if EVERYONE in roles or set(p.roles) & set(roles)
    )


def room_spec(config: Config, wanted: RoomMessage, space: str) -> RoomSpec:
    subject = wanted.subject
    name, topic = wanted.name or subject.id, wanted.topic
    if subject.kind is SubjectKind.CHANNEL:
        channel = config.matrix.channels[subject.id]
        name, topic = channel.title or f"#{subject.id}", channel.topic or ""
    return RoomSpec(alias(config, subject), name, topic, members(config, subject), {}, space)


def everyone(config: Config) -> tuple[str, ...]:
    return tuple(person.matrix for person in config.people.values())


def space_spec(config: Config, account: str) -> RoomSpec:
    localpart = f"{config.matrix.alias_prefix}{account}"
    return RoomSpec(localpart, f"Stripe · {account}", "", everyone(config), {}, is_space=True)


def alias(config: Config, subject: Subject) -> str:
    """The alias's localpart: what finds the room again if the bridge forgot it while making it."""
    kind = "" if subject.kind is SubjectKind.CHANNEL else f"{subject.kind}_"
    return f"{config.matrix.alias_prefix}{subject.account}_{kind}{subject.id}"


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
