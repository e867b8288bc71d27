"""Bills and subscriptions as people deal with them in a customer's room, on a real homeserver."""

from typing import Any

import pytest_asyncio

from bridge.config.schema import Approval, RoleRights
from bridge.sandbox.seen import RoomEvent

from .conftest import House

BILLING = ("retry", "invoice", "subscription")


@pytest_asyncio.fixture
async def billing(house: House) -> House:
    """A house where sam may bill customers without asking anybody."""
    await house.stop()
    house.config = house.config.model_copy(
        update={
            "roles": {**house.config.roles, "support": RoleRights(verbs=(*BILLING, "help"))},
            "approvals": (Approval(verbs=BILLING, others=0),),
        }
    )
    await house.start()
    return house


async def unpaid(house: House) -> tuple[dict[str, Any], RoomEvent]:
    """A renewal that failed, and its card in the customer's room."""
    made = house.stripe.happen("renewal_fails", currency="eur", name="Grace Hopper")
    room = house.room("customer", made["customer"])
    await house.sam.is_in(room, within=30)
    return made, await house.told(room, "€29.00")


async def confirmed(house: House, room: str, text: str, *question: str) -> RoomEvent:
    """Asked for in the room, and a yes given in the question's thread."""
    said = await house.sam.say(room, f"!stripe {text}")
    asked = await house.answer(room, said, *question)
    return await house.answer(room, await _yes(house, asked))


async def _yes(house: House, asked: RoomEvent) -> str:
    return await house.sam.say(asked.room_id, "yes", reply_to=asked.event_id)


async def test_a_bill_that_is_declined_and_then_paid(billing: House) -> None:
    made, card = await unpaid(billing)
    declined = await confirmed(billing, card.room_id, "retry", "Charge invoice", "€29.00")
    assert "Declined: Your card has insufficient funds." in declined.body
    billing.stripe.world.declines.clear()
    said = await billing.sam.say(card.room_id, "retry", reply_to=card.event_id)
    asked = await billing.answer(card.room_id, said, "Charge invoice")
    assert asked.thread == card.event_id
    paid = await billing.answer(card.room_id, await _yes(billing, asked), "Paid: €29.00")
    assert paid.thread == card.event_id
    invoice = billing.stripe.world.store.get("invoice", made["invoice"])
    assert invoice
    assert (invoice["status"], invoice["attempt_count"]) == ("paid", 3)


async def test_what_was_billed_in_chat_is_told_when_it_is_paid(billing: House) -> None:
    """The bridge's own calls are told once, by their result; what the customer does is news."""
    _, card = await unpaid(billing)
    sent = await confirmed(
        billing, card.room_id, "invoice 120.00 eur for consulting", "an invoice of €120.00?"
    )
    assert "Sent: invoice" in sent.body
    (made,) = [one for one in billing.stripe.world.store.oldest_first("invoice") if one["metadata"]]
    assert (made["status"], made["total"]) == ("open", 12_000)
    await billing.stripe.settled()
    billing.stripe.happen("renewal_recovers", invoice=made["id"])
    await billing.told(card.room_id, "Invoice paid: €120.00")


async def test_a_subscription_ends_when_its_time_is_over(billing: House) -> None:
    made, card = await unpaid(billing)
    said = await billing.sam.say(card.room_id, "!stripe subscription cancel")
    choices = await billing.answer(card.room_id, said, "When is it to end?")
    assert f"!stripe subscription {made['subscription']} cancel at end" in choices.body
    ended = await confirmed(
        billing,
        card.room_id,
        f"subscription {made['subscription']} cancel at end",
        "at the end of its month?",
    )
    assert "ends on" in ended.body
    found = billing.stripe.world.store.get("subscription", made["subscription"])
    assert found
    assert found["cancel_at_period_end"] is True
