"""What a command is about when it is not a reply: an id, or the customer's only payment; never a guess."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.commands.arguments import Arguments
from bridge.commands.naming import again, named, take_ids
from bridge.model.command import Command

from .office import Office


def bought(office: Office, customer: str | None = None, amount: int = 4900) -> tuple[str, str, str]:
    """Customer, PaymentIntent, charge."""
    given = {"customer": customer} if customer else {"email": f"{amount}@example.org"}
    made = office.stripe.happen("checkout_succeeds", amount=amount, currency="eur", **given)
    return made["customer"], made["payment_intent"], made["charge"]


async def test_the_only_payment_of_a_customer_is_taken_and_named(office: Office) -> None:
    customer, _, charge = bought(office)
    room = await office.room_of(customer)
    said = await office.say("sam", "!stripe refund 20 came late", room=room)
    assert f"Refund €20.00 of €49.00 ({charge})?" in said
    question = office.question()
    assert question.wanted.objects.charge == charge
    await office.say("sam", "yes", reply_to=question.event_id, room=room)
    assert [amount for amount, _ in office.refunds()] == [2000]


async def test_several_payments_are_asked_back_with_the_exact_command(office: Office) -> None:
    customer, _, first = bought(office)
    _, _, second = bought(office, customer, 8000)
    room = await office.room_of(customer)
    said = await office.say("sam", "!stripe refund 20 came late", room=room)
    assert "Which payment do you want to refund?" in said
    commands = re.findall(r"`(.+?)`", said)
    assert commands == [f"!stripe refund {one} 20 came late" for one in (second, first)]
    assert "€80.00 of 27 Nov 2026" in said
    assert f"Refund €20.00 of €49.00 ({first})?" in await office.say("sam", commands[1], room=room)


async def test_what_cannot_be_refunded_is_no_candidate(office: Office) -> None:
    customer, _, charge = bought(office)
    _, _, other = bought(office, customer, 8000)
    room = await office.room_of(customer)
    await office.say("sam", f"!stripe refund all {charge}", room=room)
    await office.say("sam", "yes", reply_to=office.question().event_id, room=room)
    assert f"({other})?" in await office.say("sam", "!stripe refund 20", room=room)


async def test_without_any_payment_it_is_said(office: Office) -> None:
    customer = office.stripe.happen("payment_fails")["customer"]
    room = await office.room_of(customer)
    said = await office.say("sam", "!stripe refund 20", room=room)
    assert "no payment that you could refund" in said


@pytest.mark.parametrize("words", ["20 {pi}", "{pi} 20", "20 {ch} came late", "20 eur {ch}"])
async def test_an_id_anywhere_is_enough_in_any_room(office: Office, words: str) -> None:
    _, intent, charge = bought(office)
    said = await office.say("sam", f"!stripe refund {words.format(pi=intent, ch=charge)}")
    assert f"Refund €20.00 of €49.00 ({charge})?" in said


async def test_in_a_dispute_it_is_the_disputed_payment(office: Office) -> None:
    _, _, charge = bought(office)
    dispute = office.stripe.happen("dispute_opens", charge=charge)["dispute"]
    assert "is disputed" in await office.say("sam", f"!stripe refund 20 {dispute}")


async def test_a_customer_by_id_is_looked_through(office: Office) -> None:
    customer, _, charge = bought(office)
    assert f"({charge})?" in await office.say("sam", f"!stripe refund 20 {customer}")


async def test_show_and_notes_take_an_id_in_any_room(office: Office) -> None:
    customer, intent, charge = bought(office)
    assert "Payment of €49.00" in await office.say("sam", f"!stripe show {intent}")
    assert "Ada Lovelace" in await office.say("sam", f"!stripe show {customer}")
    room = await office.room_of(customer)
    await office.say("sam", "!stripe note hers", room=room)
    await office.say("sam", f"!stripe notes {customer}")
    assert [fact.value for fact in office.told[-1].message.facts] == ["hers"]
    assert "Nobody has written" in await office.say("sam", f"!stripe notes {charge}")
    said = await office.say("sam", f"!stripe show {charge} {customer}")
    assert f"`!stripe show {charge}`" in said


async def test_a_reply_and_another_id_is_asked_back(office: Office) -> None:
    paid = await office.payment()
    _, _, other = bought(office)
    said = await office.say("sam", f"refund 20 {other}", reply_to=paid)
    assert "You reply to a message about ch_" in said
    assert f"`!stripe refund {other} 20`" in said


async def test_an_id_of_what_is_replied_to_is_no_contradiction(office: Office) -> None:
    paid = await office.payment()
    charge = office.stripe.ledger()[0]["charge"]
    assert "Refund €20.00" in await office.say("sam", f"refund 20 {charge}", reply_to=paid)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("refund 20", "Reply to the message"),
        ("refund 20 sub_12345678", "sub_12345678 is a subscription, and no payment"),
        ("refund ch_12345678 20 ch_87654321", "You name several. Which one?"),
        ("refund 20 ch_12345678", "No such charge"),
    ],
)
async def test_what_names_no_payment_is_told(office: Office, text: str, words: str) -> None:
    assert words in await office.say("sam", f"!stripe {text}")


async def test_a_number_among_the_words_is_asked_back(office: Office) -> None:
    paid = await office.payment()
    charge = office.stripe.ledger()[0]["charge"]
    said = await office.say("sam", "refund came 2 days late", reply_to=paid)
    assert "Is “2” how much?" in said
    whole = f"!stripe refund {charge} all came 2 days late"
    assert f"`{whole}`" in said
    assert "Refund €100.00 of €100.00 (all of it)" in await office.say("sam", whole)
    assert "Refund €2.00" in await office.say("sam", f"!stripe refund {charge} 2 came 2 days late")


@pytest.mark.parametrize(
    "word", ["ch_", "ch_1", "xch_12345678", "ch_12345678.", "note", "re_é12345"]
)
def test_words_that_are_no_ids(word: str) -> None:
    assert named(word) is None


@given(
    st.lists(st.sampled_from(["20", "eur", "late", "ch_12345678", "pi_12345678", "ch_12345678"]))
)
def test_ids_are_taken_out_once_and_the_rest_keeps_its_order(words: list[str]) -> None:
    ids, rest = take_ids(Arguments(tuple(words)))
    assert {one.id for one in ids} == {word for word in words if "_" in word}
    assert len(ids) == len(set(ids))
    assert list(rest.words) == [word for word in words if "_" not in word]


def test_a_choice_names_the_object_first_and_drops_the_others() -> None:
    command = Command("refund", "20 ch_12345678 came   late")
    assert again(command, "ch_87654321") == "!stripe refund ch_87654321 20 came late"
