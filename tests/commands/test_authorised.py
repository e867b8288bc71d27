"""What a bank holds is taken once, whole or in part, or let go; nothing of it by mistake."""

from datetime import timedelta

import pytest
import pytest_asyncio

from .office import Office
from .till import HOME, Till

UNCLEAR = ["cut", "error_after", "refused"]


@pytest_asyncio.fixture
async def till(office: Office) -> Till:
    made = Till(office)
    await made.open()
    return made


async def authorised(till: Till, amount: int = 8000) -> str:
    """A message about a payment that is held."""
    made = till.office.stripe.happen("payment_is_authorised", amount=amount, currency="eur")
    return await till.posted(payment_intent=made["payment_intent"])


def intent(till: Till) -> tuple[str, int, int]:
    found = till.made("payment_intent")[-1]
    return found["status"], found["amount_received"], found["amount_capturable"]


async def settled(till: Till) -> None:
    for _ in range(30):
        await till.office.later(timedelta(minutes=1))


async def test_in_a_customers_room_the_only_one_is_meant(till: Till) -> None:
    made = till.office.stripe.happen("payment_is_authorised", amount=8000, currency="eur")
    await till.home(made["customer"])
    one = made["payment_intent"]
    assert f"that are held ({one})?" in await till.say("!stripe capture", room=HOME)
    told = await till.say(f"!stripe cancel {one} duplicate")
    assert f"Cancel the payment of €80.00 ({one})?" in told
    till.office.stripe.happen("payment_is_authorised", amount=900, customer=made["customer"])
    assert "Which payment do you want to capture?" in await till.say("!stripe capture", room=HOME)


async def test_all_of_it_is_taken(till: Till) -> None:
    told = await till.ask("capture", reply_to=await authorised(till))
    assert "Take €80.00 of the €80.00 that are held?" in told
    assert "It is held until 4 Dec 2026, 12:00 UTC." in told
    assert "Taken: €80.00." in told
    assert intent(till) == ("succeeded", 8000, 0)


async def test_what_is_not_taken_is_let_go_and_that_is_said_before(till: Till) -> None:
    held = await authorised(till)
    told = await till.say("capture 30 eur", reply_to=held)
    assert "Take €30.00 of the €80.00 that are held?" in told
    assert "The other €50.00 are let go then, and cannot be taken later." in told
    assert intent(till) == ("requires_capture", 0, 8000)
    told = await till.say("yes", reply_to=till.told[-1].event_id)
    assert "Taken: €30.00.\n€50.00 were let go." in told
    assert intent(till) == ("succeeded", 3000, 0)
    assert "taken already" in await till.say("capture", reply_to=held)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("capture 90", "€90.00 is too much: €80.00 are held."),
        ("capture 0", "more than nothing"),
        ("capture 30 usd", "not in “USD”"),
        ("capture some of it", "is not an amount"),
        ("capture amount=30", "Write just `capture`"),
        ("cancel because", "Stripe takes one of these reasons"),
    ],
)
async def test_what_cannot_be_is_refused(till: Till, typed: str, answer: str) -> None:
    assert answer in await till.say(typed, reply_to=await authorised(till))


@pytest.mark.parametrize("verb", ["capture", "cancel"])
async def test_a_payment_must_be_named(till: Till, verb: str) -> None:
    assert "Reply to the message" in await till.say(f"!stripe {verb}")


@pytest.mark.parametrize("verb", ["capture", "cancel"])
async def test_what_changed_meanwhile_stops_it(till: Till, verb: str) -> None:
    held = await authorised(till)
    await till.say(f"{verb}", reply_to=held)
    first = till.told[-1].event_id
    await till.ask("capture 10", reply_to=held)
    told = await till.say("yes", reply_to=first)
    assert "something has changed meanwhile" in told
    assert intent(till) == ("succeeded", 1000, 0)


async def test_it_is_cancelled_and_let_go(till: Till) -> None:
    held = await authorised(till)
    told = await till.ask("cancel requested by customer", reply_to=held)
    assert "Cancel the payment of €80.00?" in told
    assert "The €80.00 that are held are let go." in told
    assert "The payment is cancelled." in told
    assert intent(till)[0] == "canceled"
    assert till.made("payment_intent")[-1]["cancellation_reason"] == "requested_by_customer"
    assert "cancelled already" in await till.say("cancel", reply_to=held)
    assert "nothing is held any more" in await till.say("capture", reply_to=held)


async def test_one_that_failed_can_be_called_off(till: Till) -> None:
    made = till.office.stripe.happen("payment_fails", amount=5000, currency="eur")
    failed = await till.posted(payment_intent=made["payment_intent"])
    assert "Nothing is held for that payment" in await till.say("capture", reply_to=failed)
    assert "The payment is cancelled." in await till.ask("cancel", reply_to=failed)


async def test_what_is_paid_is_not_cancelled_but_refunded(till: Till) -> None:
    paid = await till.office.payment()
    assert "can only go back by `refund`" in await till.say("cancel", reply_to=paid)


async def test_an_invoices_payment_is_not_cancelled_alone(till: Till) -> None:
    made = till.office.stripe.happen("renewal_fails", amount=4900, currency="eur")
    failed = await till.posted(payment_intent=made["payment_intent"])
    assert "belongs to an invoice" in await till.say("cancel", reply_to=failed)


@pytest.mark.parametrize("kind", UNCLEAR)
@pytest.mark.parametrize(
    ("verb", "words"), [("capture 30", "Taken: €30.00."), ("cancel", "is cancelled.")]
)
async def test_an_unanswered_call_is_made_once(
    till: Till, kind: str, verb: str, words: str
) -> None:
    held = await authorised(till)
    intent_id = till.made("payment_intent")[-1]["id"]
    till.fail(kind, f"/v1/payment_intents/{intent_id}/{verb.split(maxsplit=1)[0]}")
    assert "answer did not arrive" in await till.ask(verb, reply_to=held)
    till.office.stripe.forget_idempotency()
    await settled(till)
    assert sum(words in one.words for one in till.told) == 1
    assert intent(till) == (("succeeded", 3000, 0) if "30" in verb else ("canceled", 0, 0))
    assert (await till.office.happened())[-2:] == ["unknown", "succeeded"]
