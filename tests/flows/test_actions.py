"""Approvals as people meet them in a room: words by others, in the thread, and nothing else counts."""

from collections.abc import Awaitable, Callable

import pytest_asyncio

from bridge.config.schema import Approval, RoleRights
from bridge.config.schema import Person as Known
from bridge.sandbox.person import Person
from bridge.sandbox.seen import RoomEvent
from bridge.store import audit
from bridge.store.engine import open_store

from .conftest import ACCOUNT, House
from .test_replies import ask, paid, refunds

FINANCE = ("refund", "freeze", "unfreeze", "help")


@pytest_asyncio.fixture
async def fin(house: House, people: Callable[..., Awaitable[Person]]) -> Person:
    """Somebody of finance, who must approve every refund of the house."""
    made: Person = await people("fin")
    await house.stop()
    house.config = house.config.model_copy(
        update={
            "roles": {**house.config.roles, "finance": RoleRights(verbs=FINANCE)},
            "people": {
                **house.config.people,
                "fin": Known(matrix=made.user_id, roles=("finance",)),
            },
            "approvals": (Approval(verbs=("refund",), others=1, by=("finance",)),),
        }
    )
    await house.start()
    await made.is_in(house.channel("payments"), within=30)
    return made


async def asked(house: House, text: str = "refund 20") -> tuple[RoomEvent, RoomEvent]:
    """The payment's message, and the question that waits for others."""
    _, message = await paid(house)
    question = await ask(house, message, text, "one other person must approve")
    await house.sam.react(message.room_id, question.event_id, "✅")
    waits = await house.told(message.room_id, "Waits for another person")
    assert waits.thread == message.event_id
    return message, waits


async def trail(house: House) -> tuple[list[str], list[str]]:
    """What is in the audit trail, and what is wrong with it."""
    import json

    store = open_store(house.config.store.url.get_secret_value())
    async with store.read() as tx:
        told = [json.loads(link.text)["what"] async for link in audit.links(tx, ACCOUNT)]
        faults = await audit.verify(tx, ACCOUNT)
    await store.close()
    return told, faults


async def test_another_person_approves_in_words(house: House, fin: Person) -> None:
    message, waits = await asked(house)
    assert waits.mentions == (fin.user_id,)
    await fin.sees(room=message.room_id, where=lambda e: e.event_id == waits.event_id)
    reaction = await fin.react(message.room_id, waits.event_id, "👍")
    await house.answer(message.room_id, reaction, "a reaction or a yes approves nothing")
    own = await house.sam.say(message.room_id, "approve", reply_to=waits.event_id)
    await house.answer(message.room_id, own, "Nobody approves what they have asked for")
    assert refunds(house) == []
    said = await fin.say(message.room_id, "approve", thread=message.event_id)
    await house.answer(message.room_id, said, "Refunded €20.00")
    assert refunds(house) == [(2000, "eur", "succeeded")]
    told, faults = await trail(house)
    assert told == [
        "proposed", "confirmed", "refused", "approval", "approved", "executing", "succeeded",
    ]  # fmt: skip
    assert faults == []


async def test_an_edit_into_an_approval_is_none(house: House, fin: Person) -> None:
    message, waits = await asked(house)
    await fin.sees(room=message.room_id, where=lambda e: e.event_id == waits.event_id)
    said = await fin.say(message.room_id, "let me see", reply_to=waits.event_id)
    await fin.edit(message.room_id, said, "approve")
    await fin.redact(message.room_id, said)
    denied = await fin.say(message.room_id, "deny she kept it", reply_to=waits.event_id)
    answer = await house.answer(message.room_id, denied, "Denied by fin")
    assert "she kept it" in answer.body
    late = await fin.say(message.room_id, "approve", reply_to=waits.event_id)
    await house.answer(message.room_id, late, "denied already")
    assert refunds(house) == []


async def test_freeze_drops_what_waits(house: House, fin: Person) -> None:
    message, _ = await asked(house)
    room = message.room_id
    await house.sam.say(room, "!stripe freeze an odd pattern")
    dropped = await house.told(room, "Dropped: Refund €20.00")
    assert dropped.thread == message.event_id
    said = await fin.say(room, "approve", thread=message.event_id)
    await house.handled(said)
    said = await fin.say(room, "!stripe unfreeze")
    question = await house.answer(room, said, "Let money move again")
    yes = await fin.say(room, "yes", thread=said)
    await house.answer(room, yes, "Money can move again")
    assert question.thread == said
    assert refunds(house) == []
    _, faults = await trail(house)
    assert faults == []
