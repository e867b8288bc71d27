import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bridge.sandbox.homeserver import Appservice, HomeserverError, Synapse
from bridge.sandbox.matrix_client import PersonError
from bridge.sandbox.person import Person
from bridge.sandbox.ports import LOOPBACK
from bridge.sandbox.process import ProcessFailed

People = Callable[..., Awaitable[Person]]


async def test_a_registered_person_can_log_in_with_the_password_and_no_other(
    homeserver: Synapse,
) -> None:
    login = await homeserver.register("registered", "right")
    assert login.user_id == f"@registered:{homeserver.server_name}"
    async with await Person.login(homeserver.url, "registered", "right") as person:
        assert person.user_id == login.user_id
    with pytest.raises(PersonError, match="M_FORBIDDEN"):
        await Person.login(homeserver.url, "registered", "wrong")


async def test_a_name_is_registered_once(homeserver: Synapse) -> None:
    await homeserver.register("twice")
    with pytest.raises(HomeserverError, match="M_USER_IN_USE"):
        await homeserver.register("twice")


async def test_what_was_said_outlives_a_restart_and_a_kill(
    homeserver: Synapse, people: People
) -> None:
    sam = await people()
    room = await sam.create_room(name="kept")
    said = await sam.say(room, "before")
    url = homeserver.url
    await homeserver.restart()
    await homeserver.kill()
    assert homeserver.process.pid is None
    await homeserver.start()
    assert homeserver.url == url
    after = await sam.say(room, "after")
    await sam.catches_up(after, room=room)
    assert [event.event_id for event in sam.room(room).messages] == [said, after]


async def test_events_reach_the_appservice_that_is_in_the_room(
    homeserver: Synapse, people: People, appservice: Appservice
) -> None:
    sam = await people()
    sender = f"@{appservice.sender_localpart}:{homeserver.server_name}"
    async with _listening(appservice) as transactions:
        await sam.create_room(invite=[sender])
        async with asyncio.timeout(10):
            authorization, body = await transactions.get()
    assert authorization == f"Bearer {appservice.hs_token}"
    assert sender in {event.get("state_key") for event in body["events"]}


async def test_ordinary_people_meet_synapses_own_limit_of_messages(tmp_path: Path) -> None:
    async with Synapse(tmp_path / "synapse") as usual:
        login = await usual.register("hasty")
        headers = {"Authorization": f"Bearer {login.token}"}
        async with aiohttp.ClientSession(usual.url, headers=headers) as http:
            async with http.post("/_matrix/client/v3/createRoom", json={}) as made:
                room = (await made.json())["room_id"]
            for number in range(100):
                if await _send(http, room, number) == 429:
                    break
    assert 5 <= number <= 20


@pytest.mark.parametrize("path", ["/_matrix/federation/v1/version", "/_matrix/key/v2/server"])
async def test_nobody_can_federate(homeserver: Synapse, path: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(homeserver.url + path) as answer:
        assert answer.status == 404


async def test_a_homeserver_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match=r"Synapse ended with exit code 1.*\n(.*\n)*.*as_token"):
        async with Synapse(tmp_path, registrations=[{"id": "no tokens", "url": None}]):
            pass


async def test_nothing_is_left_running_when_the_block_fails(tmp_path: Path) -> None:
    pid = None
    with pytest.raises(RuntimeError, match="of the block"):
        async with Synapse(tmp_path) as synapse:
            pid = synapse.process.pid
            raise RuntimeError("of the block")
    assert pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def _send(http: aiohttp.ClientSession, room: str, number: int) -> int:
    path = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{number}"
    async with http.put(path, json={"msgtype": "m.text", "body": "again"}) as answer:
        return answer.status


@asynccontextmanager
async def _listening(
    appservice: Appservice,
) -> AsyncIterator[asyncio.Queue[tuple[str, dict[str, list[dict[str, str]]]]]]:
    """A listener where the appservice is registered; what comes is queued."""
    came: asyncio.Queue[tuple[str, dict[str, list[dict[str, str]]]]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        await came.put((request.headers["Authorization"], json.loads(await request.text())))
        return web.json_response({})

    app = web.Application()
    app.router.add_put("/_matrix/app/v1/transactions/{txn}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, appservice.port.number).start()
    try:
        yield came
    finally:
        await runner.cleanup()
