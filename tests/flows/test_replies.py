"""What people answer in a room becomes a call to Stripe: permitted, confirmed, made once."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bridge.model.errors import BridgeError
from bridge.sandbox.seen import RoomEvent
from bridge.sandbox.stripe_server import Fault, RefundOutcome

from .conftest import House


async def paid(house: House, **given: Any) -> tuple[dict[str, Any], RoomEvent]:
    """A checkout of €129.00 and its message in #payments."""
    made = house.stripe.happen(
        "checkout_succeeds", **{"amount": 12900, "currency": "eur", "name": "Ada", **given}
    )
    return made, await house.told(house.channel("payments"), "Ada")


def refunds(house: House) -> list[tuple[int, str, str]]:
    found = [one for charge in house.stripe.ledger() for one in charge["refunds"]]
    return [(one["amount"], one["currency"], one["status"]) for one in found]


async def ask(house: House, message: RoomEvent, text: str, *words: str) -> RoomEvent:
    """Sam replies to the message; the answer must be in its thread."""
    said = await house.sam.say(message.room_id, text, reply_to=message.event_id)
    answer = await house.answer(message.room_id, said, *words)
    assert answer.thread == message.event_id
    return answer


async def test_a_reaction_confirms_and_a_second_one_changes_nothing(house: House) -> None:
    _, message = await paid(house)
    question = await ask(
        house,
        message,
        "refund 20.00 duplicate sent twice",
        "Refund €20.00 of €129.00?",
        "sent twice",
    )
    assert refunds(house) == []
    await house.sam.react(message.room_id, question.event_id, "✅")
    await house.told(message.room_id, "Refunded €20.00")
    await house.sam.react(message.room_id, question.event_id, "👍")
    said = await house.sam.say(message.room_id, "yes", reply_to=question.event_id)
    await house.answer(message.room_id, said, "succeeded already")
    assert refunds(house) == [(2000, "eur", "succeeded")]
    (made,) = [
        one
        for one in house.stripe.requests()
        if one["path"] == "/v1/refunds" and one["method"] == "POST"
    ]
    (refund,) = house.stripe.ledger()[0]["refunds"]
    assert made["idempotency_key"] == refund["metadata"]["chat_action"]
    assert (refund["reason"], refund["metadata"]["chat_reason"]) == ("duplicate", "sent twice")


async def test_refusals_say_why_and_move_nothing(house: House) -> None:
    made, message = await paid(house)
    for text, words in [
        ("refund 200", "too much: €129.00 of €129.00 can still be refunded"),
        ("refund 20 usd", "The payment is in EUR"),
        ("refund 1.234", "two ways"),
        ("refund 0", "more than nothing"),
        ("refund 20.005", "two ways"),
    ]:
        await ask(house, message, text, words)
    question = await ask(house, message, "refund", "(all of it)")
    said = await house.sam.say(message.room_id, "yes", reply_to=question.event_id)
    await house.answer(message.room_id, said, "Refunded €129.00")
    await ask(house, message, "refund 1", "already been refunded")
    assert refunds(house) == [(12900, "eur", "succeeded")]
    assert made["charge"]


async def test_a_disputed_payment_is_not_refunded(house: House) -> None:
    made = house.stripe.happen("dispute_opens", amount=25900, currency="eur", name="Mallory")
    message = await house.told(house.room("dispute", made["dispute"]), "Dispute opened")
    await ask(house, message, "refund 20", "disputed")
    assert refunds(house) == []


async def test_only_the_asker_can_confirm_and_only_in_time(house: House) -> None:
    _, message = await paid(house)
    question = await ask(house, message, "refund 5", "€5.00")
    await house.eva.sees(room=message.room_id, where=lambda e: e.event_id == question.event_id)
    said = await house.eva.say(message.room_id, "yes", reply_to=question.event_id)
    await house.answer(message.room_id, said, "None of your roles")
    house.clock.ahead = timedelta(minutes=11)
    said = await house.sam.say(message.room_id, "yes", reply_to=question.event_id)
    await house.answer(message.room_id, said, "too old")
    assert refunds(house) == []


async def test_no_drops_it(house: House) -> None:
    _, message = await paid(house)
    question = await ask(house, message, "refund 5", "€5.00")
    said = await house.sam.say(message.room_id, "no", thread=message.event_id)
    await house.answer(message.room_id, said, "Dropped")
    said = await house.sam.say(message.room_id, "yes", reply_to=question.event_id)
    await house.answer(message.room_id, said, "cancelled already")
    assert refunds(house) == []


@pytest.mark.parametrize(
    ("outcome", "happening", "first", "then"),
    [
        (RefundOutcome("pending"), "refund_settles", "is pending", "efund"),
        (RefundOutcome("pending"), "refund_fails", "is pending", "failed"),
    ],
)
async def test_how_a_pending_refund_ends_comes_to_the_thread(
    house: House, outcome: RefundOutcome, happening: str, first: str, then: str
) -> None:
    _, message = await paid(house)
    house.stripe.refund_next(outcome)
    question = await ask(house, message, "refund 20", "€20.00")
    said = await house.sam.say(message.room_id, "yes", reply_to=question.event_id)
    pending = await house.answer(message.room_id, said, first)
    (refund,) = house.stripe.ledger()[0]["refunds"]
    house.stripe.happen(happening, refund=refund["refund"])
    ended = await house.answer(message.room_id, pending.event_id, then)
    assert ended.thread == message.event_id


@pytest.mark.parametrize("kind", ["cut", "error_after", "error", "conflict", "rate_limited"])
async def test_an_answer_that_does_not_arrive_is_settled_by_looking(
    house: House, kind: str
) -> None:
    _, message = await paid(house)
    question = await ask(house, message, "refund 20", "€20.00")
    house.stripe.fail_next(Fault(kind, method="POST", path="/v1/refunds"))
    said = await house.sam.say(message.room_id, "yes", reply_to=question.event_id)
    await house.answer(message.room_id, said, "Refunded", "€20.00")
    assert refunds(house) == [(2000, "eur", "succeeded")]


async def test_what_stripe_refuses_is_told_in_words(house: House) -> None:
    _, message = await paid(house)
    account = house.config.accounts["acme"].model_copy(
        update={"writer_key": SecretStr(house.stripe.reader_key)}
    )
    await house.stop()
    house.config = house.config.model_copy(update={"accounts": {"acme": account}})
    await house.start()
    question = await ask(house, message, "refund 20", "€20.00")
    said = await house.sam.say(message.room_id, "yes", reply_to=question.event_id)
    await house.answer(message.room_id, said, "nothing was changed", "permission")
    assert refunds(house) == []


async def test_a_refund_that_became_impossible_meanwhile_is_not_tried(house: House) -> None:
    made, message = await paid(house)
    question = await ask(house, message, "refund 20", "€20.00")
    house.stripe.happen("dispute_opens", charge=made["charge"])
    said = await house.sam.say(message.room_id, "yes", reply_to=question.event_id)
    await house.answer(message.room_id, said, "something has changed")
    assert refunds(house) == []


async def test_a_note_is_kept_in_full_and_begins_in_stripes_metadata(house: House) -> None:
    made, message = await paid(house)
    long = "she called " * 100
    await ask(house, message, f"note {long}", "Noted, here and in Stripe.")
    (charge,) = house.stripe.ledger()
    assert charge["charge"] == made["charge"]
    answer = await ask(house, message, "show", "Payment of €129.00: succeeded", "Note by sam")
    assert "she called she called" in answer.body


async def test_prefix_help_unknown_words_and_talk(house: House) -> None:
    _, message = await paid(house)
    room = message.room_id
    said = await house.sam.say(room, "!stripe help")
    helped = await house.answer(room, said, "refund [amount] [payment] [reason]")
    assert helped.thread == said
    said = await house.eva.say(room, "!stripe help")
    assert "refund [amount]" not in (await house.answer(room, said, "help")).body
    said = await house.sam.say(room, "!stripe refnd 20")
    await house.answer(room, said, "Did you mean refund?")
    said = await house.sam.say(room, "!stripe refund 20")
    await house.answer(room, said, "Reply to the message")
    await house.sam.say(room, "refund 20")
    await house.sam.say(room, "I would refund her", reply_to=message.event_id)
    edited = await house.sam.say(room, "hello", reply_to=message.event_id)
    await house.sam.edit(room, edited, "refund 20")
    said = await house.sam.say(room, "!stripe help")
    await house.answer(room, said, "refund [amount]")
    answers = [e for e in house.sam.timeline(room) if house.is_ours(e) and "Refund €" in e.body]
    assert answers == []


async def test_a_stranger_in_the_room_can_do_nothing(house: House, people: Any) -> None:
    _, message = await paid(house)
    stranger = await people("stranger")
    with pytest.raises(BridgeError, match=r"M_FORBIDDEN|403"):
        await house.eva.invite(message.room_id, stranger.user_id)


async def test_old_messages_do_not_act(house: House) -> None:
    _, message = await paid(house)
    house.clock.ahead = timedelta(hours=2)
    old = await house.sam.say(message.room_id, "refund 20", reply_to=message.event_id)
    await house.handled(old)
    house.clock.ahead = timedelta(0)
    said = await house.sam.say(message.room_id, "show", reply_to=message.event_id)
    await house.answer(message.room_id, said, "Payment of €129.00")
    answers = [e for e in house.sam.timeline(message.room_id) if "Refund €" in e.body]
    assert answers == []
