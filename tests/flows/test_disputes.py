"""A file dropped in a dispute's room becomes evidence in either mode; a warning offers its refund."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bridge.config.schema import RoleRights
from bridge.sandbox.paper import paper
from bridge.sandbox.seen import RoomEvent

from .conftest import ALL, House, MakeHouse, Way

DISPUTES = ("evidence", "preview", "submit", "accept")


@pytest_asyncio.fixture(params=[Way.APPSERVICE, Way.TOKEN])
async def house(request: pytest.FixtureRequest, make_house: MakeHouse) -> AsyncIterator[House]:
    async with make_house(request.param) as made:
        await made.stop()
        roles = {
            "support": RoleRights(verbs=(*ALL, *DISPUTES)),
            "engineer": RoleRights(verbs=("show", "help", "submit")),
        }
        made.config = made.config.model_copy(update={"roles": roles})
        await made.start()
        yield made


async def disputed(house: House, **given: Any) -> tuple[str, str]:
    """The dispute, and its room with sam and eva in it."""
    wanted = {"amount": 25900, "currency": "eur", "name": "Mallory", **given}
    dispute = house.stripe.happen("dispute_opens", **wanted)["dispute"]
    room = house.room("dispute", dispute)
    await house.told(room, "Dispute opened")
    await house.eva.is_in(room, within=20)
    return dispute, room


async def evidence(house: House, dispute: str) -> dict[str, Any]:
    found = house.stripe.world.store.get("dispute", dispute)
    assert found
    return {name: value for name, value in found["evidence"].items() if value}


async def test_a_dropped_file_becomes_evidence_and_goes_to_the_bank(house: House) -> None:
    dispute, room = await disputed(house)
    content = paper("Two lamps", pages=3) + b"%" * 2_000_000
    dropped = await house.sam.drop(room, content, "bill.pdf", caption="receipt")
    told = await house.answer(room, dropped, "Receipt staged")
    assert told.thread == dropped
    (upload,) = house.stripe.world.uploads.values()
    assert (upload.filename, upload.content) == ("bill.pdf", content)
    assert list(await evidence(house, dispute)) == ["receipt"]

    said = await house.sam.say(room, "!stripe submit")
    question = await house.answer(room, said, "for good?")
    await house.sam.react(room, question.event_id, "✅")
    waits = await house.told(room, "Waits for another person")
    await house.eva.catches_up(waits.event_id, room=room)
    said = await house.eva.say(room, "approve", reply_to=waits.event_id)
    await house.answer(room, said, "is with the bank")
    found = house.stripe.world.store.get("dispute", dispute)
    assert found
    assert found["evidence_details"]["submission_count"] == 1
    assert found["status"] == "under_review"


async def test_a_picture_is_named_later_and_one_taken_away_is_not(house: House) -> None:
    dispute, room = await disputed(house)
    picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 2_000
    first = await house.sam.drop(room, picture, "a.png", kind="m.image")
    await house.answer(room, first, "What is that file?")
    await house.sam.redact(room, first)
    second = await house.sam.drop(room, picture, "b.png", kind="m.image")
    await house.answer(room, second, "What is that file?")
    await house.sam.say(room, "receipt", thread=first)
    said = await house.sam.say(room, "customer signature", thread=second)
    await house.answer(room, said, "Customer signature staged")
    assert list(await evidence(house, dispute)) == ["customer_signature"]


async def test_what_the_answer_says_is_not_said_twice_in_the_room(house: House) -> None:
    _, room = await disputed(house)
    said = await house.sam.say(room, "!stripe evidence product description A lamp")
    await house.answer(room, said, "Product description staged")
    await house.stripe.settled()
    said = await house.sam.say(room, "!stripe preview")
    await house.answer(room, said, "A lamp")
    again = [e for e in house.sam.timeline(room) if "Evidence for a dispute saved" in e.body]
    assert again == []


async def test_a_fraud_warning_offers_the_refund_that_avoids_the_dispute(house: House) -> None:
    made = house.stripe.happen("early_fraud_warning", amount=7900, currency="eur", name="Eve")
    warning = await _warned(house, made["customer"], "Reply `refund`")
    said = await house.sam.say(warning.room_id, "refund", reply_to=warning.event_id)
    question = await house.answer(warning.room_id, said, "Refund €79.00")
    await house.sam.react(warning.room_id, question.event_id, "✅")
    await house.told(warning.room_id, "Refunded €79.00")
    (charge,) = [one for one in house.stripe.ledger() if one["charge"] == made["charge"]]
    assert [one["amount"] for one in charge["refunds"]] == [7900]
    said = await house.sam.say(warning.room_id, "refund", reply_to=warning.event_id)
    await house.answer(warning.room_id, said, "already been refunded in full")


async def test_a_fraud_warning_that_comes_too_late_says_so(house: House) -> None:
    made = house.stripe.happen("early_fraud_warning", amount=7900, currency="eur", name="Eve")
    warning = await _warned(house, made["customer"], "Reply `refund`")
    house.stripe.happen("dispute_opens", charge=made["charge"])
    await _warned(house, made["customer"], "Nothing: it is refunded or disputed already.")
    said = await house.sam.say(warning.room_id, "refund", reply_to=warning.event_id)
    await house.answer(warning.room_id, said, "is disputed")
    assert [one["refunds"] for one in house.stripe.ledger()] == [[]]


async def _warned(house: House, customer: str, *words: str) -> RoomEvent:
    return await house.told(house.room("customer", customer), "Early fraud warning", *words)
