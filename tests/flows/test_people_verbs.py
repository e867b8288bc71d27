"""What people do among themselves about payments, as they see it in their rooms."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bridge.config.schema import Approval, RoleRights
from bridge.config.schema import Person as Known
from bridge.sandbox.person import Person

from .conftest import House
from .test_actions import trail
from .test_replies import ask, paid, refunds


async def test_what_is_put_off_comes_back_at_its_time_after_a_restart(house: House) -> None:
    _, message = await paid(house)
    await ask(house, message, "snooze 2h call her again", "It comes back to you here")
    await house.stop()
    house.clock.ahead += timedelta(hours=2)
    await house.start()
    reminder = await house.told(message.room_id, "you wanted to come back to this")
    assert reminder.thread == message.event_id
    assert "call her again" in reminder.body
    assert reminder.mentions == (house.sam.user_id,)


async def test_seen_is_said_once(house: House) -> None:
    _, message = await paid(house)
    await ask(house, message, "ack", "Seen by sam")
    await ask(house, message, "ack", "You have seen it already")


async def test_who_has_it_stands_on_the_customers_pinned_card(house: House) -> None:
    made = house.stripe.happen("renewal_fails", name="Grace", amount=4900, currency="eur")
    room = house.room("customer", made["customer"])
    await house.sam.is_in(room, within=30)
    said = await house.sam.say(room, "!stripe assign me")
    await house.answer(room, said, "Assigned to sam")
    await house.told(room, "Assigned to: sam")
    said = await house.sam.say(room, "!stripe note she moves banks")
    await house.answer(room, said, "Noted")
    await house.told(room, "Assigned to: sam", "she moves banks")
    said = await house.sam.say(room, "!stripe notes")
    await house.answer(room, said, "she moves banks")
    said = await house.sam.say(room, "!stripe timeline")
    await house.answer(room, said, "failed: €49.00", "sam noted: she moves banks")


async def test_found_by_email_with_a_way_to_the_room(house: House) -> None:
    made = house.stripe.happen("renewal_fails", name="Grace", email="grace@example.org")
    room = await house.sam.is_in(house.room("customer", made["customer"]), within=30)
    await house.told(room.room_id, "Grace")
    said = await house.sam.say(house.channel("payments"), "!stripe find grace@example.org")
    answer = await house.answer(house.channel("payments"), said, "Found 1", made["customer"])
    assert (
        f"https://matrix.to/#/{room.room_id.replace('!', '%21').replace(':', '%3A')}" in answer.body
    )


async def test_why_a_card_is_here_and_why_an_event_is_not(house: House) -> None:
    made, message = await paid(house)
    answer = await ask(house, message, "why", "It came by the rule", "Rule received")
    assert "goes to # payments" in answer.body
    unseen = [one for one in made["events"] if one not in answer.body]
    said = await house.sam.say(message.room_id, f"!stripe why {unseen[0]}")
    await house.answer(message.room_id, said, unseen[0], "Class")


async def test_somebody_new_is_brought_in_is_invited_and_acts(
    house: House, people: Callable[..., Awaitable[Person]]
) -> None:
    fin, max_ = await people("fin"), await people("max")
    verbs = ("refund", "person", "help")
    await house.stop()
    house.config = house.config.model_copy(
        update={
            "roles": {**house.config.roles, "finance": RoleRights(verbs=verbs)},
            "people": {
                "sam": Known(matrix=house.sam.user_id, roles=("finance",)),
                "fin": Known(matrix=fin.user_id, roles=("finance",)),
            },
            "approvals": (Approval(verbs=("refund",), others=0),),
        }
    )
    await house.start()
    _, message = await paid(house)
    room = message.room_id
    await fin.is_in(room, within=30)
    said = await house.sam.say(room, f"!stripe person add max {max_.user_id} finance")
    question = await house.answer(room, said, "Let me know max")
    await house.sam.react(room, question.event_id, "✅")
    waits = await house.told(room, "Waits for another person")
    await fin.sees(room=room, where=lambda event: event.event_id == waits.event_id)
    await fin.say(room, "approve", reply_to=waits.event_id)
    await house.told(room, "I know max from now on")
    await max_.is_in(room, within=30)
    asked = await max_.say(room, "refund 5", reply_to=message.event_id)
    question = await house.answer(room, asked, "Refund €5.00")
    await max_.react(room, question.event_id, "✅")
    await house.told(room, "Refunded €5.00")
    assert refunds(house) == [(500, "eur", "succeeded")]
    assert (await trail(house))[1] == []
