"""People answer faster than the bridge records: what they answer is then waited for, not ignored."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from bridge.sandbox.seen import RoomEvent
from bridge.store.engine import open_store
from bridge.store.tables import card_place, lane, outbox, posted

from .conftest import House


async def paid(house: House) -> RoomEvent:
    house.stripe.happen("checkout_succeeds", amount=12900, currency="eur", name="Ada")
    return await house.told(house.channel("payments"), "Ada")


async def forget_that_it_was_said(house: House, message: RoomEvent) -> None:
    """As it is when the bridge was killed after the homeserver had taken the message: the lane is
    still leased by the dead, and nobody knows the message's id."""
    store = open_store(house.config.store.url.get_secret_value())
    now = house.clock.now()
    async with store.begin() as tx:
        await tx.run(delete(posted).where(posted.c.event_id == message.event_id))
        stands = card_place.c.root == message.event_id
        await tx.run(update(card_place).where(stands).values(root=None, shown=None, told=[]))
        said = outbox.c.ref == message.event_id
        await tx.run(update(outbox).where(said).values(state="ready", ref=None, settled_at=None))
        of_room = lane.c.key == f"room:acme/channel/{house.channel('payments').rpartition('_')[2]}"
        again_at = now + timedelta(seconds=3)
        done = await tx.run(update(lane).where(of_room).values(due_at=again_at, fails=0))
        assert done.rowcount == 1
    await store.close()


@pytest.mark.parametrize("answer", ["refund", "yes"])
async def test_an_answer_waits_until_what_it_answers_is_recorded(house: House, answer: str) -> None:
    message = await paid(house)
    if answer == "yes":
        said = await house.sam.say(message.room_id, "refund 20.00", reply_to=message.event_id)
        message = await house.answer(message.room_id, said, "Refund €20.00 of €129.00?")
    await house.stop()
    await forget_that_it_was_said(house, message)
    if answer == "yes":
        await house.sam.react(message.room_id, message.event_id, "✅")
    else:
        said = await house.sam.say(message.room_id, "refund 20.00", reply_to=message.event_id)
    await house.start()
    words = "Refunded €20.00" if answer == "yes" else "Refund €20.00 of €129.00?"
    await house.told(message.room_id, words)
