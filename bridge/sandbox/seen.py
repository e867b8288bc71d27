"""What a person's client knows of the rooms: built from what the homeserver sent, and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class RoomEvent:
    room_id: str
    event_id: str
    sender: str
    kind: str
    content: Json
    at: datetime
    state_key: str | None = None

    @property
    def body(self) -> str:
        return str(self.content.get("body", ""))

    @property
    def mentions(self) -> tuple[str, ...]:
        return tuple(self.content.get("m.mentions", {}).get("user_ids", ()))

    @property
    def replaces(self) -> str | None:
        return self._related("m.replace")

    @property
    def thread(self) -> str | None:
        """The first message of the thread it stands in."""
        return self._related("m.thread")

    @property
    def reacts_to(self) -> str | None:
        return self._related("m.annotation")

    @property
    def reaction(self) -> str | None:
        return str(self._relation.get("key")) if self.reacts_to else None

    @property
    def reply_to(self) -> str | None:
        """A thread's own fallback is no reply."""
        if self._relation.get("is_falling_back"):
            return None
        answered: str | None = self._relation.get("m.in_reply_to", {}).get("event_id")
        return answered

    @property
    def _relation(self) -> Json:
        relation: Json = self.content.get("m.relates_to", {})
        return relation

    def _related(self, kind: str) -> str | None:
        relation = self._relation
        return str(relation.get("event_id")) if relation.get("rel_type") == kind else None


@dataclass
class Room:
    room_id: str
    #: `join`, `invite` or `leave`.
    membership: str = "join"
    state: dict[tuple[str, str], Json] = field(default_factory=dict)
    timeline: list[RoomEvent] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return str(self._state("m.room.name").get("name") or self.alias or self.room_id)

    @property
    def alias(self) -> str | None:
        alias: str | None = self._state("m.room.canonical_alias").get("alias")
        return alias

    @property
    def names(self) -> set[str]:
        """Everything it can be called by."""
        local = (self.alias or "").partition(":")[0]
        return {
            self.room_id,
            self.name,
            self.alias or self.room_id,
            local.removeprefix("#") or self.room_id,
        }

    @property
    def topic(self) -> str:
        return str(self._state("m.room.topic").get("topic", ""))

    @property
    def is_space(self) -> bool:
        return self._state("m.room.create").get("type") == "m.space"

    @property
    def members(self) -> dict[str, str]:
        """Everyone's membership by Matrix id."""
        return {
            key: str(content.get("membership"))
            for (kind, key), content in self.state.items()
            if kind == "m.room.member"
        }

    @property
    def messages(self) -> list[RoomEvent]:
        return [event for event in self.timeline if event.kind == "m.room.message"]

    def shown(self) -> list[RoomEvent]:
        """Messages as a client shows them: edits in place, redacted ones gone."""
        edits = self._edits()
        return [
            replace(message, content=_edited(message.content, edits.get(message.event_id)))
            for message in self.messages
            if message.replaces is None and message.content
        ]

    def reactions(self, event_id: str) -> list[tuple[str, str]]:
        """Who reacted to it, and how."""
        return [
            (e.sender, e.reaction) for e in self.timeline if e.reacts_to == event_id and e.reaction
        ]

    def knows(self, event_id: str) -> bool:
        return event_id in self._known

    def take_state(self, events: Iterable[Mapping[str, Any]]) -> None:
        for event in events:
            if event.get("state_key") is not None:
                self.state[event["type"], event["state_key"]] = event["content"]

    def take_timeline(self, events: Iterable[Mapping[str, Any]]) -> list[RoomEvent]:
        """Adds what is new, oldest first, and returns it."""
        fresh = [parsed for event in events if (parsed := self._first_time(event))]
        self.timeline += fresh
        self.take_state(
            {"type": e.kind, "state_key": e.state_key, "content": e.content} for e in fresh
        )
        for event in fresh:
            self._redact(event)
        return fresh

    def _first_time(self, event: Mapping[str, Any]) -> RoomEvent | None:
        if self.knows(event["event_id"]):
            return None
        self._known.add(event["event_id"])
        return _parse(self.room_id, event)

    def _redact(self, event: RoomEvent) -> None:
        if event.kind != "m.room.redaction":
            return
        gone = event.content.get("redacts")
        self.timeline = [replace(e, content={}) if e.event_id == gone else e for e in self.timeline]

    def _edits(self) -> dict[str, Json]:
        """The newest content of each edited message; only its own sender can edit it."""
        senders = {message.event_id: message.sender for message in self.messages}
        return {
            edit.replaces: edit.content.get("m.new_content", {})
            for edit in self.messages
            if edit.replaces and senders.get(edit.replaces) == edit.sender
        }

    def _state(self, kind: str) -> Json:
        return self.state.get((kind, ""), {})


def _parse(room_id: str, event: Mapping[str, Any]) -> RoomEvent:
    content = dict(event.get("content", {}))
    if event["type"] == "m.room.redaction" and "redacts" in event:
        # Up to room version 10 it stands beside the content.
        content.setdefault("redacts", event["redacts"])
    return RoomEvent(
        room_id=room_id,
        event_id=event["event_id"],
        sender=event["sender"],
        kind=event["type"],
        content=content,
        at=datetime.fromtimestamp(event["origin_server_ts"] / 1000, UTC),
        state_key=event.get("state_key"),
    )


def _edited(content: Json, newest: Json | None) -> Json:
    if newest is None:
        return content
    # The relation to its thread is the first version's and stays.
    kept = {"m.relates_to": content["m.relates_to"]} if "m.relates_to" in content else {}
    return {**newest, **kept}
