"""`subscription`: ended, paused, resumed, once; what could mean several things is asked back."""

from datetime import timedelta
from typing import Any

import pytest

from bridge.model.signal import Objects
from bridge.sandbox.stripe_server import Fault

from .office import Office

Changed = dict[str, Any]


async def running(office: Office) -> tuple[str, Objects]:
    return await office.renewal("renewal_succeeds")


def now(office: Office, objects: Objects) -> Changed:
    found = office.stripe.world.store.get("subscription", objects.subscription or "")
    assert found
    return found


async def confirmed(office: Office, message: str, text: str) -> str:
    await office.say("sam", text, reply_to=message)
    return await office.say("sam", "yes", reply_to=office.question().event_id)


async def in_time(office: Office, minutes: int = 20) -> None:
    for _ in range(minutes):
        await office.later(timedelta(minutes=1))


def put(office: Office, objects: Objects, **fields: Any) -> None:
    office.stripe.world.store.put({**now(office, objects), **fields})


async def test_at_the_end_of_what_is_paid(office: Office) -> None:
    message, objects = await running(office)
    said = await office.say("sam", "subscription cancel at end moved away", reply_to=message)
    assert f"Cancel the subscription of €29.00 a month ({objects.subscription}) at the end" in said
    assert "It ends on 27 Dec 2026" in said
    assert "Reason: moved away" in said
    assert now(office, objects)["cancel_at_period_end"] is False
    said = await office.say("sam", "yes", reply_to=office.question().event_id)
    assert "ends on 27 Dec 2026" in said
    done = now(office, objects)
    assert (done["status"], done["cancel_at_period_end"]) == ("active", True)
    assert done["cancellation_details"]["comment"].startswith("sam: moved away (chat action ")
    assert "It ends on 27 Dec 2026 already" in await office.say(
        "sam", "subscription cancel at the end", reply_to=message
    )
    assert "goes on, and renews on 27 Dec 2026" in await confirmed(
        office, message, "subscription resume"
    )
    assert now(office, objects)["cancel_at_period_end"] is False


async def test_now(office: Office) -> None:
    message, objects = await running(office)
    said = await office.say("sam", "subscription cancel now", reply_to=message)
    assert "nothing is given back" in said
    assert "Cancelled" in await office.say("sam", "yes", reply_to=office.question().event_id)
    assert now(office, objects)["status"] == "canceled"
    for text in ("cancel now", "pause void", "resume"):
        said = await office.say("sam", f"subscription {text}", reply_to=message)
        assert "That subscription is over already." in said


@pytest.mark.parametrize(
    ("typed", "behavior"),
    [("void", "void"), ("draft", "keep_as_draft"), ("uncollectible", "mark_uncollectible")],
)
async def test_pausing_until_a_day_and_resuming(office: Office, typed: str, behavior: str) -> None:
    message, objects = await running(office)
    said = await office.say("sam", f"subscription pause {typed} until=2027-01-15", reply_to=message)
    assert "charged again from 15 Jan 2027 on" in said
    await office.say("sam", "yes", reply_to=office.question().event_id)
    pause = now(office, objects)["pause_collection"]
    assert (pause["behavior"], pause["resumes_at"]) == (behavior, 1_799_971_200)
    assert "paused already" in await office.say("sam", "subscription pause void", reply_to=message)
    assert "is charged again from 27 Dec 2026" in await confirmed(
        office, message, "subscription resume"
    )
    assert now(office, objects)["pause_collection"] is None


@pytest.mark.parametrize(("declines", "status"), [(False, "active"), (True, "paused")])
async def test_resuming_one_that_was_stopped_charges(
    office: Office, declines: bool, status: str
) -> None:
    message, objects = await running(office)
    put(office, objects, status="paused")
    said = await office.say("sam", "subscription resume", reply_to=message)
    assert "up to €29.00 is charged for it now" in said
    if declines:
        office.stripe.world.next_declines.append("insufficient_funds")
    said = await office.say("sam", "yes", reply_to=office.question().event_id)
    assert ("Not resumed" in said) is declines
    assert now(office, objects)["status"] == status
    last = (await office.trail())[-1]
    assert (last["amount"], last["what"]) == (2900, "failed" if declines else "succeeded")


@pytest.mark.parametrize("kind", ["cut", "error_after", "error", "refused"])
@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("cancel now", {"status": "canceled"}),
        ("cancel at end", {"cancel_at_period_end": True}),
        ("pause void", {"pause_collection": {"behavior": "void", "resumes_at": None}}),
        ("resume", {"status": "active"}),
    ],
)
async def test_an_unanswered_call_is_looked_up(
    office: Office, text: str, holds: Changed, kind: str
) -> None:
    message, objects = await running(office)
    if text == "resume":
        put(office, objects, status="paused")
    charges = len(office.stripe.ledger())
    for method in ("POST", "DELETE"):
        office.stripe.fail_next(Fault(kind, method=method, path="/v1/subscriptions/*"))
    await confirmed(office, message, f"subscription {text}")
    await in_time(office, 3)
    assert now(office, objects).items() >= holds.items()
    assert (await office.happened())[-1] == "succeeded"
    assert len(office.stripe.ledger()) == charges + (text == "resume")
    assert await office.faults() == []


async def test_a_deletion_that_the_client_repeats_by_itself_is_one(office: Office) -> None:
    message, objects = await running(office)
    writer = office.writers["acme"]
    real = writer.cancel_subscription

    async def twice(subscription_id: str, *, comment: str) -> Any:
        await real(subscription_id, comment=comment)
        return await real(subscription_id, comment=comment)

    writer.cancel_subscription = twice  # type: ignore[method-assign]
    assert "Cancelled" in await confirmed(office, message, "subscription cancel now")
    assert now(office, objects)["status"] == "canceled"


async def test_somebody_elses_change_is_not_taken_for_ones_own(office: Office) -> None:
    message, objects = await running(office)
    office.stripe.fail_next(Fault("error", method="DELETE", path="/v1/subscriptions/*"))
    await confirmed(office, message, "subscription cancel now")
    office.stripe.happen("subscription_ends", subscription=objects.subscription)
    await in_time(office, 7)
    assert (await office.happened())[-1] == "failed"
    assert "That subscription is over already" in office.told[-1].words


@pytest.mark.parametrize(
    ("text", "question", "choices"),
    [
        ("cancel", "When is it to end?", ["cancel now", "cancel at end"]),
        ("cancel soon", "When is it to end?", ["cancel now soon", "cancel at end soon"]),
        ("pause", "What is to become of the invoices", ["pause void", "pause draft"]),
        ("pause until=2027-01-15", "invoices", ["pause uncollectible until=2027-01-15"]),
    ],
)
async def test_what_must_not_be_guessed_is_asked_back(
    office: Office, text: str, question: str, choices: list[str]
) -> None:
    message, objects = await running(office)
    said = await office.say("sam", f"subscription {text}", reply_to=message)
    assert question in said
    lines = "\n".join(office.told[-1].message.lines)
    for choice in choices:
        assert f"!stripe subscription {objects.subscription} {choice}`" in lines
    again = f"!stripe subscription {objects.subscription} {choices[0]}"
    assert "Answer yes" in await office.say("sam", again)


async def test_which_one_is_asked_back(office: Office) -> None:
    _, first = await running(office)
    office.stripe.happen("renewal_succeeds", customer=first.customer, amount=900, currency="eur")
    _, over = await office.renewal("renewal_succeeds", customer=first.customer)
    office.stripe.happen("subscription_ends", subscription=over.subscription)
    customer = await office.posted(Objects(customer=first.customer))
    await office.say("sam", "subscription cancel now", reply_to=customer)
    heard = office.told[-1]
    assert "several subscriptions" in heard.words
    assert len(heard.message.lines) == 2
    assert any(
        f"€29.00 a month, active: `!stripe subscription {first.subscription} cancel now`" in line
        for line in heard.message.lines
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Write `subscription cancel now`"),
        ("stop", "Write `subscription cancel now`"),
        ("resume now", "Write `subscription cancel now`"),
        ("resume", "nothing to resume"),
        ("pause void until=yesterday", "Write the day like"),
        ("pause void until=2026-11-27", "has begun already"),
        ("pause void soon", "Write `subscription pause`"),
        ("cancel now when=later", "only why="),
    ],
)
async def test_what_cannot_be_read_or_done(office: Office, text: str, words: str) -> None:
    message, _ = await running(office)
    assert words in await office.say("sam", f"subscription {text}", reply_to=message)


async def test_what_changed_after_the_question_is_left_alone(office: Office) -> None:
    message, objects = await running(office)
    await office.say("sam", "subscription cancel at end", reply_to=message)
    put(office, objects, pause_collection={"behavior": "void", "resumes_at": None})
    said = await office.say("sam", "yes", reply_to=office.question().event_id)
    assert "something has changed meanwhile" in said
    assert now(office, objects)["cancel_at_period_end"] is False


async def test_a_price_that_is_not_fixed_is_not_promised(office: Office) -> None:
    message, objects = await running(office)
    items = now(office, objects)["items"]
    (item,) = items["data"]
    loose = {**item, "price": {**item["price"], "unit_amount": None}}
    put(office, objects, items={**items, "data": [loose]}, status="paused")
    said = await office.say("sam", "subscription resume", reply_to=message)
    assert "only be done at Stripe" in said
