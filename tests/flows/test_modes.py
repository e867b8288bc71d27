"""The whole reply flow in both modes on a real homeserver: what works in one works in the other."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bridge.edges.matrix_identity import DEVICE

from .conftest import House, MakeHouse, Way


@pytest_asyncio.fixture(params=[Way.APPSERVICE, Way.TOKEN])
async def house(request: pytest.FixtureRequest, make_house: MakeHouse) -> AsyncIterator[House]:
    async with make_house(request.param) as made:
        yield made


def refunds(house: House) -> list[tuple[int, str, str]]:
    found = [one for charge in house.stripe.ledger() for one in charge["refunds"]]
    return [(one["amount"], one["currency"], one["status"]) for one in found]


async def paid(house: House) -> Any:
    house.stripe.happen("checkout_succeeds", amount=12900, currency="eur", name="Ada")
    return await house.told(house.channel("payments"), "€129.00")


async def test_the_whole_reply_flow(house: House) -> None:
    message = await paid(house)
    room = message.room_id

    said = await house.sam.say(room, "note sent a second parcel", reply_to=message.event_id)
    assert (await house.answer(room, said, "Noted")).thread == message.event_id

    said = await house.sam.say(room, "escalate who knows more?", reply_to=message.event_id)
    await house.answer(room, said, "Escalated")
    await house.told(house.channel("escalations"), "who knows more?")

    said = await house.eva.say(room, "refund 20.00", reply_to=message.event_id)
    await house.answer(room, said, "refund")
    said = await house.sam.say(room, "refund 20.00", reply_to=message.event_id)
    question = await house.answer(room, said, "€20.00")
    assert refunds(house) == []

    # Between the question and the answer nobody is there to hear it.
    await house.stop()
    await house.sam.react(room, question.event_id, "✅")
    await house.start()
    await house.told(room, "Refunded €20.00")
    said = await house.sam.say(room, "show", reply_to=message.event_id)
    await house.answer(room, said, "€109.00")
    assert refunds(house) == [(2000, "eur", "succeeded")]


async def test_nothing_that_was_said_in_between_is_lost_or_done_twice(house: House) -> None:
    """More than one sync shows at once: the rest of the timeline is fetched."""
    message = await paid(house)
    await house.stop()
    first = await house.sam.say(message.room_id, "note the first", reply_to=message.event_id)
    for number in range(120):
        await house.eva.say(message.room_id, f"chatter {number}")
    await house.sam.say(message.room_id, "note the last", reply_to=message.event_id)
    await house.start()
    await house.handled(first)
    one = await house.told(message.room_id, "Noted")
    await house.sam.sees(
        room=message.room_id,
        where=lambda e: house.is_ours(e) and "Noted" in e.body and e.event_id != one.event_id,
        within=20,
        what="the other answer",
    )
    said = await house.sam.say(message.room_id, "show", reply_to=message.event_id)
    await house.answer(message.room_id, said, "the first", "the last")
    answers = [e for e in house.sam.timeline(message.room_id) if house.is_ours(e)]
    assert sum("Noted" in one.body for one in answers) == 2


async def test_a_password_makes_one_session_that_lasts(
    make_house: MakeHouse, tmp_path: Path
) -> None:
    """In a file for its owner alone, if one is named: nothing secret is in the store."""
    async with make_house(Way.PASSWORD) as house:
        await house.stop()
        kept = tmp_path / "session"
        matrix = house.config.matrix.model_copy(update={"session_path": str(kept)})
        house.config = house.config.model_copy(update={"matrix": matrix})
        await house.start()
        await paid(house)
        before = json.loads(kept.read_text())
        assert kept.stat().st_mode & 0o777 == 0o600
        await house.stop()
        kept.chmod(0o644)
        await house.start()
        house.stripe.happen("checkout_succeeds", amount=7700, currency="eur", name="Eve")
        await house.told(house.channel("payments"), "€77.00")
        assert json.loads(kept.read_text()) == before
        assert kept.stat().st_mode & 0o777 == 0o600
        assert before["token"].encode() not in (tmp_path / "bridge.db").read_bytes()


async def test_without_such_a_file_each_start_logs_in_with_the_same_device(
    make_house: MakeHouse,
) -> None:
    async with make_house(Way.PASSWORD) as house:
        before = await _devices(house)
        assert DEVICE in before
        await house.stop()
        await house.start()
        await paid(house)
        assert await _devices(house) == before


async def _devices(house: House) -> set[str]:
    """The devices that the homeserver knows of the bot, as one who logs in for a look would see them."""
    matrix = house.config.matrix
    assert matrix.password and matrix.user_id
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": matrix.user_id},
        "password": matrix.password.get_secret_value(),
        "device_id": "ALOOK",
    }
    client = f"{matrix.homeserver}/_matrix/client/v3"
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{client}/login", json=body) as answer:
            token = (await answer.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        async with http.get(f"{client}/devices", headers=headers) as answer:
            return {one["device_id"] for one in (await answer.json())["devices"]} - {"ALOOK"}


async def test_a_refused_token_is_waited_for(make_house: MakeHouse) -> None:
    async with make_house(Way.TOKEN) as house:
        await house.stop()
        right = house.config
        wrong = right.matrix.model_copy(update={"access_token": SecretStr("wrong")})
        house.config = right.model_copy(update={"matrix": wrong})
        await house.start()
        house.stripe.happen("checkout_succeeds", amount=12900, currency="eur", name="Ada")
        await asyncio.wait_for(house.stop(), 15)
        house.config = right
        await house.start()
        await house.told(house.channel("payments"), "€129.00")
