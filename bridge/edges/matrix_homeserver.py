"""The homeserver's rooms, as the bridge's own user, in either mode."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any
from urllib.parse import quote

from nio import RoomPreset

from bridge.edges.matrix_client import MatrixClient, part, with_query
from bridge.edges.matrix_content import delivery_of
from bridge.model.event import Json
from bridge.model.outcome import Delivered, Outcome, Refused, Retry
from bridge.model.ports import RoomMade, RoomSpec

_ABSENT = "M_NOT_FOUND"
#: From this room version on.
_CREATORS_REIGN = 12
#: A day, as Synapse forgets them, less what clocks and its own pauses may differ.
_MEMORY = timedelta(hours=20)
_SKEW = timedelta(minutes=10)
_ADDRESS = re.compile(r"mxc://[^/\s]{1,100}/[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True)
class MatrixHomeserver:
    """Implements the `Homeserver` port."""

    client: MatrixClient
    federate: bool
    history: str

    @property
    def user_id(self) -> str:
        return self.client.user_id

    @property
    def memory(self) -> timedelta:
        return _MEMORY if self.client.has_device else timedelta(0)

    async def create_room(self, spec: RoomSpec) -> RoomMade | Outcome:
        answer = await self.client.call(
            self.client.nio.room_create(
                alias=spec.alias_localpart,
                name=spec.name,
                topic=spec.topic,
                invite=spec.invite,
                federate=self.federate,
                preset=RoomPreset.private_chat,
                space=spec.is_space,
                initial_state=self._initial_state(spec),
                power_level_override=_power(spec),
            )
        )
        if isinstance(answer, Delivered):
            made = answer.ref or ""
            if spec.space:
                # A missing link costs only the order in people's lists.
                await self.set_state(spec.space, "m.space.child", self._child(), made)
            return RoomMade(made)
        if isinstance(answer, Refused) and _is_taken(answer):
            return await self._found(spec.alias_localpart)
        return answer

    async def invite(self, room_id: str, user_id: str) -> Outcome:
        answer = await self.client.call(self.client.nio.room_invite(room_id, user_id))
        already = isinstance(answer, Refused) and "already in the room" in answer.reason
        return Delivered() if already else answer

    async def send(
        self, room_id: str, txn_id: str, content: Mapping[str, Any], kind: str = "m.room.message"
    ) -> Outcome:
        return await self.client.call(
            self.client.nio.room_send(room_id, kind, dict(content), tx_id=txn_id)
        )

    async def upload(self, data: bytes, content_type: str, filename: str) -> str | Outcome:
        answer = await self.client.upload(data, content_type, filename)
        if isinstance(answer, Outcome):
            return answer
        address = answer.get("content_uri")
        if isinstance(address, str) and _ADDRESS.fullmatch(address):
            return address
        return Retry("The homeserver's answer to the upload has no address.")

    async def profile(self) -> Json | Outcome:
        return await self.client.ask("GET", f"/profile/{part(self.user_id)}")

    async def set_profile(self, field: str, value: str) -> Outcome:
        path = f"/profile/{part(self.user_id)}/{part(field)}"
        return _done(await self.client.ask("PUT", path, {field: value}))

    async def joined_rooms(self) -> list[str] | Outcome:
        answer = await self.client.ask("GET", "/joined_rooms")
        if isinstance(answer, Outcome):
            return answer
        rooms = answer.get("joined_rooms")
        if not isinstance(rooms, list):
            return Retry("The homeserver's list of joined rooms cannot be read.", outage=True)
        return [room for room in rooms if isinstance(room, str)]

    async def set_state(
        self, room_id: str, kind: str, content: Mapping[str, Any], state_key: str = ""
    ) -> Outcome:
        path = f"{_room(room_id)}/state/{part(kind)}/{part(state_key)}"
        return _done(await self.client.ask("PUT", path, content))

    async def state(self, room_id: str, kind: str, state_key: str = "") -> Json | Outcome:
        return await self.client.ask(
            "GET", f"{_room(room_id)}/state/{part(kind)}/{part(state_key)}"
        )

    async def creators(self, room_id: str) -> tuple[str, ...] | Outcome:
        path = f"{_room(room_id)}/state/m.room.create/?format=event"
        event = await self.client.ask("GET", path)
        if isinstance(event, Outcome):
            return event
        content = event.get("content")
        content = content if isinstance(content, dict) else {}
        version, others = str(content.get("room_version", "1")), content.get("additional_creators")
        if not version.isdecimal() or int(version) < _CREATORS_REIGN:
            return ()
        named = others if isinstance(others, list) else []
        return (str(event.get("sender")), *(str(one) for one in named))

    async def has_event(self, room_id: str, event_id: str) -> bool | Outcome:
        answer = await self.client.ask("GET", f"{_room(room_id)}/event/{part(event_id)}")
        if isinstance(answer, Refused) and answer.code == _ABSENT:
            return False
        return answer if isinstance(answer, Outcome) else True

    async def said(self, room_id: str, txn_id: str, since: datetime) -> str | Outcome | None:
        earliest, token = (since - _SKEW).timestamp() * 1000, ""
        while True:
            page = await self._earlier(room_id, token)
            if isinstance(page, Outcome):
                return page
            events = [one for one in page.get("chunk") or () if isinstance(one, dict)]
            if found := next((one for one in events if delivery_of(one) == txn_id), None):
                return str(found.get("event_id"))
            before, token = token, str(page.get("end") or "")
            if token in {"", before} or any(_sent_at(one) < earliest for one in events):
                return None

    async def _earlier(self, room_id: str, token: str) -> Json | Outcome:
        """A page of what we said ourselves, from the newest on."""
        ours = json.dumps({"types": ["m.room.message"], "senders": [self.user_id]})
        query = {"dir": "b", "limit": "100", "filter": ours}
        if token:
            query["from"] = token
        return await self.client.ask("GET", with_query(f"{_room(room_id)}/messages", query))

    async def join(self, room_id: str, via: str | None = None) -> Outcome:
        servers = {"via": via, "server_name": via} if via else {}
        return _done(
            await self.client.ask("POST", with_query(f"/join/{part(room_id)}", servers), {})
        )

    async def leave(self, room_id: str) -> Outcome:
        return _done(await self.client.ask("POST", f"{_room(room_id)}/leave", {}))

    async def kick(self, room_id: str, user_id: str, reason: str) -> Outcome:
        body = {"user_id": user_id, "reason": reason}
        answer = await self.client.ask("POST", f"{_room(room_id)}/kick", body)
        gone = isinstance(answer, Refused) and "not in the room" in answer.reason
        return Delivered() if gone else _done(answer)

    async def room_of_alias(self, localpart: str) -> str | Outcome | None:
        answer = await self.client.ask("GET", self._alias(localpart))
        if isinstance(answer, Refused) and answer.code == _ABSENT:
            return None
        return answer if isinstance(answer, Outcome) else str(answer.get("room_id"))

    async def point_alias(self, localpart: str, room_id: str | None) -> Outcome:
        now = await self.room_of_alias(localpart)
        if isinstance(now, Outcome) or now == room_id:
            return now if isinstance(now, Outcome) else Delivered()
        if now is not None:
            gone = await self.client.ask("DELETE", self._alias(localpart))
            if isinstance(gone, Outcome) and not _is_absent(gone):
                return gone
        if room_id is None:
            return Delivered()
        return _done(await self.client.ask("PUT", self._alias(localpart), {"room_id": room_id}))

    async def _found(self, localpart: str) -> RoomMade | Outcome:
        found = await self.room_of_alias(localpart)
        if isinstance(found, Outcome):
            return found
        if found is None:
            return Retry("The room's alias is taken but leads nowhere.")
        return RoomMade(found, found=True)

    def _alias(self, localpart: str) -> str:
        return f"/directory/room/{part(f'#{localpart}:{self.client.server_name}')}"

    def _child(self) -> dict[str, Any]:
        return {"via": [self.client.server_name]}

    def _initial_state(self, spec: RoomSpec) -> list[dict[str, Any]]:
        state = [
            {"type": "m.room.history_visibility", "content": {"history_visibility": self.history}},
            {"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}},
            {"type": "m.room.join_rules", "content": {"join_rule": "invite"}},
        ]
        if spec.avatar:
            state.append({"type": "m.room.avatar", "content": dict(spec.avatar)})
        if spec.space:
            parent = {**self._child(), "canonical": True}
            state.append({"type": "m.space.parent", "state_key": spec.space, "content": parent})
        return state


def permalink(room_id: str, event_id: str | None, server_name: str) -> str:
    """A link that any Matrix client opens."""
    path = quote(room_id) + (f"/{quote(event_id)}" if event_id else "")
    return f"https://matrix.to/#/{path}?via={quote(server_name)}"


def _power(spec: RoomSpec) -> dict[str, Any]:
    """People talk; only the bridge changes the room. Its own power is not named: newer rooms forbid that."""
    return {
        "events_default": 50 if spec.is_space else 0,
        "state_default": 100,
        "invite": 50,
        "kick": 50,
        "ban": 50,
        "redact": 50,
        **spec.power,
    }


def _room(room_id: str) -> str:
    return f"/rooms/{part(room_id)}"


def _sent_at(event: Json) -> float:
    """In milliseconds; what does not say it may be of any time."""
    at = event.get("origin_server_ts")
    return float(at) if isinstance(at, int) else inf


def _done(answer: Json | Outcome) -> Outcome:
    return answer if isinstance(answer, Outcome) else Delivered()


def _is_taken(refused: Refused) -> bool:
    """Synapse has another answer for an alias that was taken while it was making the room."""
    return refused.code == "M_ROOM_IN_USE" or "already exists" in refused.reason


def _is_absent(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.code == _ABSENT
