"""`retry` charges an open invoice again, once; what the bank says is an answer."""

from datetime import timedelta

import pytest

from bridge.model.signal import Objects
from bridge.sandbox.stripe_server import Fault

from .office import Office

PAY = "/v1/invoices/{}/pay"


def mended(office: Office) -> None:
    office.stripe.world.declines.clear()


def state(office: Office, objects: Objects) -> tuple[str, int]:
    invoice = office.stripe.world.store.get("invoice", objects.invoice or "")
    assert invoice
    return invoice["status"], invoice["amount_paid"]


async def confirmed(office: Office, message: str, text: str = "retry") -> str:
    await office.say("sam", text, reply_to=message)
    return await office.say("sam", "yes", reply_to=office.question().event_id)


async def in_time(office: Office, minutes: int = 20) -> None:
    for _ in range(minutes):
        await office.later(timedelta(minutes=1))


async def test_it_is_asked_and_then_paid_once(office: Office) -> None:
    message, objects = await office.renewal()
    mended(office)
    said = await office.say("sam", "retry", reply_to=message)
    assert "Charge invoice" in said
    assert "of €29.00 again, now?" in said
    assert "tried once" in said
    assert state(office, objects) == ("open", 0)
    assert "Paid: €29.00" in await office.say("sam", "yes", reply_to=office.question().event_id)
    assert state(office, objects) == ("paid", 2900)
    entry = (await office.trail())[-1]
    assert (entry["amount"], entry["currency"]) == (2900, "eur")
    assert (entry["before"]["status"], entry["after"]["status"]) == ("open", "paid")
    assert entry["request"][:4] == "req_"


async def test_a_decline_is_a_result_in_words(office: Office) -> None:
    message, objects = await office.renewal()
    said = await confirmed(office, message)
    assert "Declined: Your card has insufficient funds." in said
    assert "Tried 2 times; Stripe tries again by itself on" in said
    assert state(office, objects) == ("open", 0)
    entry = (await office.trail())[-1]
    assert (entry["what"], entry["outcome"]) == ("failed", "declined")


@pytest.mark.parametrize(("mend", "words"), [(True, "Paid: €29.00"), (False, "Declined: Your")])
@pytest.mark.parametrize("kind", ["cut", "error_after", "error", "refused"])
async def test_an_unanswered_call_is_looked_up(
    office: Office, kind: str, mend: bool, words: str
) -> None:
    message, objects = await office.renewal()
    if mend:
        mended(office)
    office.stripe.fail_next(Fault(kind, method="POST", path=PAY.format(objects.invoice)))
    await confirmed(office, message)
    await in_time(office)
    assert sum(words in heard.words for heard in office.told) == 1
    paid = [one for one in office.stripe.ledger() if one["amount_captured"]]
    assert len(paid) == (1 if mend else 0)
    tries = office.stripe.world.store.get("invoice", objects.invoice or "")
    assert tries
    assert tries["attempt_count"] == 2


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("paid", "is paid already. There is nothing to retry."),
        ("void", "is void: nobody owes anything for it."),
        ("uncollectible", "was marked uncollectible."),
        ("draft", "is only a draft"),
    ],
)
async def test_what_cannot_be_paid_is_refused_with_a_sentence(
    office: Office, end: str, words: str
) -> None:
    message, objects = await office.renewal()
    invoice = office.stripe.world.store.get("invoice", objects.invoice or "")
    assert invoice
    office.stripe.world.store.put({**invoice, "status": end})
    assert words in await office.say("sam", "retry", reply_to=message)


async def test_what_changed_after_the_question_is_not_charged(office: Office) -> None:
    message, objects = await office.renewal()
    mended(office)
    await office.say("sam", "retry", reply_to=message)
    office.stripe.happen("renewal_recovers", invoice=objects.invoice)
    said = await office.say("sam", "yes", reply_to=office.question().event_id)
    assert "Nothing was charged, for something has changed meanwhile" in said
    assert len([one for one in office.stripe.ledger() if one["amount_captured"]]) == 1


async def test_which_invoice_is_asked_back(office: Office) -> None:
    _, first = await office.renewal()
    office.stripe.happen(
        "renewal_fails", customer=first.customer, subscription=first.subscription, currency="eur"
    )
    customer = await office.posted(Objects(customer=first.customer))
    await office.say("sam", "retry", reply_to=customer)
    (heard,) = office.told
    assert "Which invoice do you want to retry?" in heard.words
    assert any(f"!stripe retry {first.invoice}" in line for line in heard.message.lines)
    mended(office)
    assert "Paid: €29.00" in await confirmed(office, customer, f"retry {first.invoice}")
    assert state(office, first) == ("paid", 2900)


@pytest.mark.parametrize("text", ["retry please", "retry now", "retry invoice=in_1234"])
async def test_other_words_are_asked_back(office: Office, text: str) -> None:
    message, _ = await office.renewal()
    assert "Write just `retry`" in await office.say("sam", text, reply_to=message)
