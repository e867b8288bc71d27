"""What is edited never acts, and what is removed ends what it asked for."""

import pytest

from .conftest import House
from .test_actions import trail
from .test_replies import ask, paid, refunds


async def test_an_edit_into_a_command_does_nothing(house: House) -> None:
    _, message = await paid(house)
    room = message.room_id
    talk = await house.sam.say(room, "let me see", reply_to=message.event_id)
    await house.sam.edit(room, talk, "refund 5")
    plain = await house.sam.say(room, "good morning")
    await house.sam.edit(room, plain, "!stripe freeze")
    question = await ask(house, message, "refund 20", "Refund €20.00")
    dropped = await house.sam.say(room, "hm", reply_to=question.event_id)
    await house.sam.edit(room, dropped, "yes")
    said = await house.sam.say(room, "!stripe help")
    await house.answer(room, said, "What you can ask for")
    ours = [event.body for event in house.sam.timeline(room) if house.is_ours(event)]
    assert not [body for body in ours if "€5.00" in body or "Frozen" in body]
    assert refunds(house) == []
    assert (await trail(house))[0] == ["proposed"]


async def test_a_command_that_is_edited_stays_what_it_was(house: House) -> None:
    _, message = await paid(house)
    room = message.room_id
    said = await house.sam.say(room, "refund 20", reply_to=message.event_id)
    question = await house.answer(room, said, "Refund €20.00")
    await house.sam.edit(room, said, "refund 100")
    await house.sam.react(room, question.event_id, "✅")
    await house.told(room, "Refunded €20.00")
    assert refunds(house) == [(2000, "eur", "succeeded")]


@pytest.mark.parametrize("answer", ["yes", "✅"])
async def test_a_command_that_is_removed_is_withdrawn(house: House, answer: str) -> None:
    _, message = await paid(house)
    room = message.room_id
    said = await house.sam.say(room, "refund 20", reply_to=message.event_id)
    question = await house.answer(room, said, "Refund €20.00")
    await house.sam.redact(room, said)
    dropped = await house.told(room, "Dropped: Refund €20.00", "was removed")
    assert dropped.thread == message.event_id
    if answer == "yes":
        late = await house.sam.say(room, "yes", reply_to=question.event_id)
        await house.answer(room, late, "cancelled already")
    else:
        await house.handled(await house.sam.react(room, question.event_id, answer))
    assert refunds(house) == []
    told, faults = await trail(house)
    assert (told, faults) == (["proposed", "cancelled"], [])


async def test_removing_it_after_the_yes_changes_nothing(house: House) -> None:
    _, message = await paid(house)
    room = message.room_id
    said = await house.sam.say(room, "refund 20", reply_to=message.event_id)
    question = await house.answer(room, said, "Refund €20.00")
    await house.sam.react(room, question.event_id, "✅")
    await house.told(room, "Refunded €20.00")
    await house.handled(await house.sam.redact(room, said))
    assert refunds(house) == [(2000, "eur", "succeeded")]
    assert "cancelled" not in (await trail(house))[0]
