"""A customer is asked to pay in their room: the link works, it is told as paid, and keys stay where they are."""

import pytest_asyncio

from bridge.config.schema import Approval, RoleRights
from bridge.sandbox.seen import RoomEvent

from .conftest import ACCOUNT, ALL, House

SELLING = ("pay", "withdraw", "portal", "balance")


@pytest_asyncio.fixture
async def shop(house: House) -> House:
    """Sam may sell, and nobody must approve that."""
    await house.stop()
    account = house.config.accounts[ACCOUNT]
    mine = {"currency": "eur", "thanks_url": "https://shop.example.com/thanks"}
    roles = {**house.config.roles, "support": RoleRights(verbs=(*ALL, *SELLING))}
    house.config = house.config.model_copy(
        update={
            "accounts": {ACCOUNT: account.model_copy(update=mine)},
            "roles": roles,
            "approvals": (Approval(others=0),),
        }
    )
    await house.start()
    return house


async def ask(house: House, room: str, text: str, *words: str) -> RoomEvent:
    """Sam says it, and says yes to the question; the answer with the words."""
    said = await house.sam.say(room, text)
    await house.answer(room, said, "?")
    said = await house.sam.say(room, "yes", thread=said)
    return await house.answer(room, said, *words)


async def test_a_customer_pays_and_a_second_link_is_withdrawn(shop: House) -> None:
    customer = shop.stripe.happen("payment_fails", currency="eur")["customer"]
    room = shop.room("customer", customer)
    await shop.sam.is_in(room, within=30)
    told = await ask(
        shop, room, "!stripe pay 20 for tea @room https://evil.example <b>", "can be paid"
    )
    (session,) = shop.stripe.world.store.newest_first("checkout.session")
    assert (session["customer"], session["amount_total"]) == (customer, 2000)
    assert told.body.count("https://") == 1
    assert session["url"] in told.body
    assert told.content["m.mentions"] == {}
    assert "<b>" not in told.content["formatted_body"]
    shop.stripe.happen("checkout_is_paid", checkout_session=session["id"])
    paid = await shop.told(room, "Paid: €20.00")
    assert paid.thread == told.thread
    link = await ask(shop, room, "!stripe pay 30 to anyone", "can be paid")
    said = await shop.sam.say(room, "cancel", reply_to=link.event_id)
    question = await shop.answer(room, said, "Withdraw the payment link over €30.00?")
    await shop.sam.react(room, question.event_id, "✅")
    await shop.told(room, "nobody can pay with it any more")
    assert not any(one["active"] for one in shop.stripe.world.store.newest_first("payment_link"))
    times = [one for one in shop.sam.timeline(room) if "Paid: €20.00" in one.body]
    assert len(times) == 1


async def test_the_way_into_the_portal_is_told_in_its_room_alone(shop: House) -> None:
    customer = shop.stripe.happen("payment_fails", currency="eur")["customer"]
    room = shop.room("customer", customer)
    await shop.sam.is_in(room, within=30)
    said = await shop.sam.say(room, "!stripe portal")
    answer = await shop.answer(room, said, "send it to nobody else")
    (session,) = shop.stripe.world.store.newest_first("billing_portal.session")
    assert session["url"] in answer.body
    await shop.stripe.settled()
    (told,) = [one for one in shop.stripe.events() if one["type"].startswith("billing_portal")]
    await shop.handled(told["id"])
    everywhere = [
        event.body
        for name in ("payments", "payments-critical", "escalations")
        for event in shop.sam.timeline(shop.channel(name))
    ]
    assert not [body for body in everywhere if session["url"] in body]
