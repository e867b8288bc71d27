"""What others do to the bridge's rooms, and what the bridge answers: it is kicked, a room is upgraded,
encrypted, or it is asked into one."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bridge.config.people import as_changed
from bridge.model.message import Message
from bridge.model.outcome import Delivered, Outcome, Retry
from bridge.model.ports import RoomChange, RoomFate
from bridge.model.room_message import RoomMessage
from bridge.model.signal import SignalClass, Subject, SubjectKind
from bridge.model.text import safe
from bridge.notices.room_plan import SPACE, alias, members
from bridge.notices.room_rights import allowed, why_not
from bridge.notices.room_secrecy import PLAIN, silence
from bridge.notices.rooms import Rooms
from bridge.store import outbox, people, rooms
from bridge.store.engine import Tx
from bridge.store.matrix_intake import change_of
from bridge.store.outbox import Delivery, to_room
from bridge.store.queue import Done, Item
from bridge.store.rooms import BoundRoom, Trouble

log = structlog.get_logger(__name__)

_STAYING = (
    "This room was upgraded, and I cannot enter the new one. Invite me there;"
    " until then I go on here."
)


@dataclass(frozen=True)
class RoomLife:
    rooms: Rooms

    async def handle(self, item: Item) -> Done:
        """Handler of `life` lanes."""
        change = change_of(item.payload)
        async with self.rooms.store.read() as tx:
            bound = await rooms.of_id(tx, change.room_id)
        if change.what is RoomFate.INVITED:
            return Done(await self._invited(change, bound))
        if bound is None:
            return Done(Delivered())
        match change.what:
            case RoomFate.REMOVED:
                return Done(await self._removed(bound))
            case RoomFate.UPGRADED:
                return await self._upgraded(change, bound)
            case RoomFate.ENCRYPTED:
                return await self._encrypted(change, bound)
            case RoomFate.REDACTED:  # waits among what people said: see commands/redacted.py
                return Done(Delivered())

    async def _invited(self, change: RoomChange, bound: BoundRoom | None) -> Outcome:
        """Into rooms of ours, and those that ours were upgraded to; others are declined."""
        homeserver = self.rooms.homeserver
        if bound:
            return _settled(await homeserver.join(change.room_id))
        async with self.rooms.store.read() as tx:
            earlier = await rooms.upgraded_to(tx, change.room_id)
        if earlier:
            followed = await self._follow(earlier, change.room_id, change.sender)
            return followed if isinstance(followed, Retry) else Delivered()
        log.info("invitation_declined", room=change.room_id, by=change.sender)
        return _settled(await homeserver.leave(change.room_id))

    async def _removed(self, bound: BoundRoom) -> Outcome:
        """Channels are needed at once; any other room is made again when there is something to say."""
        why = await why_not(self.rooms.homeserver, bound.room_id)
        if why is None or isinstance(why, Retry):
            return why or Delivered()
        log.warning("room_lost", subject=bound.subject, reason=why)
        await self.rooms.repair.mark(bound.room_id, Trouble.GONE)
        if bound.kind not in {SPACE, SubjectKind.CHANNEL}:
            return Delivered()
        made = await self.rooms.bindings.remade(bound)
        return Delivered() if isinstance(made, BoundRoom) else made

    async def _upgraded(self, change: RoomChange, bound: BoundRoom) -> Done:
        """Only somebody who may upgrade rooms can lead the bridge, and what is said to it, elsewhere."""
        homeserver = self.rooms.homeserver
        may = await allowed(homeserver, bound.room_id, change.sender, "m.room.tombstone")
        if isinstance(may, Retry):
            return Done(may)
        if not may:
            log.warning("upgrade_not_followed", subject=bound.subject, by=change.sender)
            return Done(Delivered())
        followed = await self._follow(bound, change.detail, change.sender)
        if followed is None or isinstance(followed, Retry):
            return Done(followed or Delivered())
        return Done(Delivered(), partial(self._stay, bound, change))

    async def _follow(self, bound: BoundRoom, new: str, sender: str) -> Outcome | None:
        """None if there is nothing more to do; the refusal if the bridge cannot enter."""
        homeserver = self.rooms.homeserver
        joined = await homeserver.join(new, via=sender.partition(":")[2])
        if not isinstance(joined, Delivered):
            return joined
        created = await homeserver.state(new, "m.room.create")
        if isinstance(created, Retry):
            return created
        predecessor = None if isinstance(created, Outcome) else created.get("predecessor")
        if not isinstance(predecessor, dict) or predecessor.get("room_id") != bound.room_id:
            log.warning("upgrade_not_followed", subject=bound.subject, by=sender, to=new)
            await homeserver.leave(new)
            return None
        return await self._move(bound, new)

    async def _move(self, bound: BoundRoom, new: str) -> Outcome | None:
        homeserver, now = self.rooms.homeserver, self.rooms.clock.now()
        secret = await homeserver.state(new, "m.room.encryption")
        if isinstance(secret, Retry):
            return secret
        encrypted = not isinstance(secret, Outcome)
        moved = replace(
            bound,
            room_id=new,
            moved_at=now,
            successor=None,
            trouble=Trouble.ENCRYPTED if encrypted else None,
        )
        await self._introduce(bound, moved)
        async with self.rooms.store.begin() as tx:
            await rooms.bind(tx, moved, now)
            line = _ours(bound, "I have followed the upgrade of this room.")
            await outbox.enqueue(tx, [] if line is None else [line(f"followed:{new}")], now)
        log.info("upgrade_followed", subject=bound.subject, was=bound.room_id, now=new)
        return None

    async def _introduce(self, old: BoundRoom, new: BoundRoom) -> None:
        """Alias, space and people, as far as the new room's powers let us."""
        homeserver, config = self.rooms.homeserver, self.rooms.config
        if old.kind == SPACE:
            return await self.rooms.repair.fill_space(new, config.matrix.server_name)
        subject = Subject(old.account, SubjectKind(old.kind), old.subject_id)
        await homeserver.point_alias(alias(config, subject), new.room_id)
        async with self.rooms.store.read() as tx:
            space = await rooms.find(tx, f"{old.account}/{SPACE}")
            now = as_changed(config, await people.changes(tx))
        if space:
            via = {"via": [config.matrix.server_name]}
            await homeserver.set_state(space.room_id, "m.space.child", {}, old.room_id)
            await homeserver.set_state(space.room_id, "m.space.child", via, new.room_id)
        for person in members(now, subject):
            await homeserver.invite(new.room_id, person)
        return None

    async def _stay(self, bound: BoundRoom, change: RoomChange, tx: Tx) -> None:
        await rooms.set_successor(tx, bound.room_id, change.detail)
        if line := _ours(bound, _STAYING):
            await outbox.enqueue(tx, [line(f"upgraded:{change.event_id}")], self.rooms.clock.now())

    async def _encrypted(self, change: RoomChange, bound: BoundRoom) -> Done:
        """One plain notice there, one in the channel that everybody watches; then silence."""
        if bound.trouble is Trouble.ENCRYPTED:
            return Done(Delivered())
        uid = hashlib.sha256(change.event_id.encode(errors="replace")).hexdigest()[:32]
        content = self.rooms.render(PLAIN, delivery=uid, thread=None, reply_to=None)
        told = await self.rooms.homeserver.send(bound.room_id, uid, content)
        if isinstance(told, Retry):
            return Done(told)
        log.error("room_encrypted", subject=bound.subject, by=change.sender)
        now = self.rooms.clock.now()
        return Done(Delivered(), partial(silence, bound=bound, key=change.event_id, now=now))


def _ours(bound: BoundRoom, text: str) -> Callable[[str], Delivery] | None:
    """A line for the subject's room, wherever that is by then, given its dedup key; spaces hear nothing."""
    if bound.kind == SPACE:
        return None
    subject = Subject(bound.account, SubjectKind(bound.kind), bound.subject_id)
    said = RoomMessage(subject, Message(title=safe(text)))
    return partial(to_room, said, SignalClass.NOTIFY.urgency)


def _settled(outcome: Outcome) -> Outcome:
    """An invitation that is not there any more needs no answer."""
    return outcome if isinstance(outcome, Retry) else Delivered()
