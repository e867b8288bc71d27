"""Bot mode: what the homeserver tells an ordinary account, by one sync after the other.

Where the next sync begins is saved with what this one brought, or not at all: a store that is away,
a fault of ours or a SIGKILL only means that the same things are asked for again.
"""

import asyncio
import hashlib
import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bridge.edges.matrix_client import MatrixClient, part, with_query
from bridge.edges.matrix_events import chat_messages, room_changes
from bridge.model.clock import Clock
from bridge.model.event import Json
from bridge.model.outcome import Outcome, Refused, Retry
from bridge.model.ports import RoomChange, RoomFate, Told

log = structlog.get_logger(__name__)

Accept = Callable[[Told], Awaitable[None]]

_LONG_POLL = timedelta(seconds=25)
_SLACK = timedelta(seconds=20)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=2)
_PAGE = 100
_KINDS = [
    "m.room.message",
    "m.reaction",
    "m.room.member",
    "m.room.tombstone",
    "m.room.encryption",
    "m.room.redaction",
]


class _Trouble(Exception):
    def __init__(self, outcome: Retry) -> None:
        self.outcome = outcome


@dataclass
class MatrixSync:
    """`since` is where an earlier process had come to; `accept` returns once all is committed."""

    client: MatrixClient
    since: Callable[[], Awaitable[str | None]]
    accept: Accept
    clock: Clock
    jitter: Callable[[], float] = random.random
    #: How many pages of a room's gap are fetched, of 100 events each.
    most_pages: int = 50
    _at: str | None = None
    _loaded: bool = False
    _started_at: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; whatever goes wrong is waited for, and nothing is skipped for it."""
        self._started_at = self.clock.now()
        fails = 0
        while not stop.is_set():
            trouble = await self._turn(stop)
            fails = fails + 1 if trouble else 0
            if trouble:
                pause = self._pause(trouble, fails)
                log.warning("sync_failed", reason=trouble.reason, again_in=pause.total_seconds())
                await _rest(stop, pause)

    async def _turn(self, stop: asyncio.Event) -> Retry | None:
        try:
            if not self._loaded:
                self._at, self._loaded = await self.since(), True
            told = await _unless(stop, self._ask())
            if told is None:
                return None
            await self.accept(told)
        except _Trouble as trouble:
            return trouble.outcome
        except Exception as odd:  # the batch is asked for again: what fails now may work then
            log.exception("sync_not_taken")
            return Retry(f"{type(odd).__name__}: what the sync brought was not taken")
        idle = told.since == self._at and not told.said and not told.changes
        self._at = told.since
        # A homeserver answers an empty long poll late; one that does not must not be asked in a circle.
        return Retry("The homeserver answers at once and tells nothing.") if idle else None

    async def _ask(self) -> Told:
        query = {"timeout": str(int(_LONG_POLL.total_seconds() * 1000)), "filter": self._filter()}
        if self._at:
            query["since"] = self._at
        else:
            query["timeout"] = "0"
        patience = (_LONG_POLL + _SLACK).total_seconds()
        answer = await self.client.ask("GET", with_query("/sync", query), timeout=patience)
        if isinstance(answer, Refused) and self._at:
            # Its position means nothing to the homeserver any more (it was reset, or moved).
            log.error("sync_position_lost", reason=answer.reason)
            self._at = None
            raise _Trouble(Retry(answer.reason))
        if isinstance(answer, Outcome):
            raise _Trouble(_as_retry(answer))
        return await self._told(answer)

    async def _told(self, answer: Json) -> Told:
        position = answer.get("next_batch")
        if not isinstance(position, str) or not position:
            raise _Trouble(Retry("The homeserver's answer to the sync has no `next_batch`."))
        rooms = _mapping(answer.get("rooms"))
        events: list[Json] = []
        for room_id, room in [*_rooms(rooms, "join"), *_rooms(rooms, "leave")]:
            events += await self._timeline(room_id, _mapping(room.get("timeline")))
        own = self.client.user_id
        said = chat_messages(events, own=own)
        if self._at is None and self._started_at:
            # The very first look: what was said before the bridge was there is not for it.
            said = (one for one in said if one.sent_at >= self._started_at)
        changes = [*room_changes(events, own=own), *_invites(rooms, own, position)]
        return Told(tuple(said), tuple(changes), since=position)

    async def _timeline(self, room_id: str, timeline: Mapping[str, Any]) -> list[Json]:
        events = _events(room_id, timeline.get("events"))
        start = timeline.get("prev_batch")
        if timeline.get("limited") is not True or not self._at or not isinstance(start, str):
            return events
        return [*await self._gap(room_id, start, self._at), *events]

    async def _gap(self, room_id: str, start: str, until: str) -> list[Json]:
        """What happened between the last sync and the part of the timeline that this one showed."""
        missed: list[Json] = []
        for _ in range(self.most_pages):
            query = {"dir": "b", "from": start, "to": until, "limit": str(_PAGE)}
            query["filter"] = json.dumps(self._wanted())
            path = with_query(f"/rooms/{part(room_id)}/messages", query)
            answer = await self.client.ask("GET", path)
            if isinstance(answer, Refused):
                log.warning("gap_unreadable", room=room_id, reason=answer.reason)
                return missed
            if isinstance(answer, Outcome):
                raise _Trouble(_as_retry(answer))
            missed = [*reversed(_events(room_id, answer.get("chunk"))), *missed]
            end = answer.get("end")
            if not isinstance(end, str) or end in {start, until}:
                return missed
            start = end
        log.error("gap_cut", room=room_id, events=len(missed), advice="older messages are not read")
        return missed

    def _wanted(self) -> Json:
        return {"types": _KINDS, "not_senders": [self.client.user_id], "limit": _PAGE}

    def _filter(self) -> str:
        nothing: Json = {"types": []}
        room = {
            "timeline": self._wanted(),
            "state": nothing,
            "ephemeral": nothing,
            "account_data": nothing,
        }
        return json.dumps({"room": room, "presence": nothing, "account_data": nothing})

    def _pause(self, trouble: Retry, fails: int) -> timedelta:
        if trouble.after:
            return trouble.after
        doubled = min(_FIRST_PAUSE * float(1 << min(fails - 1, 20)), _LONGEST_PAUSE)
        return doubled * (1 - self.jitter() / 5)


async def _unless(stop: asyncio.Event, asking: Awaitable[Told]) -> Told | None:
    """None if it is time to stop before the answer has come."""
    task, stopping = asyncio.ensure_future(asking), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        for one in (task, stopping):
            one.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)


async def _rest(stop: asyncio.Event, pause: timedelta) -> None:
    await asyncio.wait(
        [waiting := asyncio.ensure_future(stop.wait())], timeout=pause.total_seconds()
    )
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


def _invites(rooms: Mapping[str, Any], own: str, position: str) -> Iterator[RoomChange]:
    """What an invited account is shown of a room has no event ids: the sync that brought it stands in."""
    for room_id, room in _rooms(rooms, "invite"):
        stripped = _mapping(room.get("invite_state")).get("events")
        once = hashlib.sha256(f"{room_id} {position}".encode(errors="replace")).hexdigest()
        events = [{**event, "event_id": once} for event in _events(room_id, stripped)]
        found = room_changes(events, own=own)
        yield from (change for change in found if change.what is RoomFate.INVITED)


def _rooms(rooms: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for room_id, room in _mapping(rooms.get(kind)).items():
        yield str(room_id), _mapping(room)


def _events(room_id: str, events: object) -> list[Json]:
    """In a sync the events do not say which room they are of."""
    found = events if isinstance(events, list) else []
    return [{**event, "room_id": room_id} for event in found if isinstance(event, dict)]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _as_retry(outcome: Outcome) -> Retry:
    return outcome if isinstance(outcome, Retry) else Retry(getattr(outcome, "reason", ""))
