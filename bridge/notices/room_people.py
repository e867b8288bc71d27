"""Rooms follow what commands change about people."""

import asyncio
from dataclasses import dataclass, field

from bridge.model.people import Changes
from bridge.notices.room_care import RoomCare
from bridge.store import people


@dataclass
class Following:
    """Invitations follow commands as they follow the configuration: soon, and in every process alike."""

    care: RoomCare
    stop: asyncio.Event
    _known: Changes | None = field(default=None, init=False)

    async def look(self) -> None:
        """Cheap while nothing changes: the rooms are only gone through after a change."""
        async with self.care.rooms.store.read() as tx:
            now = await people.changes(tx)
        known, self._known = self._known, now
        # The first look is that of the start, which goes through all rooms anyway.
        if known is not None and known != now:
            await self.care.invite(self.stop)
