"""One living message per money object, seen from the rooms: edited in place, its history in its thread."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from bridge.edges.matrix_content import OURS
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.stripe_server import Manners

from .conftest import House


async def settled(house: House, room: str) -> list[RoomEvent]:
    """The room as a client shows it, once everything before a last message is there."""
    await house.stripe.settled()
    said = await house.sam.say(room, "!stripe help")
    await house.answer(room, said, "help")
    shown = house.sam.room(room).shown()
    return [e for e in shown if house.is_ours(e) and "What you can ask for" not in e.body]


def cards(shown: list[RoomEvent]) -> list[RoomEvent]:
    """Those of money objects: the pinned one is about the room's own."""
    return [event for event in shown if not event.thread and "card" in event.content[OURS]["ids"]]


def thread(shown: list[RoomEvent], root: RoomEvent) -> str:
    return "\n".join(event.body for event in shown if event.thread == root.event_id)


async def take_away(house: House, card: RoomEvent) -> None:
    """By somebody whom an administrator gave the power to."""
    path = f"{house.config.matrix.homeserver}/_matrix/client/v3/rooms/{quote(card.room_id)}"
    token = {"Authorization": f"Bearer {house.appservice.as_token}"}
    async with aiohttp.ClientSession(headers=token) as http:
        async with http.get(f"{path}/state/m.room.power_levels") as answer:
            power = await answer.json()
        power["users"] = {**power["users"], house.sam.user_id: 50}
        async with http.put(f"{path}/state/m.room.power_levels", json=power) as answer:
            assert answer.status == 200
    await house.handled(await house.sam.redact(card.room_id, card.event_id))


def loud(house: House, room: str) -> list[RoomEvent]:
    ours = [e for e in house.sam.timeline(room) if house.is_ours(e)]
    return [e for e in ours if e.content["msgtype"] == "m.text" or e.mentions]


@pytest.mark.parametrize("shuffle", [False, True])
async def test_a_failed_renewal_is_one_card_from_failure_to_payment(
    house: House, *, shuffle: bool
) -> None:
    house.stripe.behave(Manners(duplicates=1, hold=shuffle))
    made = house.stripe.happen("renewal_fails", name="Grace", amount=4900, currency="eur")
    house.stripe.behave(Manners(duplicates=1))
    house.stripe.release(shuffle=shuffle)
    room = house.room("customer", made["customer"])
    await house.told(room, "failed", "€49.00")
    (card,) = cards(await settled(house, room))
    assert card.body.splitlines()[0] == (
        "🔔 [test] Renewal failed: €49.00, not enough money in the account · Grace"
    )
    assert "Attempt: 1; next try" in card.body
    assert "At stake: €49.00 each month" in card.body
    assert "You can reply: note, escalate, show" in card.body

    house.stripe.happen("renewal_fails_again", invoice=made["invoice"])
    await house.told(room, "* ", "Attempt: 2")
    (card,) = cards(await settled(house, room))
    assert "Attempt: 2; next try" in card.body

    house.stripe.happen("renewal_recovers", invoice=made["invoice"], last4="4444")
    await house.told(room, "* ", "Renewal paid")
    await house.told(room, "paid again")
    shown = await settled(house, room)
    card = next(event for event in cards(shown) if event.event_id == card.event_id)
    assert card.body.splitlines()[0] == "[test] Renewal paid: €49.00 · Grace"
    assert "Attempt" not in card.body and "At stake" not in card.body
    assert "You can reply: refund" in card.body
    assert [e for e in cards(shown) if "Renewal" in e.body] == [card]
    history = thread(shown, card)
    for once in ("failed: €49.00, 1;", "failed: €49.00, 2;", "Renewal paid", "paid again"):
        assert history.count(once) <= 1, history
    assert loud(house, room) == []
    critical = house.sam.timeline(house.channel("payments-critical"))
    assert [e for e in critical if house.is_ours(e)] == []


async def test_what_waited_together_is_one_message_and_one_history(house: House) -> None:
    """The homeserver's lane is held up: everything is in the card by the time it is sent."""
    house.stripe.behave(Manners(hold=True))
    made = house.stripe.happen("renewal_fails", name="Grace", amount=4900, currency="eur")
    for again in range(2):
        house.stripe.happen("renewal_fails_again", invoice=made["invoice"], last=bool(again))
    house.stripe.behave(Manners())
    house.stripe.release(shuffle=True)
    room = house.room("customer", made["customer"])
    await house.told(room, "last time")
    shown = await settled(house, room)
    (card,) = cards(shown)
    assert "failed for the last time" in card.body
    edits = [e for e in house.sam.timeline(room) if e.replaces == card.event_id]
    events = 12
    assert len(edits) < events
    assert all(edit.content["m.mentions"] == {} for edit in edits)
    assert all(edit.content["msgtype"] == "m.notice" for edit in edits)


async def test_a_card_stands_wherever_it_was_told_and_moves_there(house: House) -> None:
    paid = house.stripe.happen(
        "checkout_succeeds", name="Ada", email="ada@example.com", amount=12900, currency="eur"
    )
    payments = house.channel("payments")
    await house.told(payments, "Ada", "€129.00")
    root = await house.told(payments, "Ada", "€129.00")
    said = await house.sam.say(payments, "refund 20.00", reply_to=root.event_id)
    await house.answer(payments, said, "€20.00", "yes")
    said = await house.sam.say(payments, "yes", thread=root.event_id)
    await house.answer(payments, said, "Refunded €20.00")
    await house.told(payments, "* ", "Partly refunded")
    shown = await settled(house, payments)
    (card,) = [e for e in cards(shown) if "Ada" in e.body]
    assert card.event_id == root.event_id
    assert "Partly refunded: €20.00 of €129.00 · Ada" in card.body
    assert paid


async def test_a_dispute_interrupts_once_and_is_one_card_to_its_end(house: House) -> None:
    made: Any = house.stripe.happen("dispute_opens", name="Mallory", amount=25900, currency="eur")
    room, critical = house.room("dispute", made["dispute"]), house.channel("payments-critical")
    await house.told(room, "Dispute opened", "Answer by")
    house.stripe.happen("dispute_closes", dispute=made["dispute"], outcome="lost")
    house.stripe.happen("dispute_closes", dispute=made["dispute"], outcome="won")
    for place in (room, critical):
        await house.told(place, "* ", "won after all")
        (card,) = cards(await settled(house, place))
        assert "Dispute won after all: €259.00" in card.body
        assert "Answer by" not in card.body
        assert len(loud(house, place)) == 1
    (first,) = loud(house, critical)
    assert set(first.mentions) == {house.sam.user_id, house.eva.user_id}
    shown = await settled(house, room)
    history = thread(shown, cards(shown)[0])
    assert history.count("Dispute lost") == 1 and history.count("won after all") == 1


async def test_a_warning_of_fraud_is_said_aloud_under_the_payments_card(house: House) -> None:
    made: Any = house.stripe.happen("checkout_succeeds", name="Eve", amount=7900, currency="eur")
    payments, critical = house.channel("payments"), house.channel("payments-critical")
    root = await house.told(payments, "Payment received: €79.00")
    house.stripe.happen("early_fraud_warning", charge=made["charge"])
    await house.told(critical, "Early fraud warning: €79.00")
    aloud = await house.sam.sees(
        room=payments,
        where=lambda e: e.thread == root.event_id and "Early fraud warning: €79.00" in e.body,
        within=20,
    )
    assert aloud.content["msgtype"] == "m.text"
    house.stripe.happen("dispute_opens", charge=made["charge"])
    await house.told(payments, "* ", "Dispute: €79.00, waiting for your answer")
    (card,) = [e for e in cards(await settled(house, payments)) if "€79.00" in e.body]
    assert card.event_id == root.event_id
    assert card.body.splitlines()[0].endswith("Payment received: €79.00 · Eve")
    assert "Fraud warning: stolen card" in card.body
    assert "You can reply: note" in card.body, "no refund of what the bank takes back"


async def test_a_customers_room_has_a_pinned_card_that_events_keep_true(house: House) -> None:
    made = house.stripe.happen(
        "renewal_fails", name="Grace", email="grace@example.com", amount=4900, currency="eur"
    )
    room = house.room("customer", made["customer"])
    card = await house.told(room, "Owes: €49.00")
    assert "Subscription: payment overdue, €49.00 each month, renews" in card.body
    assert "Pays with: Visa ending 4242, valid until" in card.body
    assert "Open invoice: " in card.body
    assert card.content["msgtype"] == "m.notice"
    pinned = await house.sam.sees(
        room=room, where=lambda event: event.kind == "m.room.pinned_events", within=20
    )
    assert pinned.content["pinned"] == [card.event_id]
    house.stripe.happen("renewal_recovers", invoice=made["invoice"])
    house.clock.ahead += timedelta(minutes=2)
    now = await house.told(room, "* ", "Owes: nothing", "Paid so far: €49.00")
    assert now.replaces == card.event_id
    assert now.mentions == ()


async def test_a_dispute_has_one_too_with_what_is_missing(house: House) -> None:
    made = house.stripe.happen("dispute_opens", name="Mallory", amount=25900, currency="eur")
    room = house.room("dispute", made["dispute"])
    card = await house.told(
        room, "Dispute over €259.00: waiting for your answer", "Evidence missing"
    )
    assert "Answer by: " in card.body and "Reason: fraudulent" in card.body


async def test_a_card_that_was_taken_away_comes_again_with_the_next_news(house: House) -> None:
    made = house.stripe.happen("renewal_fails", name="Grace", amount=4900, currency="eur")
    room = house.room("customer", made["customer"])
    await house.told(room, "behind with its payment")
    (card,) = cards(await settled(house, room))
    await take_away(house, card)
    house.stripe.happen("renewal_recovers", invoice=made["invoice"])

    again = await house.told(room, "Renewal paid: €49.00", "You can reply")
    assert again.replaces != card.event_id
