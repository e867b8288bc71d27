"""A person with a Matrix client of their own, who reads and writes rooms as people do.

It shares no code with the bridge, so that what a person sees is proof of what people see.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp

from bridge.model.errors import BridgeError
from bridge.sandbox.following import Following, Heard
from bridge.sandbox.matrix_client import MatrixClient, log_in, part
from bridge.sandbox.seen import Json, Room, RoomEvent

Where = Callable[[RoomEvent], bool]


class NotSeen(BridgeError):
    """What should have come into sight did not; the sentence tells what was there instead."""


class Person:
    """Follows all their rooms while entered. `heard` is called with each event once, in order.

    A room is named by its id, its alias (`#name:server`, or `name` alone) or its name.
    """

    def __init__(
        self,
        homeserver: str,
        user_id: str,
        token: str,
        *,
        accepts_invites: bool = True,
        heard: Heard | None = None,
        at_once: int = 50,
    ) -> None:
        self.user_id = user_id
        headers = {"Authorization": f"Bearer {token}"}
        self._http = aiohttp.ClientSession(homeserver, headers=headers)
        self._client = MatrixClient(user_id, self._http)
        self._following = Following(
            self._client, accepts_invites=accepts_invites, heard=heard, at_once=at_once
        )
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def login(cls, homeserver: str, name: str, password: str, **options: Any) -> Self:
        """`options` are those of the class."""
        return cls(homeserver, *await log_in(homeserver, name, password), **options)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._following.run(), name=f"sync of {self.user_id}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._http.close()

    # What they do.

    async def say(
        self, room: str, text: str, *, reply_to: str | None = None, thread: str | None = None
    ) -> str:
        """Returns the message's event id, as the other verbs do."""
        return await self.send(
            room, "m.room.message", {**_text(text), **_relation(reply_to, thread)}
        )

    async def react(self, room: str, event_id: str, key: str) -> str:
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return await self.send(room, "m.reaction", {"m.relates_to": relation})

    async def edit(self, room: str, event_id: str, text: str) -> str:
        relation = {"rel_type": "m.replace", "event_id": event_id}
        content = {**_text(f"* {text}"), "m.new_content": _text(text), "m.relates_to": relation}
        return await self.send(room, "m.room.message", content)

    async def send(self, room: str, kind: str, content: Mapping[str, Any]) -> str:
        path = f"{self._path(room)}/send/{kind}/{uuid4().hex}"
        return str((await self._client.put(path, content))["event_id"])

    async def upload(self, content: bytes, name: str) -> str:
        """To the homeserver; returns its address (`mxc://…`)."""
        return await self._client.upload(content, name)

    async def drop(
        self,
        room: str,
        content: bytes,
        name: str,
        *,
        caption: str = "",
        kind: str = "m.file",
        reply_to: str | None = None,
        thread: str | None = None,
    ) -> str:
        """A file, as clients send one: without a caption, `body` is its name as well."""
        said = {
            "msgtype": kind,
            "body": caption or name,
            "filename": name,
            "url": await self.upload(content, name),
            "info": {"size": len(content), "mimetype": "application/pdf"},
            "m.mentions": {},
        }
        return await self.send(room, "m.room.message", {**said, **_relation(reply_to, thread)})

    async def redact(self, room: str, event_id: str) -> str:
        path = f"{self._path(room)}/redact/{part(event_id)}/{uuid4().hex}"
        return str((await self._client.put(path, {}))["event_id"])

    async def create_room(self, **what: Any) -> str:
        """`what` is the body of the client API's createRoom; returns the room's id, once in sight."""
        room_id = str((await self._client.post("/createRoom", what))["room_id"])
        for kind in [f"m.room.{word}" for word in ("name", "topic") if word in what]:
            await self.sees(room=room_id, where=partial(_is_of, kind))
        return (await self.is_in(room_id)).room_id

    async def join(self, room: str) -> str:
        """By invitation, id or alias; returns the room's id, once in sight."""
        found = self._find(room)
        joined = await self._client.post(f"/join/{part(found.room_id if found else room)}", {})
        return (await self.is_in(str(joined["room_id"]))).room_id

    async def invite(self, room: str, user_id: str) -> None:
        await self._client.post(f"{self._path(room)}/invite", {"user_id": user_id})

    async def leave(self, room: str) -> None:
        await self._client.post(f"{self._path(room)}/leave", {})

    # What they see.

    @property
    def rooms(self) -> list[Room]:
        return list(self._following.rooms.values())

    def room(self, room: str) -> Room:
        """Raises `NotSeen` when there is no such room for this person, or more than one."""
        found = self._find(room)
        if found is None:
            raise NotSeen(f"{self.user_id} knows no room {room!r}, only: {self._room_names()}")
        return found

    def timeline(self, room: str) -> list[RoomEvent]:
        return list(self.room(room).timeline)

    async def is_in(self, room: str, *, within: float = 10) -> Room:
        """Until they have joined it and it is in sight."""

        def joined() -> Room | None:
            found = self._find(room)
            return found if found and found.membership == "join" else None

        async with self._within(
            within, lambda: f"was not in {room!r}, only in: {self._room_names()}"
        ):
            return await self._following.until(joined)

    async def sees(
        self,
        *,
        where: Where,
        room: str | None = None,
        within: float = 10,
        what: str = "what was awaited",
    ) -> RoomEvent:
        """The first event of which `where` is true, past or to come, in that room or in any.

        Raises `NotSeen` after `within` seconds; `what` stands in its sentence.
        """

        def found() -> RoomEvent | None:
            return next((event for event in self._events(room) if where(event)), None)

        async with self._within(within, lambda: self._unseen(what, room)):
            return await self._following.until(found)

    async def catches_up(self, event_id: str, *, room: str, within: float = 10) -> None:
        """Until that event is in sight: what is not in sight then did not come before it."""
        await self.sees(
            where=lambda event: event.event_id == event_id, room=room, within=within, what=event_id
        )

    @contextlib.asynccontextmanager
    async def _within(self, seconds: float, unseen: Callable[[], str]) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise NotSeen(f"{self.user_id} {unseen()} (waited {seconds:g} s)") from None

    def _path(self, room: str) -> str:
        return f"/rooms/{part(self.room(room).room_id)}"

    def _events(self, room: str | None) -> list[RoomEvent]:
        if room is None:
            return [event for known in self.rooms for event in known.timeline]
        found = self._find(room)
        return found.timeline if found else []

    def _find(self, room: str) -> Room | None:
        found = [known for known in self.rooms if room in known.names]
        if len(found) > 1:
            ids = ", ".join(known.room_id for known in found)
            raise NotSeen(f"{self.user_id} knows more than one room {room!r}: {ids}")
        return found[0] if found else None

    def _room_names(self) -> str:
        return (
            ", ".join(sorted(f"{room.name} ({room.membership})" for room in self.rooms)) or "none"
        )

    def _unseen(self, what: str, room: str | None) -> str:
        if room is not None and self._find(room) is None:
            return f"did not see {what}: there is no room {room!r}, only: {self._room_names()}"
        said = [
            f"{event.sender}: {event.body[:160]!r}" for event in self._events(room) if event.body
        ]
        return f"did not see {what} in {room or 'any room'}. Last there: {'; '.join(said[-5:]) or 'nothing'}"


def _is_of(kind: str, event: RoomEvent) -> bool:
    return event.kind == kind


def _text(text: str) -> Json:
    return {"msgtype": "m.text", "body": text, "m.mentions": {}}


def _relation(reply_to: str | None, thread: str | None) -> Json:
    if not reply_to and not thread:
        return {}
    relation: Json = {"m.in_reply_to": {"event_id": reply_to or thread}}
    if thread:
        relation |= {"rel_type": "m.thread", "event_id": thread, "is_falling_back": not reply_to}
    return {"m.relates_to": relation}
