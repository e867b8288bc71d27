"""Once at each start: which rooms were lost meanwhile, and who should be in those that are left."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bridge.config.people import as_changed
from bridge.model.outcome import Delivered, Outcome, Retry
from bridge.model.signal import Subject, SubjectKind
from bridge.notices.room_plan import SPACE, everyone, members
from bridge.notices.rooms import Rooms
from bridge.store import people, rooms
from bridge.store.rooms import BoundRoom, Trouble

log = structlog.get_logger(__name__)

_PAGE = 100
_PAUSE = timedelta(seconds=10)
#: A homeserver that asks for more patience than this gets the rest at the next start.
_PATIENCE = timedelta(minutes=30)
_REASON = "Your role does not bring you to this room any more."


@dataclass(frozen=True)
class RoomCare:
    rooms: Rooms

    async def look_after(self, stop: asyncio.Event) -> None:
        """Rooms that the bridge is no longer in are marked; then invitations follow the configuration."""
        if stop.is_set():
            return
        while isinstance(joined := await self.rooms.homeserver.joined_rooms(), Outcome):
            if await _stopped(stop, _PAUSE):
                return
        known, after = set(joined), ""
        while not stop.is_set() and (page := await self._page(after)):
            for bound in page:
                await self._room(bound, known, stop)
            after = page[-1].subject

    async def invite(self, stop: asyncio.Event) -> None:
        """Invitations follow the people as they are now, in all rooms that are in use."""
        after = ""
        while not stop.is_set() and (page := await self._page(after)):
            for bound in page:
                if bound.trouble is None and bound.archived_at is None:
                    await self._people(bound, stop)
            after = page[-1].subject

    async def _page(self, after: str) -> Sequence[BoundRoom]:
        async with self.rooms.store.read() as tx:
            return await rooms.page(tx, after, _PAGE)

    async def _room(self, bound: BoundRoom, joined: set[str], stop: asyncio.Event) -> None:
        if bound.room_id not in joined and bound.trouble is not Trouble.GONE:
            log.warning("room_lost", subject=bound.subject, room=bound.room_id)
            await self.rooms.repair.mark(bound.room_id, Trouble.GONE)
            if bound.kind in {SPACE, SubjectKind.CHANNEL}:
                await self.rooms.bindings.remade(bound)
        elif bound.trouble is None and bound.archived_at is None:
            await self._people(bound, stop)

    async def _people(self, bound: BoundRoom, stop: asyncio.Event) -> None:
        wanted, left = await self._wanted(bound), list(bound.invited)
        missing = [one for one in wanted if one not in left]
        invited = [*left, *[who for who in missing if await self._asked(bound, who, stop)]]
        if self.rooms.config.matrix.remove_people:
            lost = [one for one in left if one not in wanted]
            gone = {who for who in lost if await self._removed(bound, who, stop)}
            invited = [one for one in invited if one not in gone]
        if invited != list(bound.invited):
            async with self.rooms.store.begin() as tx:
                await rooms.set_invited(tx, bound.subject, invited)

    async def _wanted(self, bound: BoundRoom) -> tuple[str, ...]:
        async with self.rooms.store.read() as tx:
            config = as_changed(self.rooms.config, await people.changes(tx))
        if bound.kind == SPACE:
            return everyone(config)
        return members(config, Subject(bound.account, SubjectKind(bound.kind), bound.subject_id))

    async def _asked(self, bound: BoundRoom, who: str, stop: asyncio.Event) -> bool:
        while isinstance(told := await self.rooms.homeserver.invite(bound.room_id, who), Retry):
            if await _gave_up(told, stop):
                return False
        return isinstance(told, Delivered)

    async def _removed(self, bound: BoundRoom, who: str, stop: asyncio.Event) -> bool:
        homeserver = self.rooms.homeserver
        while isinstance(told := await homeserver.kick(bound.room_id, who, _REASON), Retry):
            if await _gave_up(told, stop):
                return False
        return isinstance(told, Delivered)


async def _gave_up(told: Retry, stop: asyncio.Event) -> bool:
    pause = told.after or _PAUSE
    if pause > _PATIENCE:
        log.warning("people_not_asked", reason=told.reason)
        return True
    return await _stopped(stop, pause)


async def _stopped(stop: asyncio.Event, pause: timedelta) -> bool:
    try:
        async with asyncio.timeout(pause.total_seconds()):
            await stop.wait()
    except TimeoutError:
        return False
    return True
