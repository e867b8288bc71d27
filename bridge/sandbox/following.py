"""How a person's client follows its rooms: long polls, gaps filled, invitations taken up."""

import asyncio
import json
from collections.abc import Callable
from typing import TypeVar

from bridge.sandbox.matrix_client import MatrixClient, part
from bridge.sandbox.seen import Json, Room, RoomEvent

_LONG_POLL_MS = 25_000
_PAGES = 100

Heard = Callable[[Room, RoomEvent], None]
_T = TypeVar("_T")


class Following:
    """`rooms` is what is known now; `until` waits for what is not yet known.

    `at_once` is how many events of a room one sync may bring; the rest is fetched.
    """

    def __init__(
        self, client: MatrixClient, *, accepts_invites: bool, heard: Heard | None, at_once: int
    ) -> None:
        self.rooms: dict[str, Room] = {}
        self._client = client
        self._filter = json.dumps(
            {"room": {"timeline": {"limit": at_once}}, "presence": {"types": []}}
        )
        self._accepts = accepts_invites
        self._heard = heard
        self._news = asyncio.Condition()
        self._since: str | None = None
        self._trouble: Exception | None = None

    async def run(self) -> None:
        try:
            while True:
                await self._sync()
                await self._wake()
        except Exception as trouble:  # noqa: BLE001 (whoever waits is told)
            self._trouble = trouble
            await self._wake()

    async def until(self, found: Callable[[], _T | None]) -> _T:
        """What `found` finds, asked again after each news."""
        async with self._news:
            while (result := found()) is None:
                if self._trouble:
                    raise self._trouble
                await self._news.wait()
            return result

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _sync(self) -> None:
        query = {"filter": self._filter, "timeout": "0"}
        if self._since:
            query |= {"since": self._since, "timeout": str(_LONG_POLL_MS)}
        answer = await self._client.get("/sync", query)
        rooms = answer.get("rooms", {})
        for room_id, joined in rooms.get("join", {}).items():
            await self._joined(self._room(room_id, "join"), joined)
        for room_id, invited in rooms.get("invite", {}).items():
            await self._invited(self._room(room_id, "invite"), invited)
        for room_id, left in rooms.get("leave", {}).items():
            self._take(self._room(room_id, "leave"), left["timeline"]["events"])
        self._since = answer["next_batch"]

    def _room(self, room_id: str, membership: str) -> Room:
        room = self.rooms.setdefault(room_id, Room(room_id))
        room.membership = membership
        return room

    async def _joined(self, room: Room, joined: Json) -> None:
        room.take_state(joined["state"]["events"])
        timeline = joined["timeline"]
        missing = await self._missing(room, timeline["prev_batch"]) if timeline["limited"] else []
        self._take(room, [*missing, *timeline["events"]])

    async def _missing(self, room: Room, before: str) -> list[Json]:
        """What happened between the last sync and the events that this one had room for."""
        found: list[Json] = []
        page: str | None = before
        for _ in range(_PAGES):
            query = {"dir": "b", "limit": "100", "from": str(page)}
            answer = await self._client.get(f"/rooms/{part(room.room_id)}/messages", query)
            for event in answer["chunk"]:
                if room.knows(event["event_id"]):
                    return found[::-1]
                found.append(event)
            page = answer.get("end")
            if page is None:
                break
        return found[::-1]

    async def _invited(self, room: Room, invited: Json) -> None:
        room.take_state(invited["invite_state"]["events"])
        if self._accepts:
            await self._client.post(f"/join/{part(room.room_id)}", {})

    def _take(self, room: Room, events: list[Json]) -> None:
        for event in room.take_timeline(events):
            if self._heard:
                self._heard(room, event)
