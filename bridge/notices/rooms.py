"""A room's lane: the room is found or made, then the message goes into it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bridge.config.kinds import EVERYONE
from bridge.config.schema import Config
from bridge.model.clock import Clock
from bridge.model.message import Message
from bridge.model.outcome import Delivered, Outcome
from bridge.model.ports import Homeserver, RoomMade, RoomSpec
from bridge.model.room_message import RoomMessage
from bridge.model.signal import Subject, SubjectKind
from bridge.store import rooms
from bridge.store.engine import Store, Tx
from bridge.store.queue import Done, Item
from bridge.store.rooms import BoundRoom, Posted

SPACE = "space"


class Render(Protocol):
    def __call__(
        self, message: Message, *, delivery: str, thread: str | None, reply_to: str | None
    ) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Rooms:
    config: Config
    store: Store
    clock: Clock
    homeserver: Homeserver
    render: Render

    async def deliver(self, item: Item) -> Done:
        """Handler of `room` lanes."""
        wanted = RoomMessage.from_json(item.payload)
        bound = await self._room(wanted)
        if not isinstance(bound, BoundRoom):
            return Done(bound)
        thread = wanted.thread or await self._story_root(bound.room_id, wanted.story)
        content = self.render(
            wanted.message, delivery=item.uid, thread=thread, reply_to=wanted.reply_to
        )
        outcome = await self.homeserver.send(bound.room_id, item.uid, content)
        if not isinstance(outcome, Delivered) or not outcome.ref:
            return Done(outcome)
        return Done(outcome, _remember(wanted, bound.room_id, outcome.ref, thread, self.clock))

    async def make_channels(self) -> list[Outcome]:
        """The named channels of every account, and invitations to people who are new; what failed is returned."""
        failed: list[Outcome] = []
        for account in self.config.accounts:
            for name in self.config.matrix.channels:
                subject = Subject(account, SubjectKind.CHANNEL, name)
                bound = await self._room(RoomMessage(subject, Message(title="")))  # type: ignore[arg-type]
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
            if bound := await rooms.find(tx, subject.key):
                return bound
        space = await self._space(subject.account)
        if not isinstance(space, BoundRoom):
            return space
        return await self._make(
            subject.key, subject.kind, room_spec(self.config, wanted, space.room_id), subject
        )

    async def _space(self, account: str) -> BoundRoom | Outcome:
        subject = Subject(account, SubjectKind.CHANNEL, SPACE)
        key = f"{account}/{SPACE}"
        async with self.store.read() as tx:
            if bound := await rooms.find(tx, key):
                return bound
        return await self._make(key, SPACE, space_spec(self.config, account), subject)

    async def _make(
        self, key: str, kind: str, spec: RoomSpec, subject: Subject
    ) -> BoundRoom | Outcome:
        made = await self.homeserver.create_room(spec)
        if not isinstance(made, RoomMade):
            return made
        bound = BoundRoom(key, made.room_id, subject.account, kind, subject.id, spec.invite)
        async with self.store.begin() as tx:
            await rooms.bind(tx, bound, self.clock.now())
        return bound

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


def space_spec(config: Config, account: str) -> RoomSpec:
    everyone = tuple(person.matrix for person in config.people.values())
    localpart = f"{config.matrix.alias_prefix}{account}"
    return RoomSpec(localpart, f"Stripe · {account}", "", everyone, {}, is_space=True)


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
