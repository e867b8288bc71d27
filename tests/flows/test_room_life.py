"""Rooms as they are lived in: renamed, archived, taken away, upgraded, encrypted — and never a loop."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import select

from bridge.sandbox.homeserver import QUICK_PEOPLE, Appservice, Synapse
from bridge.sandbox.matrix_client import PersonError, part
from bridge.sandbox.person import Person
from bridge.sandbox.seen import RoomEvent
from bridge.store.engine import open_store
from bridge.store.tables import outbox
from bridge.store.tables import room as room_table

from .conftest import House, MakeHouse, Way

CLIENT = "/_matrix/client/v3"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def homeserver(
    appservices: list[Appservice], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Synapse]:
    """Where rooms are of an older version: in newer ones nobody can take a room from its creator."""
    registrations = [appservice.registration() for appservice in appservices]
    older = {**QUICK_PEOPLE, "default_room_version": "11"}
    async with Synapse(
        tmp_path_factory.mktemp("older"), registrations=registrations, limits=older
    ) as synapse:
        yield synapse


async def as_bridge(
    house: House, method: str, path: str, body: Mapping[str, Any] | None = None
) -> Any:
    """What the bridge's own user could do, and never would."""
    matrix = house.config.matrix
    token = matrix.as_token or matrix.access_token
    assert token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
    query = {"user_id": matrix.sender} if matrix.as_token else {}
    async with (
        aiohttp.ClientSession(matrix.homeserver, headers=headers) as http,
        http.request(method, CLIENT + path, json=body or {}, params=query) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def hand_over(house: House, room_id: str, bridge: int = 50, **levels: Any) -> None:
    """From now on sam may do everything there, and the bridge only what `bridge` lets it."""
    path = f"/rooms/{part(room_id)}/state/m.room.power_levels/"
    now = await as_bridge(house, "GET", path, None)
    users = {house.sam.user_id: 100, house.config.matrix.sender: bridge}
    await as_bridge(house, "PUT", path, {**now, "users": users, **levels})


async def sam_does(house: House, room_id: str, what: str, **body: Any) -> Any:
    return await house.sam._client.post(f"/rooms/{part(room_id)}/{what}", body)


async def sam_sets(house: House, room_id: str, kind: str, **content: Any) -> str:
    path = f"/rooms/{part(room_id)}/state/{kind}/"
    return str((await house.sam._client.put(path, content))["event_id"])


async def state(house: House, room_id: str, kind: str, key: str = "") -> dict[str, Any]:
    path = f"/rooms/{part(room_id)}/state/{kind}/{part(key)}"
    return await house.sam._client.get(path, {})


async def in_store(house: House, statement: Any) -> list[Any]:
    store = open_store(house.config.store.url.get_secret_value())
    async with store.read() as tx:
        rows = list((await tx.run(statement)).all())
    await store.close()
    return rows


async def bound(house: House, subject: str) -> Any:
    wanted = select(room_table).where(room_table.c.subject == f"acme/{subject}")
    (row,) = await in_store(house, wanted)
    return row


async def failure(house: House, **given: Any) -> tuple[str, RoomEvent]:
    """A failed renewal in its customer's room."""
    given = {"amount": 4900, "currency": "eur", "name": "Grace", **given}
    made = house.stripe.happen("renewal_fails", **given)
    customer = str(made["customer"])
    return customer, await house.told(house.room("customer", customer), "€49.00")


async def next_in(house: House, old: str, *words: str) -> RoomEvent:
    """The bridge's first message with these words in another room than the old one."""

    def says(event: RoomEvent) -> bool:
        elsewhere = event.room_id != old and house.is_ours(event)
        return elsewhere and all(word in event.body for word in words)

    return await house.sam.sees(where=says, within=20, what=f"{words} in another room")


def again(house: House, customer: str) -> None:
    house.stripe.happen("renewal_fails", customer=customer, amount=7700, currency="eur")


async def kicked(house: House, room_id: str, _: Synapse) -> None:
    await hand_over(house, room_id)
    await sam_does(house, room_id, "kick", user_id=house.config.matrix.sender)


async def banned(house: House, room_id: str, _: Synapse) -> None:
    await hand_over(house, room_id)
    await sam_does(house, room_id, "ban", user_id=house.config.matrix.sender)


async def silenced(house: House, room_id: str, _: Synapse) -> None:
    await hand_over(house, room_id, 0, events_default=100)


async def forgotten(house: House, room_id: str, _: Synapse) -> None:
    await as_bridge(house, "POST", f"/rooms/{part(room_id)}/leave")
    await as_bridge(house, "POST", f"/rooms/{part(room_id)}/forget")


async def deleted(house: House, room_id: str, homeserver: Synapse) -> None:
    token = await _admin(homeserver)
    async with (
        aiohttp.ClientSession(homeserver.url, headers={"Authorization": f"Bearer {token}"}) as http,
        http.delete(f"/_synapse/admin/v1/rooms/{part(room_id)}", json={"purge": True}) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def _admin(homeserver: Synapse) -> str:
    url = f"{homeserver.url}/_synapse/admin/v1/register"
    name = f"admin-{hashlib.sha256(str(id(object())).encode()).hexdigest()[:12]}"
    async with aiohttp.ClientSession() as http:
        async with http.get(url) as answer:
            nonce = (await answer.json())["nonce"]
        parts = b"\x00".join(one.encode() for one in (nonce, name, "pass", "admin"))
        mac = hmac.new(homeserver._shared_secret.encode(), parts, hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": "pass", "admin": True, "mac": mac}
        async with http.post(url, json=body) as answer:
            return str((await answer.json())["access_token"])


Loss = Callable[[House, str, Synapse], Awaitable[None]]


@pytest.mark.parametrize("loss", [kicked, banned, silenced, forgotten, deleted])
async def test_a_lost_room_is_made_again(loss: Loss, house: House, homeserver: Synapse) -> None:
    customer, message = await failure(house)
    await loss(house, message.room_id, homeserver)
    again(house, customer)
    line = await next_in(house, message.room_id, "replaces an earlier one")
    fresh = line.room_id
    now = await bound(house, f"customer/{customer}")
    assert (now.room_id, now.trouble) == (fresh, None)
    alias = part(f"#{house.room('customer', customer)}:sandbox.test")
    leads_to = await house.sam._client.get(f"/directory/room/{alias}", {})
    assert leads_to["room_id"] == fresh
    await house.eva.is_in(fresh)
    # People answer there as they did in the old one.
    told = await house.sam.sees(
        room=fresh, where=lambda e: house.is_ours(e) and "77.00" in e.body, within=20
    )
    said = await house.sam.say(fresh, "note all is well", reply_to=told.event_id)
    await house.answer(fresh, said, "Noted")


async def test_a_room_lost_twice_in_an_hour_is_a_dead_letter(
    house: House, homeserver: Synapse
) -> None:
    customer, message = await failure(house)
    await kicked(house, message.room_id, homeserver)
    again(house, customer)
    fresh = (await next_in(house, message.room_id, "replaces")).room_id
    await house.sam.sees(room=fresh, where=lambda e: "77.00" in e.body, within=20)
    await kicked(house, fresh, homeserver)
    again(house, customer)
    lane = f"room:acme/customer/{customer}"
    dead = select(outbox.c.error).where(outbox.c.lane == lane, outbox.c.state == "dead")
    assert await _eventually(house, dead, lambda rows: any("lost again" in r.error for r in rows))


async def _eventually(house: House, statement: Any, enough: Callable[[list[Any]], bool]) -> bool:
    for _ in range(200):
        if enough(await in_store(house, statement)):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_channel_that_was_lost_meanwhile_is_there_again_after_the_start(
    house: House, homeserver: Synapse
) -> None:
    room = house.sam.room(house.channel("payments")).room_id
    await house.stop()
    await forgotten(house, room, homeserver)
    await house.start()
    await next_in(house, room, "replaces an earlier one")
    assert (await bound(house, "channel/payments")).room_id != room


async def test_a_channel_is_made_again_at_once(house: House, homeserver: Synapse) -> None:
    room = house.sam.room(house.channel("payments")).room_id
    await kicked(house, room, homeserver)
    await next_in(house, room, "replaces an earlier one")


async def test_a_bot_hears_of_it_by_its_syncs(make_house: MakeHouse, homeserver: Synapse) -> None:
    async with make_house(Way.TOKEN) as house:
        room = house.sam.room(house.channel("payments")).room_id
        await kicked(house, room, homeserver)
        await next_in(house, room, "replaces an earlier one")
        mine = await house.eva.create_room(name="mine", invite=[house.config.matrix.sender])
        await declined(house, mine)


async def test_a_space_is_made_again_with_its_rooms(house: House, homeserver: Synapse) -> None:
    space = (await bound(house, "space")).room_id
    payments = (await bound(house, "channel/payments")).room_id
    await kicked(house, space, homeserver)
    await house.sam.sees(
        where=lambda e: (
            e.kind == "m.space.child"
            and e.state_key == payments
            and e.room_id != space
            and bool(e.content)
        ),
        within=20,
        what="the channel in a new space",
    )
    assert (await bound(house, "space")).room_id != space


async def declined(house: House, room_id: str) -> None:
    await house.eva.sees(
        room=room_id,
        where=lambda e: (
            e.state_key == house.config.matrix.sender and e.content.get("membership") == "leave"
        ),
        within=20,
        what="the invitation declined",
    )


async def test_an_encrypted_room_hears_of_it_once_and_no_payments(house: House) -> None:
    customer, message = await failure(house)
    room = message.room_id
    await hand_over(house, room)
    await sam_sets(house, room, "m.room.encryption", algorithm="m.megolm.v1.aes-sha2")
    await house.told(room, "encrypted now")
    notice = await house.told(house.channel("payments-critical"), "has no more messages")
    assert "€" not in notice.body
    again(house, customer)
    lane = f"room:acme/customer/{customer}"
    dead = select(outbox.c.error).where(outbox.c.lane == lane, outbox.c.state == "dead")
    assert await _eventually(house, dead, lambda rows: any("encrypted" in r.error for r in rows))
    said = await house.sam.say(room, "!stripe help")
    await house.sam.catches_up(said, room=room)
    ours = [e for e in house.sam.timeline(room) if house.is_ours(e)]
    assert sum("encrypted" in e.body for e in ours) == 1
    assert not any("77.00" in e.body for e in ours)


@pytest.mark.parametrize("version", ["11", "12"])
async def test_an_upgrade_is_followed_once_the_bridge_is_asked_in(
    version: str, house: House
) -> None:
    customer, message = await failure(house)
    await hand_over(house, message.room_id)
    upgraded = await sam_does(house, message.room_id, "upgrade", new_version=version)
    new = upgraded["replacement_room"]
    await house.told(message.room_id, "upgraded", "Invite me there")
    await house.sam.is_in(new)
    await house.sam.invite(new, house.config.matrix.sender)
    await house.told(new, "followed the upgrade")
    again(house, customer)
    told = await house.told(new, "77.00")
    said = await house.sam.say(new, "note still here", reply_to=told.event_id)
    await house.answer(new, said, "Noted")
    assert (await bound(house, f"customer/{customer}")).room_id == new
    # What is said in the old room is said to nobody.
    before = len(refusals(house, message.room_id))
    said = await house.sam.say(message.room_id, "note here?", reply_to=message.event_id)
    await house.sam.catches_up(said, room=message.room_id)
    assert len(refusals(house, message.room_id)) == before


def refusals(house: House, room_id: str) -> list[RoomEvent]:
    return [event for event in house.sam.timeline(room_id) if house.is_ours(event)]


async def test_a_tombstone_that_leads_elsewhere_is_not_followed(house: House) -> None:
    customer, message = await failure(house)
    trap = await house.sam.create_room(name="trap", invite=[house.config.matrix.sender])
    await hand_over(house, message.room_id)
    await sam_sets(house, message.room_id, "m.room.tombstone", body="come", replacement_room=trap)
    await house.sam.sees(
        room=trap,
        where=lambda e: (
            e.state_key == house.config.matrix.sender and e.content.get("membership") == "leave"
        ),
        within=20,
        what="the bridge leaving",
    )
    again(house, customer)
    await house.told(message.room_id, "77.00")


async def test_a_stranger_cannot_ask_the_bridge_into_a_room(house: House) -> None:
    room = await house.eva.create_room(name="mine", invite=[house.config.matrix.sender])
    await declined(house, room)


async def test_a_room_is_called_what_its_customer_is_called(house: House) -> None:
    customer, message = await failure(house)
    house.stripe.happen("billing_details_change", customer=customer, name="Grace Hopper")
    await house.sam.sees(
        room=message.room_id,
        where=lambda e: e.kind == "m.room.name" and e.content["name"] == "Grace Hopper",
        within=20,
        what="the new name",
    )
    assert (await bound(house, f"customer/{customer}")).name == "Grace Hopper"


async def test_a_closed_dispute_is_archived(house: House) -> None:
    made = house.stripe.happen("dispute_opens", amount=7700, currency="eur", name="Mallory")
    message = await house.told(house.room("dispute", made["dispute"]), "77.00")
    house.stripe.happen("dispute_closes", dispute=made["dispute"], outcome="lost")
    await house.sam.sees(
        room=message.room_id,
        where=lambda e: e.kind == "m.room.topic" and e.content["topic"].startswith("Closed: lost."),
        within=20,
        what="the room marked",
    )
    assert (await state(house, message.room_id, "m.room.name"))["name"].startswith("✓ ")
    (space,) = await in_store(house, select(room_table).where(room_table.c.kind == "space"))
    await house.sam.sees(
        room=space.room_id,
        where=lambda e: (
            e.kind == "m.space.child" and e.state_key == message.room_id and e.content == {}
        ),
        within=20,
        what="the room taken out of the space",
    )


async def test_a_disputes_avatar_follows_its_state(house: House) -> None:
    made = house.stripe.happen("dispute_opens", amount=7700, currency="eur", name="Mallory")
    message = await house.told(house.room("dispute", made["dispute"]), "77.00")
    waits = await state(house, message.room_id, "m.room.avatar")
    kept = await _downloaded(house, waits["url"])
    assert kept.startswith(b"\x89PNG")
    assert waits["info"]["size"] == len(kept)
    house.stripe.happen("dispute_closes", dispute=made["dispute"], outcome="lost")
    await house.sam.sees(
        room=message.room_id,
        where=lambda e: e.kind == "m.room.avatar" and e.content["url"] != waits["url"],
        within=20,
        what="another avatar",
    )
    # The same picture has the same address in every room.
    other = house.stripe.happen("dispute_opens", amount=8800, currency="eur", name="Eve")
    fresh = await house.told(house.room("dispute", other["dispute"]), "88.00")
    assert await state(house, fresh.room_id, "m.room.avatar") == waits


async def _downloaded(house: House, mxc: str) -> bytes:
    url = f"/_matrix/client/v1/media/download/{mxc.removeprefix('mxc://')}"
    async with house.sam._http.get(url) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


async def test_the_bridge_and_what_it_makes_have_a_face(house: House) -> None:
    (space,) = await in_store(house, select(room_table).where(room_table.c.kind == "space"))
    payments = house.sam.room(house.channel("payments")).room_id
    critical = house.sam.room(house.channel("payments-critical")).room_id
    faces = [
        (await state(house, one, "m.room.avatar"))["url"]
        for one in (space.room_id, payments, critical)
    ]
    sender = house.config.matrix.sender
    member = await state(house, payments, "m.room.member", sender)
    assert member["displayname"] == "Stripe"
    assert len({*faces, member["avatar_url"]}) == 4


async def test_a_bots_own_name_stays_and_its_rooms_have_avatars(
    make_house: MakeHouse, homeserver: Synapse
) -> None:
    async with make_house(Way.TOKEN) as house:
        payments = house.sam.room(house.channel("payments")).room_id
        assert (await state(house, payments, "m.room.avatar"))["url"].startswith("mxc://")
        own = f"/profile/{part(house.config.matrix.sender)}/displayname"
        await as_bridge(house, "PUT", own, {"displayname": "Our money bot"})
        await house.stop()
        await house.start()
        _, message = await failure(house)
        sender = house.config.matrix.sender
        member = await state(house, message.room_id, "m.room.member", sender)
        assert member["displayname"] == "Our money bot"
        assert member["avatar_url"].startswith("mxc://")


async def test_a_customers_new_name_reaches_the_rooms_of_their_disputes(house: House) -> None:
    made = house.stripe.happen("dispute_opens", amount=7700, currency="eur", name="Mallory")
    message = await house.told(house.room("dispute", made["dispute"]), "77.00")
    house.stripe.happen("billing_details_change", customer=made["customer"], name="Mallory Moore")
    await house.sam.sees(
        room=message.room_id,
        where=lambda e: e.kind == "m.room.name" and e.content["name"] == "Dispute · Mallory Moore",
        within=20,
        what="the new name",
    )
    kept = select(room_table.c.name).where(room_table.c.room_id == message.room_id)
    assert await _eventually(house, kept, lambda rows: rows[0].name == "Dispute · Mallory Moore")


async def test_an_archived_dispute_that_goes_on_has_its_room_again(house: House) -> None:
    made = house.stripe.happen("dispute_opens", amount=7700, currency="eur", name="Mallory")
    message = await house.told(house.room("dispute", made["dispute"]), "77.00")
    waits = await state(house, message.room_id, "m.room.avatar")
    house.stripe.happen("dispute_closes", dispute=made["dispute"], outcome="lost")
    await _named(house, message.room_id, "✓ Dispute · Mallory")
    house.stripe.happen("dispute_is_appealed", dispute=made["dispute"])
    await house.told(message.room_id, "Dispute goes on: appeal")
    await _named(house, message.room_id, "Dispute · Mallory", after="✓ Dispute · Mallory")
    (space,) = await in_store(house, select(room_table).where(room_table.c.kind == "space"))
    await house.sam.sees(
        room=space.room_id,
        where=lambda e: (
            e.kind == "m.space.child"
            and e.state_key == message.room_id
            and e.content.get("via") == ["sandbox.test"]
            and _was_out(house, space.room_id, message.room_id, e)
        ),
        within=20,
        what="the room in the space again",
    )
    topic = (await state(house, message.room_id, "m.room.topic"))["topic"]
    assert not topic.startswith("Closed")
    assert await state(house, message.room_id, "m.room.avatar") == waits
    kept = select(room_table.c.archived_at).where(room_table.c.room_id == message.room_id)
    assert await _eventually(house, kept, lambda rows: rows[0].archived_at is None)


async def _named(house: House, room_id: str, name: str, after: str | None = None) -> None:
    def so(event: RoomEvent) -> bool:
        if event.kind != "m.room.name" or event.content["name"] != name:
            return False
        names = [e for e in house.sam.timeline(room_id) if e.kind == "m.room.name"]
        earlier = [e.content["name"] for e in names[: names.index(event)]]
        return after is None or after in earlier

    await house.sam.sees(room=room_id, where=so, within=20, what=f"the name {name}")


def _was_out(house: House, space: str, room_id: str, event: RoomEvent) -> bool:
    said = [e for e in house.sam.timeline(space) if e.state_key == room_id]
    return any(e.content == {} for e in said[: said.index(event)])


async def test_encryption_that_nobody_heard_of_is_noticed_before_anything_is_said(
    house: House,
) -> None:
    customer, message = await failure(house)
    room = message.room_id
    # What its own user does is no news to the bridge: as if the event had been lost.
    path = f"/rooms/{part(room)}/state/m.room.encryption/"
    await as_bridge(house, "PUT", path, {"algorithm": "m.megolm.v1.aes-sha2"})
    await house.stop()
    await house.start()
    again(house, customer)
    await house.told(room, "encrypted now")
    await house.told(house.channel("payments-critical"), "has no more messages")
    lane = f"room:acme/customer/{customer}"
    dead = select(outbox.c.error).where(outbox.c.lane == lane, outbox.c.state == "dead")
    assert await _eventually(house, dead, lambda rows: any("encrypted" in r.error for r in rows))
    said = await house.sam.say(room, "!stripe help")
    await house.sam.catches_up(said, room=room)
    ours = [e for e in house.sam.timeline(room) if house.is_ours(e)]
    assert sum("encrypted" in e.body for e in ours) == 1
    assert not any("77.00" in e.body for e in ours)


async def test_invitations_follow_the_roles(
    house: House, people: Callable[..., Awaitable[Person]]
) -> None:
    _, message = await failure(house)
    ben = await people("ben")
    await house.stop()
    ours = house.config.people
    one = next(iter(ours.values())).model_copy(update={"matrix": ben.user_id, "roles": ()})
    matrix = house.config.matrix.model_copy(update={"remove_people": True})
    people_now = {"sam": ours["sam"], "ben": one}
    house.config = house.config.model_copy(update={"people": people_now, "matrix": matrix})
    await house.start()
    await ben.is_in(message.room_id, within=20)
    await house.sam.sees(
        room=message.room_id,
        where=lambda e: e.state_key == house.eva.user_id and e.content.get("membership") == "leave",
        within=20,
        what="eva removed",
    )
    with pytest.raises(PersonError):
        await house.eva.say(message.room_id, "hello?")
