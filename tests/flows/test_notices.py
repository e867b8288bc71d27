"""Stripe's events become messages in the right rooms, once, in order, and nothing of it is lost."""

from typing import Any

import aiohttp

from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.stripe_server import Fault, Manners

from .conftest import House


async def settled(house: House, room: str) -> list[RoomEvent]:
    """The bridge's messages in the room, once everything before a last one is there."""
    await house.stripe.settled()
    said = await house.sam.say(room, "!stripe help")
    await house.answer(room, said, "help")
    return [
        e
        for e in house.sam.timeline(room)
        if house.is_ours(e) and "What you can ask for" not in e.body
    ]


async def test_one_failed_renewal_is_one_message_and_its_thread(house: House) -> None:
    house.stripe.behave(Manners(duplicates=2, hold=True))
    made = house.stripe.happen("renewal_fails", name="Grace", amount=4900, currency="eur")
    house.stripe.behave(Manners())
    house.stripe.release(shuffle=True)
    room = house.room("customer", made["customer"])
    await house.told(room, "failed", "€49.00")
    messages = await settled(house, room)
    roots = [m for m in messages if not m.thread and not m.replaces and "failed" in m.body]
    assert len(roots) == 1
    bodies = [m.body for m in messages if not m.replaces]
    assert len(bodies) == len(set(bodies)), "the same message stands there twice"


async def test_a_restart_finds_the_rooms_again(house: House) -> None:
    made = house.stripe.happen("dispute_opens", name="Mallory", amount=25900, currency="eur")
    room = house.room("dispute", made["dispute"])
    first = await house.told(room, "Dispute opened")
    await house.stripe.settled()
    await house.stop()
    await house.start()
    house.stripe.happen("dispute_closes", dispute=made["dispute"], outcome="won")
    later = await house.told(room, "won")
    assert later.room_id == first.room_id
    assert len([r for r in house.sam.rooms if r.alias and made["dispute"] in r.alias]) == 1


async def test_rooms_are_private_and_people_cannot_change_them(house: House) -> None:
    made = house.stripe.happen(
        "dispute_opens", name="Mallory <b>@room</b>", amount=25900, currency="eur"
    )
    alias = house.room("dispute", made["dispute"])
    await house.told(alias, "Dispute opened")
    room = house.sam.room(alias)
    state = {kind: content for (kind, key), content in room.state.items() if key == ""}
    assert state["m.room.join_rules"] == {"join_rule": "invite"}
    assert state["m.room.guest_access"] == {"guest_access": "forbidden"}
    assert state["m.room.create"]["m.federate"] is False
    assert state["m.room.power_levels"]["users_default"] == 0
    assert state["m.room.power_levels"]["state_default"] == 100
    spaces = [r for r in house.sam.rooms if r.is_space]
    assert [key for (kind, key) in room.state if kind == "m.space.parent"] == [spaces[0].room_id]
    assert room.room_id in {key for (kind, key) in spaces[0].state if kind == "m.space.child"}


async def test_hostile_names_mention_nobody_and_break_nothing(house: House) -> None:
    name = (
        "@room <script>\u202e\u200b\n# [x](http://evil.example) @sam:sandbox.test " + "A" * 10_000
    )
    made = house.stripe.happen("dispute_opens", name=name, amount=100, currency="jpy")
    message = await house.told(house.room("dispute", made["dispute"]), "Dispute opened")
    assert message.content["m.mentions"] == {}
    assert "<script>" not in message.content["formatted_body"]
    assert not set("\u202e\u200b") & set(message.body)
    assert len(message.body) < 5000


async def test_a_thin_event_is_fetched_and_told(house: House) -> None:
    owner = {"Authorization": f"Bearer {house.stripe.owner_key}"}
    async with aiohttp.ClientSession(house.stripe.url, headers=owner) as http:
        path = f"/v1/webhook_endpoints/{house.endpoint['id']}"
        async with http.post(path, data={"disabled": "true"}) as answer:
            assert answer.status == 200
    house.stripe.add_endpoint(house.endpoint["url"], thin=True, secret=house.endpoint["secret"])
    made = house.stripe.happen("dispute_opens", name="Mallory", amount=25900, currency="eur")
    await house.told(house.room("dispute", made["dispute"]), "Dispute opened", "€259.00")
    assert [
        one["path"] for one in house.stripe.requests() if one["path"].startswith("/v2/core/events/")
    ]


async def test_what_stripe_cannot_be_asked_is_told_all_the_same(house: House) -> None:
    house.stripe.fail_next(Fault("error", method="GET", path="/v1/*", times=1000))
    made = house.stripe.happen("dispute_opens", name="Mallory", amount=25900, currency="eur")
    await house.told(house.room("dispute", made["dispute"]), "Dispute opened", within=60)


async def test_an_unknown_type_is_kept_and_counted(house: House) -> None:
    made: Any = house.stripe.happen(
        "event", type="quantum.entangled", object={"id": "qt_1", "object": "quantum"}
    )
    await house.stripe.settled()
    assert made["events"]
    assert [d["state"] for d in house.stripe.deliveries()] == ["delivered"]


async def test_events_that_are_brought_twice_are_told_once(house: House) -> None:
    house.stripe.behave(Manners(duplicates=3))
    made = house.stripe.happen("dispute_opens", name="Mallory", amount=25900, currency="eur")
    room = house.room("dispute", made["dispute"])
    await house.told(room, "Dispute opened")
    roots = [m.body for m in await settled(house, room) if not m.thread and not m.replaces]
    assert len([body for body in roots if "Dispute opened" in body]) == 1
    critical = await settled(house, house.channel("payments-critical"))
    assert len([m for m in critical if not m.replaces]) == 1
