import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bridge.sandbox.homeserver import Synapse
from bridge.sandbox.matrix_client import MatrixClient, PersonError
from bridge.sandbox.person import NotSeen, Person
from bridge.sandbox.seen import Room, RoomEvent

People = Callable[..., Awaitable[Person]]


async def _together(*people: Person, name: str = "together") -> str:
    first, *others = people
    room = await first.create_room(name=name, invite=[other.user_id for other in others])
    for other in others:
        await other.is_in(room)
    return room


async def test_what_one_says_the_other_sees_with_its_relations(people: People) -> None:
    sam, eva = await people("sam"), await people("eva")
    room = await _together(sam, eva)
    first = await sam.say(room, "first")
    reply = await sam.say(room, "reply", reply_to=first)
    threaded = await sam.say(room, "threaded", thread=first)
    reply_in_thread = await sam.say(room, "reply in thread", reply_to=threaded, thread=first)
    reaction = await sam.react(room, first, "✅")

    await eva.catches_up(reaction, room=room)
    seen = {event.event_id: event for event in eva.timeline(room)}
    assert (seen[first].body, seen[first].sender, seen[first].mentions) == (
        "first",
        sam.user_id,
        (),
    )
    assert (seen[reply].reply_to, seen[reply].thread) == (first, None)
    assert (seen[threaded].reply_to, seen[threaded].thread) == (None, first)
    assert (seen[reply_in_thread].reply_to, seen[reply_in_thread].thread) == (threaded, first)
    assert (seen[reaction].reacts_to, seen[reaction].reaction) == (first, "✅")
    assert eva.room(room).reactions(first) == [(sam.user_id, "✅")]


async def test_edits_are_shown_in_place_and_redacted_messages_are_not(people: People) -> None:
    sam, eva = await people("sam"), await people("eva")
    room = await _together(sam, eva)
    card = await sam.say(room, "pending")
    answer = await sam.say(room, "in its thread", thread=card)
    await sam.edit(room, card, "paid")
    await sam.edit(room, answer, "better")
    await eva.edit(room, card, "forged")
    slip = await sam.say(room, "a slip")
    gone = await sam.redact(room, slip)

    await eva.catches_up(gone, room=room)
    shown = {event.event_id: event for event in eva.room(room).shown()}
    assert {event_id: event.body for event_id, event in shown.items()} == {
        card: "paid",
        answer: "better",
    }
    assert shown[answer].thread == card


async def test_what_happened_before_and_what_one_sync_could_not_hold_is_there_in_order(
    people: People,
) -> None:
    sam = await people("sam")
    room = await sam.create_room(name="history")
    early = [await sam.say(room, f"early {number}") for number in range(4)]
    heard: list[str] = []

    def hear(_: Room, event: RoomEvent) -> None:
        heard.append(event.event_id)

    # With one event at a time every sync leaves a gap.
    eva = await people("eva", at_once=1, heard=hear)
    await sam.invite(room, eva.user_id)
    await eva.is_in(room)
    late = [await sam.say(room, f"late {number}") for number in range(4)]
    await eva.catches_up(late[-1], room=room)
    assert [event.event_id for event in eva.room(room).messages] == [*early, *late]
    assert heard == [event.event_id for event in eva.timeline(room)]


async def test_a_room_is_found_by_id_alias_and_name(homeserver: Synapse, people: People) -> None:
    sam = await people()
    room = await sam.create_room(name="Ada Lovelace", room_alias_name="ada", topic="a customer")
    found = await sam.is_in(f"#ada:{homeserver.server_name}")
    assert {sam.room(name).room_id for name in (room, "ada", "Ada Lovelace")} == {room}
    assert (found.topic, found.is_space, found.members) == (
        "a customer",
        False,
        {sam.user_id: "join"},
    )


async def test_two_rooms_of_one_name_are_not_confused(people: People) -> None:
    sam = await people()
    await sam.create_room(name="same")
    with pytest.raises(NotSeen, match="more than one room 'same'"):
        for _ in range(2):
            await sam.create_room(name="same")
            sam.room("same")


async def test_a_person_may_choose_to_join(people: People) -> None:
    sam, eva = await people("sam"), await people("eva", accepts_invites=False)
    room = await sam.create_room(name="by choice", invite=[eva.user_id])
    with pytest.raises(NotSeen, match=r"was not in 'by choice', only in: by choice \(invite\)"):
        await eva.is_in("by choice", within=1)
    assert await eva.join("by choice") == room
    await eva.leave(room)
    await sam.sees(
        room=room, where=lambda e: e.state_key == eva.user_id and e.content["membership"] == "leave"
    )


async def test_waiting_ends_with_what_comes_later(people: People) -> None:
    sam, eva = await people("sam"), await people("eva")
    room = await _together(sam, eva)
    waiting = asyncio.create_task(eva.sees(room=room, where=lambda event: event.body == "later"))
    await sam.say(room, "something else")
    said = await sam.say(room, "later")
    assert (await waiting).event_id == said


async def test_what_was_not_seen_is_told_with_what_was(people: People) -> None:
    sam = await people()
    await sam.create_room(name="quiet")
    await sam.say("quiet", "only this")
    with pytest.raises(
        NotSeen, match=r"did not see a refund in quiet. Last there: .*'only this' \(waited 0.5 s\)"
    ):
        await sam.sees(room="quiet", where=lambda event: False, within=0.5, what="a refund")
    with pytest.raises(NotSeen, match="there is no room 'other', only: quiet"):
        await sam.sees(room="other", where=lambda event: True, within=0.1)


async def test_what_the_homeserver_refuses_is_told(people: People) -> None:
    sam, eva = await people("sam"), await people("eva")
    await sam.create_room(name="mine", preset="private_chat")
    with pytest.raises(PersonError, match="403 M_FORBIDDEN") as refusal:
        await eva.join(sam.room("mine").room_id)
    assert (refusal.value.status, refusal.value.code) == (403, "M_FORBIDDEN")


async def test_following_goes_on_after_the_homeserver_was_away(
    homeserver: Synapse, people: People
) -> None:
    sam, eva = await people("sam"), await people("eva")
    room = await _together(sam, eva)
    await homeserver.restart()
    said = await sam.say(room, "back again")
    await eva.catches_up(said, room=room)


async def test_whoever_waits_is_told_that_following_ended(people: People) -> None:
    sam = await people()
    waiting = asyncio.create_task(sam.sees(where=lambda event: event.body == "never", within=30))
    await sam._client.post("/logout", {})
    with pytest.raises(PersonError, match="M_UNKNOWN_TOKEN"):
        await waiting


async def test_a_client_waits_when_asked_and_asks_again_when_the_homeserver_is_away() -> None:
    answers = iter([(429, {}), (502, None), (200, {"next_batch": "s1"})])
    asked = count()

    async def answer(request: web.Request) -> web.Response:
        status, body = next(answers)
        next(asked)
        return web.json_response(body, status=status, headers={"Retry-After": "0"})

    app = web.Application()
    app.router.add_get("/_matrix/client/v3/sync", answer)
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as http:
        assert await MatrixClient("@sam:sandbox.test", http).get("/sync", {}) == {
            "next_batch": "s1"
        }
    assert next(asked) == 3
