"""A refund of an invoice's payment can be one that the invoice knows of: a credit note."""

from datetime import timedelta

import pytest
import pytest_asyncio

from bridge.commands.arguments import read
from bridge.commands.credit import take_phrase
from bridge.sandbox.stripe_server import RefundOutcome

from .office import Office
from .till import Till


@pytest_asyncio.fixture
async def till(office: Office) -> Till:
    made = Till(office)
    await made.open()
    return made


async def paid_invoice(till: Till) -> tuple[str, str]:
    """An invoice of €49.00 that is paid, and a message about its payment."""
    made = till.office.stripe.happen("renewal_succeeds", amount=4900, currency="eur")
    return made["invoice"], await till.posted(charge=made["charge"])


def notes(till: Till) -> list[tuple[int, str]]:
    return [(one["amount"], one["invoice"]) for one in till.made("credit_note")]


async def test_it_is_offered_and_a_plain_refund_stays_possible(till: Till) -> None:
    invoice, message = await paid_invoice(till)
    told = await till.ask("refund 20", reply_to=message)
    assert f"It pays the invoice {invoice}, which will not know of the refund." in told
    assert "add `as credit note` to the command" in told
    assert "Refunded €20.00." in told
    assert (notes(till), [amount for amount, _ in till.office.refunds()]) == ([], [2000])


async def test_what_no_invoice_asked_for_is_not_offered_one(till: Till) -> None:
    paid = await till.office.payment()
    assert "credit note" not in await till.say("refund 20", reply_to=paid)
    assert "belongs to no invoice" in await till.say("refund 20 as credit note", reply_to=paid)


async def test_the_note_and_its_refund_are_made_together(till: Till) -> None:
    invoice, message = await paid_invoice(till)
    told = await till.ask("refund 20 duplicate as credit note came twice", reply_to=message)
    assert f"With a credit note: the invoice {invoice} is lowered by as much" in told
    (note,) = till.made("credit_note")
    assert f"Refunded €20.00.\nThe credit note is {note['number']}." in told
    assert (note["amount"], note["invoice"]) == (2000, invoice)
    assert (note["reason"], note["memo"]) == ("duplicate", "came twice")
    assert [amount for amount, _ in till.office.refunds()] == [2000]
    assert "is too much" in await till.say("refund 30 as credit note", reply_to=message)


async def test_a_fraud_is_not_said_to_be_blocked_by_a_note(till: Till) -> None:
    _, message = await paid_invoice(till)
    told = await till.say("refund fraudulent as credit note", reply_to=message)
    assert "block this card" not in told
    assert "block this card" in await till.say("refund fraudulent", reply_to=message)


async def test_how_its_refund_ends_is_told_in_the_thread_once(till: Till) -> None:
    _, message = await paid_invoice(till)
    await till.hears()
    till.office.stripe.refund_next(RefundOutcome(status="pending", pending_reason="processing"))
    told = await till.ask("refund 20 as credit note", reply_to=message)
    assert "The refund of €20.00 is pending." in told
    assert await till.hears() == []
    till.office.stripe.happen("refund_settles")
    (told_later,) = await till.hears()
    assert "Refund" in told_later.message.title
    assert "€20.00" in told_later.message.title


@pytest.mark.parametrize("kind", ["cut", "error_after", "error", "refused"])
async def test_an_unanswered_call_makes_one_note(till: Till, kind: str) -> None:
    invoice, message = await paid_invoice(till)
    till.fail(kind, "/v1/credit_notes")
    told = await till.ask("refund 20 as credit note", reply_to=message)
    assert "answer did not arrive" in told
    till.office.stripe.forget_idempotency()
    for _ in range(30):
        await till.office.later(timedelta(minutes=1))
    assert notes(till) == [(2000, invoice)]
    assert [amount for amount, _ in till.office.refunds()] == [2000]
    assert sum("Refunded €20.00." in one.words for one in till.told) == 1


async def test_it_is_looked_at_again_before_the_call(till: Till) -> None:
    _, message = await paid_invoice(till)
    await till.say("refund 40 as credit note", reply_to=message)
    first = till.told[-1].event_id
    await till.ask("refund 20 as credit note", reply_to=message)
    assert "something has changed meanwhile" in await till.say("yes", reply_to=first)
    assert [amount for amount, _ in notes(till)] == [2000]


@pytest.mark.parametrize(
    ("typed", "wanted", "rest"),
    [
        ("20 as credit note", True, "20"),
        ("20 as a Credit Note came twice", True, "20 came twice"),
        ("as credit", True, ""),
        ("20 with credit note", True, "20"),
        ("20 gave her credit", False, "20 gave her credit"),
        ('20 "as credit note"', False, "20 as credit note"),
    ],
)
def test_how_it_is_said(typed: str, wanted: bool, rest: str) -> None:
    found, arguments = take_phrase(read(typed))
    assert (found, arguments.text) == (wanted, rest)
