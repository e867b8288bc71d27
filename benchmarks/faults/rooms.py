"""What an outside Matrix user finds in the rooms afterwards: read with a plain client, and nothing else."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiohttp

from bridge.sandbox.homeserver import Login
from bridge.sandbox.matrix_client import MatrixClient, PersonError, part
from bridge.sandbox.seen import Json, Room, RoomEvent

#: `24 Nov 2026, 10:23 – Payment failed: €100.01, declined` tells the words and the amount.
_TOLD = re.compile(r"([^\W\d_]+(?: [^\W\d_]+)*): (€[\d,]+\.\d\d)")
_EVERYTHING = json.dumps({"room": {"timeline": {"limit": 1}}, "presence": {"types": []}})
_LOUD = "🚨"
_Told = tuple[str, str]


@dataclass(frozen=True)
class Thread:
    """A message that is no answer and no edit, with all that came to it later, in order.

    `versions` are its own first lines, one an edit; `lines` is what its thread says, one a message,
    without what is said `aloud` because it must interrupt.
    """

    amount: str
    versions: list[str]
    lines: list[list[_Told]] = field(default_factory=list)
    aloud: list[_Told] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return self.versions[-1]


@dataclass(frozen=True)
class View:
    """One room as it is seen; `deliveries` are the ids in the bridge's own key of each message."""

    name: str
    called: str
    threads: list[Thread]
    deliveries: list[str]


async def read_rooms(homeserver: str, login: Login) -> list[Room]:
    """Everything that stands in the rooms this person is in or is asked into, read anew."""
    headers = {"Authorization": f"Bearer {login.token}"}
    async with aiohttp.ClientSession(homeserver, headers=headers) as http:
        client = MatrixClient(login.user_id, http)
        synced = await client.get("/sync", {"filter": _EVERYTHING, "timeout": "0"})
        invited = synced.get("rooms", {}).get("invite", {})
        shut = [shut for one in invited.items() if (shut := await _shut(client, *one))]
        joined = (await client.get("/joined_rooms", {}))["joined_rooms"]
        return [*shut, *[await _read(client, room_id) for room_id in joined]]


async def _shut(client: MatrixClient, room_id: str, invitation: Json) -> Room | None:
    """Takes up the invitation. A room that cannot be entered is one that was made and left."""
    try:
        await client.post(f"/join/{part(room_id)}", {})
    except PersonError:
        room = Room(room_id, membership="invite")
        room.take_state(invitation["invite_state"]["events"])
        return room
    return None


async def _read(client: MatrixClient, room_id: str) -> Room:
    """Its whole history, in which its state came about, too."""
    room, path = Room(room_id), f"/rooms/{part(room_id)}"
    found: list[Json] = []
    query = {"dir": "b", "limit": "100"}
    while True:
        page = await client.get(f"{path}/messages", query)
        found += page["chunk"]
        if "end" not in page:
            break
        query["from"] = page["end"]
    room.take_timeline(reversed(found))
    return room


def view_of(room: Room, sender: str) -> View:
    """What `sender` said in it. A room is named by its alias; one that was made twice has none."""
    alias = (room.alias or "").partition(":")[0].removeprefix("#")
    told = [event for event in room.messages if event.sender == sender]
    deliveries = [one for event in told for one in _deliveries(event.content)]
    return View(alias or room.name, room.name, list(_threads(told)), deliveries)


def _threads(told: list[RoomEvent]) -> Iterator[Thread]:
    edits, answers = defaultdict(list), defaultdict(list)
    for event in told:
        if event.replaces:
            edits[event.replaces].append(event.content.get("m.new_content", {}).get("body", ""))
        elif event.thread:
            answers[event.thread].append(event.body)
    for event in told:
        if event.replaces or event.thread or not (first := _first(event.body)):
            continue
        said = answers[event.event_id]
        versions = [_first(body) for body in (event.body, *edits[event.event_id])]
        yield Thread(
            amount=first[1],
            versions=[version[0] for version in versions if version],
            lines=[_told(body) for body in said if not body.startswith(_LOUD)],
            aloud=[one for body in said if body.startswith(_LOUD) and (one := _first(body))],
        )


def _first(body: str) -> _Told | None:
    return next(iter(_told(body.partition("\n")[0])), None)


def _told(text: str) -> list[_Told]:
    return [(found[1].strip(), found[2]) for found in _TOLD.finditer(text)]


def _deliveries(content: Json) -> Iterator[str]:
    """The id in the bridge's own key, under whatever name."""
    for value in content.values():
        if isinstance(value, dict) and isinstance(value.get("delivery"), str):
            yield value["delivery"]
