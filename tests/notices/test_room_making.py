"""A room that is found by its alias is used when it is whole, and made anew when nobody finishes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bridge.model.outcome import Delivered, Outcome, Refused, Retry
from bridge.model.ports import Homeserver, RoomMade, RoomSpec
from bridge.notices.room_making import Making

US = "@stripe:sandbox.test"
SPEC = RoomSpec("ada", "Ada", "", ("@sam:sandbox.test", "@eva:sandbox.test"), {}, "!space")
STRANGER = Refused("not in the room", "M_FORBIDDEN")
JOINED: Mapping[str, Any] = {
    "m.room.power_levels": {},
    "m.room.member": {"membership": "join"},
}


@dataclass
class Server:
    """Has one room under the alias already; `rooms` are the states of all rooms by their ids."""

    user_id: str = US
    alias: str | None = "!old"
    rooms: dict[str, Mapping[str, Any]] = field(default_factory=lambda: {"!old": {}})
    invited: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    trouble: Outcome | None = None

    async def create_room(self, spec: RoomSpec) -> RoomMade | Outcome:
        if self.alias:
            return RoomMade(self.alias, found=True)
        self.alias = f"!new{len(self.rooms)}"
        self.rooms[self.alias] = JOINED
        return RoomMade(self.alias)

    async def state(self, room_id: str, kind: str, state_key: str = "") -> Any:
        return self.trouble or self.rooms[room_id].get(kind, STRANGER)

    async def invite(self, room_id: str, user_id: str) -> Outcome:
        self.invited.append(user_id)
        return Delivered()

    async def set_state(
        self, room_id: str, kind: str, content: Mapping[str, Any], state_key: str = ""
    ) -> Outcome:
        self.linked.append(state_key)
        return Delivered()

    async def room_of_alias(self, localpart: str) -> str | None:
        return self.alias

    async def point_alias(self, localpart: str, room_id: str | None) -> Outcome:
        self.alias = room_id
        return Delivered()

    async def leave(self, room_id: str) -> Outcome:
        self.left.append(room_id)
        return Delivered()


@dataclass
class Watch:
    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def making(server: Server, watch: Watch) -> Making:
    homeserver: Homeserver = server  # type: ignore[assignment]  # only what is needed here
    return Making(homeserver, {}, watch)


async def test_a_new_room_is_taken_as_it_is(server: Server, making: Making) -> None:
    server.alias = None
    assert await making.make(SPEC) == RoomMade("!new1")
    assert server.invited == []


async def test_a_whole_room_is_found_again_and_whoever_is_missing_is_asked_in(
    server: Server, making: Making
) -> None:
    server.rooms["!old"] = JOINED
    assert await making.make(SPEC) == RoomMade("!old", found=True)
    assert (server.invited, server.linked) == ([*SPEC.invite], ["!old"])


@pytest.mark.parametrize(
    "half",
    [{}, {"m.room.member": {"membership": "join"}}],
    ids=["only its alias", "nothing but its creator"],
)
async def test_a_room_that_is_being_made_is_waited_for_and_one_that_never_is_gets_replaced(
    half: Mapping[str, Any], server: Server, making: Making, watch: Watch
) -> None:
    server.rooms["!old"] = half
    for _ in range(3):
        assert isinstance(waits := await making.make(SPEC), Retry)
        assert (waits.after, waits.outage) == (timedelta(seconds=1), True)
        watch.at += 6
    watch.at += 6
    assert await making.make(SPEC) == RoomMade("!new1")
    assert server.left == ["!old"]


async def test_a_room_that_gets_whole_in_time_is_used(server: Server, making: Making) -> None:
    assert isinstance(await making.make(SPEC), Retry)
    server.rooms["!old"] = JOINED
    assert await making.make(SPEC) == RoomMade("!old", found=True)


async def test_a_room_that_the_bridge_was_thrown_out_of_is_replaced_at_once(
    server: Server, making: Making
) -> None:
    server.rooms["!old"] = {**JOINED, "m.room.member": {"membership": "ban"}}
    assert await making.make(SPEC) == RoomMade("!new1")


async def test_a_homeserver_that_is_away_decides_nothing(server: Server, making: Making) -> None:
    server.trouble = Retry("away", outage=True)
    assert await making.make(SPEC) == server.trouble
    assert server.alias == "!old"
