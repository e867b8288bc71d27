"""`invoice`: four calls that are cut off anywhere and still make one invoice, sent once, or none."""

from datetime import timedelta
from typing import Any

import pytest

from bridge.model.signal import Objects
from bridge.sandbox.stripe_server import Fault

from .office import Office

CREATE, ITEM = "/v1/invoices", "/v1/invoiceitems"
FINALIZE, SEND = "/v1/invoices/*/finalize", "/v1/invoices/*/send"


async def room(office: Office, **given: Any) -> str:
    """A message about a customer, as in that customer's room."""
    made = office.stripe.happen("checkout_succeeds", currency="eur", **given)
    return await office.posted(Objects(customer=made["customer"]))


async def asked(office: Office, text: str = "invoice 120.00 eur for consulting") -> str:
    message = await room(office)
    await office.say("sam", text, reply_to=message)
    return await office.say("sam", "yes", reply_to=office.question().event_id)


def bills(office: Office) -> list[dict[str, Any]]:
    """The invoices that were asked for in chat, drafts too."""
    return [one for one in office.stripe.world.store.oldest_first("invoice") if one["metadata"]]


def sent(office: Office) -> int:
    return sum(one.type == "invoice.sent" for one in office.stripe.world.events)


def told(office: Office, words: str) -> int:
    return sum(words in heard.words for heard in office.told)


async def in_time(office: Office, minutes: int = 20) -> None:
    for _ in range(minutes):
        await office.later(timedelta(minutes=1))


async def test_it_is_asked_made_and_sent(office: Office) -> None:
    message = await room(office, name="Ada Lovelace")
    said = await office.say(
        "sam", 'invoice 120.00 eur for "consulting in November" due=14', reply_to=message
    )
    assert "Send Ada Lovelace an invoice of €120.00?" in said
    assert "For: consulting in November" in said
    assert "within 14 days" in said
    assert bills(office) == []
    said = await office.say("sam", "yes", reply_to=office.question().event_id)
    assert "Sent: invoice" in said
    assert "To be paid by 11 Dec 2026." in said
    (made,) = bills(office)
    assert (made["status"], made["total"], made["currency"]) == ("open", 12_000, "eur")
    assert made["collection_method"] == "send_invoice"
    (line,) = made["lines"]["data"]
    assert (line["description"], line["amount"]) == ("consulting in November", 12_000)
    assert sent(office) == 1
    entry = (await office.trail())[-1]
    assert (entry["action"], entry["amount"]) == (made["metadata"]["chat_action"], 12_000)


@pytest.mark.parametrize("kind", ["cut", "error_after", "error", "refused"])
@pytest.mark.parametrize("path", [CREATE, ITEM, FINALIZE, SEND])
async def test_cut_off_at_any_call_it_is_gone_on_with(office: Office, path: str, kind: str) -> None:
    office.stripe.fail_next(Fault(kind, method="POST", path=path))
    await asked(office)
    await in_time(office)
    (made,) = bills(office)
    assert (made["status"], made["total"]) == ("open", 12_000)
    assert (sent(office), told(office, "Sent: invoice")) == (1, 1)
    assert await office.faults() == []


@pytest.mark.parametrize("path", [ITEM, FINALIZE, SEND])
async def test_it_is_gone_on_with_after_the_keys_were_forgotten(office: Office, path: str) -> None:
    """What is there is found by its metadata, so nothing depends on the keys."""
    office.stripe.fail_next(Fault("error", method="POST", path=path))
    await asked(office)
    office.stripe.api.idempotency.forget()
    await in_time(office)
    assert [(one["status"], one["total"]) for one in bills(office)] == [("open", 12_000)]
    assert (sent(office), told(office, "Sent: invoice")) == (1, 1)


async def test_what_stripe_does_not_take_leaves_no_draft(office: Office) -> None:
    message = await room(office)
    await office.say("sam", "invoice 120 eur for x", reply_to=message)
    cut = office.stripe.api.keys.writer
    office.stripe.api.keys.writer = cut.__class__(
        cut.name, cut.value, granted=frozenset({"rak_invoice_write"})
    )
    said = await office.say("sam", "yes", reply_to=office.question().event_id)
    assert "Stripe refused it; nothing was changed." in said
    assert "rak_invoice_item_write" in said
    assert bills(office) == []
    assert (await office.happened())[-1] == "failed"


async def test_a_draft_that_somebody_changed_is_not_sent(office: Office) -> None:
    office.stripe.fail_next(Fault("error", method="POST", path=FINALIZE))
    await asked(office)
    (draft,) = bills(office)
    office.stripe.world.store.put({**draft, "total": 999_900})
    await in_time(office)
    assert bills(office) == []
    assert (told(office, "and not €120.00"), sent(office)) == (1, 0)


async def test_a_freeze_in_between_takes_the_draft_back(office: Office) -> None:
    office.stripe.fail_next(Fault("error", method="POST", path=FINALIZE))
    await asked(office)
    assert len(bills(office)) == 1
    await office.say("sam", "!stripe freeze")
    await in_time(office)
    assert bills(office) == []
    assert (await office.happened())[-1] == "failed"
    assert told(office, "are frozen; nothing was done") == 1


async def test_what_is_final_and_cannot_be_sent_is_told_as_owed(office: Office) -> None:
    office.stripe.fail_next(Fault("error", method="POST", path=SEND))
    await asked(office)
    await office.say("sam", "!stripe freeze")
    await in_time(office)
    (made,) = bills(office)
    assert (made["status"], sent(office)) == ("open", 0)
    assert told(office, "is made, but was not sent") == 1
    assert told(office, f"invoice send {made['id']}") == 1
    assert (await office.happened())[-1] == "succeeded"


async def test_after_a_day_nothing_is_left_of_what_was_cut_off(office: Office) -> None:
    office.stripe.fail_next(Fault("cut", method="POST", path=CREATE))
    office.stripe.fail_next(Fault("refused", method="GET", path=CREATE, times=3))
    await asked(office)
    await office.later(timedelta(hours=25))
    await in_time(office, 5)
    assert bills(office) == []
    assert told(office, "nothing was done") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("invoice", "How much, and what for?"),
        ("invoice 120", "In which currency?"),
        ("invoice 120 eur", "What is it for?"),
        ("invoice for consulting", "How much, and what for?"),
        ("invoice 0 eur for nothing", "more than nothing"),
        ("invoice 1.234 eur for x", "could be read in two ways"),
        ("invoice 12 xyz for x", "not an amount in a currency I know"),
        ("invoice 12 $ for x", "In which currency (aud or brl or"),
        ("invoice 12 eur for x due=soon", "Due in how many days?"),
        ("invoice 12 eur for x due=400", "at most 365"),
        ("invoice 12 eur for x to=cus_1", "I don't know what to= is here"),
        ("invoice 12 eur for x for=y", "You say it twice"),
    ],
)
async def test_what_cannot_be_read_is_asked_back(office: Office, text: str, words: str) -> None:
    message = await room(office)
    assert words in await office.say("sam", text, reply_to=message)
    assert "asked" not in await office.happened()


async def test_whom_it_is_for_is_not_guessed(office: Office) -> None:
    assert "Whose invoice?" in await office.say("sam", "!stripe invoice 12 eur for x")
    message = await room(office, email="")
    said = await office.say("sam", "invoice 12 eur for x", reply_to=message)
    assert "no e-mail address of this customer" in said


async def test_what_is_asked_for_counts_against_the_limits(office: Office) -> None:
    limits = [{"currency": "eur", "per_action": 200, "per_person_day": 300}]
    office.rebuild(
        office.config.__class__.model_validate(office.config.model_dump() | {"limits": limits})
    )
    message = await room(office)
    said = await office.say("sam", "invoice 201 eur for x", reply_to=message)
    assert "limit is €200.00 at once" in said
    await asked(office, "invoice 150 eur for x")
    said = await office.say("sam", "invoice 151 eur for x", reply_to=message)
    assert "€150.00 of it are used" in said
    assert [one["total"] for one in bills(office)] == [15_000]


async def open_one(office: Office) -> tuple[str, str]:
    """An invoice that was sent, and a message about it."""
    await asked(office)
    (made,) = bills(office)
    return await office.posted(Objects(customer=made["customer"], invoice=made["id"])), made["id"]


@pytest.mark.parametrize(
    ("do", "question", "words", "status"),
    [
        ("void", "Void invoice", "is void.", "void"),
        ("uncollectible", "as uncollectible?", "is marked as uncollectible.", "uncollectible"),
        ("send", "to the customer by e-mail?", "Sent: invoice", "open"),
    ],
)
@pytest.mark.parametrize("kind", [None, "cut", "error"])
async def test_what_becomes_of_an_invoice(
    office: Office, do: str, question: str, words: str, status: str, kind: str | None
) -> None:
    message, name = await open_one(office)
    assert question in await office.say("sam", f"invoice {do}", reply_to=message)
    if kind:
        office.stripe.fail_next(Fault(kind, method="POST", path=f"/v1/invoices/{name}/*"))
    before = told(office, words)
    await office.say("sam", "yes", reply_to=office.question().event_id)
    await in_time(office, 5)
    assert told(office, words) == before + 1
    assert [one["status"] for one in bills(office)] == [status]
    assert sent(office) == (2 if do == "send" else 1)


async def test_what_is_over_is_told(office: Office) -> None:
    message, name = await open_one(office)
    await office.say("sam", f"invoice void {name}", reply_to=message)
    await office.say("sam", "yes", reply_to=office.question().event_id)
    for do, words in (("void", "is void"), ("send", "is void"), ("uncollectible", "is void")):
        assert words in await office.say("sam", f"invoice {do}", reply_to=message)
    unpaid, _ = await office.renewal()
    assert "is charged by Stripe" in await office.say("sam", "invoice send", reply_to=unpaid)
    paid, _ = await office.renewal("renewal_succeeds")
    assert "To give the money back" in await office.say("sam", "invoice void", reply_to=paid)


async def test_giving_up_counts_and_reminding_does_not(office: Office) -> None:
    message, _ = await open_one(office)
    await office.say("sam", "invoice send", reply_to=message)
    await office.say("sam", "yes", reply_to=office.question().event_id)
    await office.say("sam", "invoice void", reply_to=message)
    await office.say("sam", "yes", reply_to=office.question().event_id)
    done = [one for one in await office.trail() if one["what"] == "succeeded"]
    assert [one["amount"] for one in done] == [12_000, None, 12_000]
