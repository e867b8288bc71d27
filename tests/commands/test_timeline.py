"""What happened to an object and what people did, in order."""

from datetime import timedelta

import pytest

from .office import Office
from .test_care import show_less


async def told(office: Office, text: str, **how: str) -> list[str]:
    """Without the moments."""
    await office.say("sam", text, **how)
    return [line.split(": ", 1)[1] for line in office.told[-1].message.lines]


async def test_events_and_people_in_order(office: Office) -> None:
    made = office.stripe.happen("checkout_succeeds", amount=4900, currency="eur")
    await office.arrive(*made["events"])
    card = next(heard for heard in office.told if heard.wanted.card).event_id
    for text in ("note she called", "assign fin", "ack"):
        office.clock.advance(timedelta(minutes=1))
        await office.say("sam", text, reply_to=card)
    office.clock.advance(timedelta(minutes=1))
    await office.say("sam", "refund 20", reply_to=card)
    lines = await told(office, "timeline", reply_to=card)
    assert lines.count("Payment received: €49.00") == 1
    assert lines[-4:] == [
        "sam noted: she called",
        "sam gave it to fin",
        "sam has seen it",
        "sam asked: Refund €20.00 of €49.00? proposed",
    ]
    by_charge = await told(office, f"!stripe timeline {made['charge']}")
    assert by_charge == lines


async def test_a_customers_timeline_is_that_of_all_that_is_theirs(office: Office) -> None:
    made = office.stripe.happen("renewal_fails", amount=4900, currency="eur")
    room = await office.room_of(made["customer"])
    await office.arrive(*made["events"])
    await office.say("sam", "!stripe note of her", room=room)
    lines = await told(office, "!stripe timeline", room=room)
    assert any("failed" in line for line in lines)
    assert "sam noted: of her" in lines


async def test_only_so_much_and_nothing(office: Office) -> None:
    paid = await office.payment()
    for number in range(35):
        await office.say("sam", f"note {number}", reply_to=paid)
    said = await office.say("sam", "timeline", reply_to=paid)
    assert "5 older ones are left out" in said
    made = office.stripe.happen("checkout_succeeds")
    assert "I know nothing" in await office.say("sam", f"!stripe timeline {made['charge']}")
    assert "I can't tell of what" in await office.say("sam", "!stripe timeline")


@pytest.mark.parametrize(("details", "words"), [("masked", "s… c…"), ("none", "not to show")])
async def test_rooms_show_no_more_than_they_may(office: Office, details: str, words: str) -> None:
    paid = await office.payment()
    await office.say("sam", "note she called", reply_to=paid)
    show_less(office, details)
    said = await office.say("sam", "timeline", reply_to=paid)
    assert words in said
    assert "she called" not in said
