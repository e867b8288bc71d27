"""A room that the bridge can no longer use is made again; nothing of it goes round in a circle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bridge.model.clock import Clock
from bridge.model.outcome import Dead, Delivered, Outcome, Retry
from bridge.model.ports import Homeserver, RoomMade, RoomSpec
from bridge.notices.room_making import Making
from bridge.store import rooms
from bridge.store.engine import Store
from bridge.store.rooms import BoundRoom, Trouble

log = structlog.get_logger(__name__)

#: A room that is lost again so soon is somebody's will: then its deliveries are dead letters.
_ONCE_IN = timedelta(hours=1)
_PAGE = 100


@dataclass(frozen=True)
class Repair:
    store: Store
    clock: Clock
    homeserver: Homeserver
    making: Making

    async def remake(self, lost: BoundRoom, spec: RoomSpec) -> BoundRoom | Outcome:
        """A new room with the alias of the lost one, bound to its subject."""
        now = self.clock.now()
        if lost.moved_at and now - lost.moved_at < _ONCE_IN:
            return Dead(
                f"The room of {lost.subject} was lost again within an hour of being made:"
                " invite the bridge into it, or wait; then replay this."
            )
        made = await self._made(lost, spec)
        if not isinstance(made, RoomMade):
            return made
        fresh = replace(
            lost,
            room_id=made.room_id,
            invited=spec.invite,
            trouble=None,
            archived_at=None,
            successor=None,
            moved_at=now,
        )
        async with self.store.begin() as tx:
            await rooms.bind(tx, fresh, now)
        log.warning("room_made_again", subject=lost.subject, was=lost.room_id, now=made.room_id)
        if spec.space:
            await self.homeserver.set_state(spec.space, "m.space.child", {}, lost.room_id)
        await self.homeserver.leave(lost.room_id)
        return fresh

    async def _made(self, lost: BoundRoom, spec: RoomSpec) -> RoomMade | Outcome:
        leads_to = await self.homeserver.room_of_alias(spec.alias_localpart)
        if isinstance(leads_to, Outcome):
            return leads_to
        if leads_to not in {None, lost.room_id}:
            here = await self._is_in(leads_to or "")
            if isinstance(here, Retry):
                return here
            if here:  # an earlier try made it, and was cut off before it was remembered
                return await self.making.complete(RoomMade(leads_to or "", found=True), spec)
        if leads_to is not None:
            freed = await self.homeserver.point_alias(spec.alias_localpart, None)
            if not isinstance(freed, Delivered):
                return freed
        return await self.making.make(spec)

    async def _is_in(self, room_id: str) -> bool | Retry:
        member = await self.homeserver.state(room_id, "m.room.member", self.homeserver.user_id)
        if isinstance(member, Retry):
            return member
        return not isinstance(member, Outcome) and member.get("membership") == "join"

    async def fill_space(self, space: BoundRoom, via: str) -> None:
        """A new space has all its rooms again, as far as the homeserver lets us now."""
        after = ""
        while children := await self._children(space, after):
            for child in children:
                told = await self.homeserver.set_state(
                    space.room_id, "m.space.child", {"via": [via]}, child.room_id
                )
                if isinstance(told, Retry):
                    log.warning("space_incomplete", account=space.account, reason=told.reason)
                    return
            after = children[-1].subject

    async def _children(self, space: BoundRoom, after: str) -> Sequence[BoundRoom]:
        async with self.store.read() as tx:
            found = await rooms.of_account(tx, space.account, after, _PAGE)
        return [one for one in found if one.subject != space.subject]

    async def mark(self, room_id: str, trouble: Trouble) -> None:
        async with self.store.begin() as tx:
            await rooms.set_trouble(tx, room_id, trouble)
