"""A room is made whole or not used: its making may be under way elsewhere, or have been cut off.

A homeserver gives a room its alias first, then its creator, then the rest of its state at once, then
the invitations. So a room that is found by its alias may still lack most of that: another process is
making it just now, or the homeserver died over it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog

from bridge.model.outcome import Delivered, Outcome, Refused, Retry
from bridge.model.ports import Homeserver, RoomMade, RoomSpec

log = structlog.get_logger(__name__)

#: In seconds; longer than a homeserver works on one room.
_UNDER_WAY = 20
_LOOK_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True)
class Making:
    """`met` remembers when a room was first found unfinished; a restart only waits once more.

    `seconds` must not jump with the clock: a room that is just being made would be made twice.
    """

    homeserver: Homeserver
    met: dict[str, float]
    seconds: Callable[[], float] = monotonic

    async def make(self, spec: RoomSpec) -> RoomMade | Outcome:
        made = await self.homeserver.create_room(spec)
        if not isinstance(made, RoomMade) or not made.found:
            return made
        levels = await self.homeserver.state(made.room_id, "m.room.power_levels")
        if isinstance(levels, Refused):
            return await self._unfinished(made, spec)
        if isinstance(levels, Outcome):
            return levels
        member = await self.homeserver.state(made.room_id, "m.room.member", self.homeserver.user_id)
        if isinstance(member, Retry):
            return member
        if isinstance(member, Outcome) or member.get("membership") != "join":
            return await self._anew(made, spec)
        self.met.pop(made.room_id, None)
        return await self.complete(made, spec)

    async def _unfinished(self, made: RoomMade, spec: RoomSpec) -> RoomMade | Outcome:
        now = self.seconds()
        if now - self.met.setdefault(made.room_id, now) < _UNDER_WAY:
            return Retry("The room is still being made.", after=_LOOK_AGAIN, outage=True)
        log.warning("room_never_finished", alias=spec.alias_localpart, room=made.room_id)
        again = await self._anew(made, spec)
        if isinstance(again, RoomMade):
            await self.homeserver.leave(made.room_id)
        return again

    async def _anew(self, made: RoomMade, spec: RoomSpec) -> RoomMade | Outcome:
        """Its alias is taken from it, unless somebody else did so meanwhile."""
        if await self.homeserver.room_of_alias(spec.alias_localpart) == made.room_id:
            freed = await self.homeserver.point_alias(spec.alias_localpart, None)
            if not isinstance(freed, Delivered):
                return freed
        again = await self.homeserver.create_room(spec)
        if isinstance(again, RoomMade) and again.found:
            return Retry("The room is being made elsewhere.", after=_LOOK_AGAIN, outage=True)
        return again

    async def complete(self, made: RoomMade, spec: RoomSpec) -> RoomMade | Outcome:
        """Who was not asked in is asked now; who is there already is no trouble."""
        for who in spec.invite:
            asked = await self.homeserver.invite(made.room_id, who)
            if isinstance(asked, Retry):
                return asked
        if spec.space:
            via = self.homeserver.user_id.partition(":")[2]
            await self.homeserver.set_state(
                spec.space, "m.space.child", {"via": [via]}, made.room_id
            )
        return made
