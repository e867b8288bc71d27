"""Found by whatever people have at hand, with ways to it, and no more told than the room may show."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.commands.arguments import read
from bridge.commands.find import MOST, Wish, read_wish
from bridge.model.errors import Refused

from .office import ACCOUNT, Office
from .test_care import show_less


@pytest.mark.parametrize(
    ("rest", "kind"),
    [
        ("anna@example.org", "email"),
        ("4242", "last4"),
        ("20.00", "amount"),
        ("20 eur", "amount"),
        ("€20", "amount"),
        ("usd 20", "amount"),
        ("ch_12345678", "id"),
        ("ABCD-0001", "invoice"),
        ("Anna Weber", "name"),
        ("amount=4242", "amount"),
        ("invoice=77", "invoice"),
        ('name="4242"', "name"),
    ],
)
def test_what_is_looked_for_is_seen_by_its_look(rest: str, kind: str) -> None:
    assert read_wish(read(rest)).kind == kind


@pytest.mark.parametrize("rest", ["", "email=a@b x", "email=a@b last4=1", "colour=red"])
def test_one_thing_at_a_time(rest: str) -> None:
    with pytest.raises(Refused, match="Say what"):
        read_wish(read(rest))


@given(st.text())
def test_whatever_is_typed_is_looked_for_as_something(rest: str) -> None:
    try:
        assert isinstance(read_wish(read(rest)), Wish)
    except Refused as refused:
        assert str(refused)


async def test_by_email_at_once_and_whatever_its_letters_a_minute_later(office: Office) -> None:
    made = office.stripe.happen("checkout_succeeds", email="Ada@Example.com", name="Ada Lovelace")
    assert "found nothing" in await office.say("sam", "!stripe find ada@example.com")
    exact = await office.say("sam", "!stripe find Ada@Example.com")
    assert f"customer {made['customer']}: Ada Lovelace, Ada@Example.com" in exact
    office.clock.advance(timedelta(minutes=1))
    said = await office.say("sam", "!stripe find ada@example.com")
    assert made["customer"] in said
    assert "Found 1" in said


async def test_it_leads_to_stripe_and_to_the_room(office: Office) -> None:
    made = office.stripe.happen("checkout_succeeds", email="ada@example.com")
    await office.say("sam", "!stripe find ada@example.com")
    (link,) = office.told[-1].message.links
    assert link.url.endswith(f"/test/customers/{made['customer']}")
    room = await office.room_of(made["customer"])
    await office.say("sam", "!stripe find ada@example.com")
    in_stripe, in_chat = office.told[-1].message.links
    assert (in_chat.label, in_chat.url) == ("1 in its room", f"{room}/None")
    assert in_stripe.label == "1 in Stripe"


async def test_a_payment_leads_to_its_card(office: Office) -> None:
    made = office.stripe.happen("checkout_succeeds", amount=2000, currency="eur")
    await office.arrive(*made["events"])
    card = next(heard for heard in office.told if heard.wanted.card)
    await office.say("sam", f"!stripe find {made['payment_intent']}")
    assert office.told[-1].message.links[-1].url.endswith(card.event_id)


@pytest.mark.parametrize("later", [0, 2, 60])
@pytest.mark.parametrize("text", ["4242", "49.00", "49 eur", "€49"])
async def test_payments_are_found_however_new_they_are(
    office: Office, text: str, later: int
) -> None:
    made = office.stripe.happen("checkout_succeeds", amount=4900, currency="eur")
    office.clock.advance(timedelta(minutes=later))
    said = await office.say("sam", f"!stripe find {text}")
    assert f"payment {made['charge']}: Ada Lovelace" in said
    assert "€49.00, succeeded, 27 Nov 2026" in said


@pytest.mark.parametrize("text", ["50.00", "49 usd", "1881"])
async def test_other_payments_are_not_found(office: Office, text: str) -> None:
    office.stripe.happen("checkout_succeeds", amount=4900, currency="eur")
    office.clock.advance(timedelta(minutes=2))
    assert "found nothing" in await office.say("sam", f"!stripe find {text}")


async def test_an_amount_without_a_currency_means_no_yen(office: Office) -> None:
    office.stripe.happen("checkout_succeeds", amount=4900, currency="jpy")
    assert "found nothing" in await office.say("sam", "!stripe find 49.00")
    assert "JP¥4,900" in await office.say("sam", "!stripe find 4900 jpy")
    assert "several currencies" in await office.say("sam", "!stripe find $20")


async def test_only_so_many_are_told_and_that_there_are_more(office: Office) -> None:
    for _ in range(MOST + 1):
        office.stripe.happen("checkout_succeeds", amount=4900, currency="eur")
    said = await office.say("sam", "!stripe find 49 eur")
    assert "There are more" in said
    assert len(office.told[-1].message.lines) == MOST


async def test_by_an_invoices_number_and_by_a_rooms_name(office: Office) -> None:
    made = office.stripe.happen("renewal_succeeds", name="Grace Hopper")
    invoice = await office.readers[ACCOUNT].invoice(made["invoice"])
    office.clock.advance(timedelta(minutes=2))
    assert str(invoice["number"]) in await office.say("sam", f"!stripe find {invoice['number']}")
    await office.room_of(made["customer"], "Grace Hopper")
    said = await office.say("sam", "!stripe find hopper")
    assert "room of the customer: Grace Hopper" in said
    assert "found nothing" in await office.say("sam", "!stripe find 100%")


async def test_where_stripe_has_no_search_the_newest_are_looked_at(office: Office) -> None:
    made = office.stripe.happen("checkout_succeeds", amount=4900, currency="eur")
    office.stripe.world.searches = False
    said = await office.say("sam", "!stripe find 49 eur")
    assert made["charge"] in said
    assert "search is not there" in said
    said = await office.say("sam", "!stripe find ada@example.com")
    assert made["customer"] in said
    assert "exactly this spelling" in said
    assert "found without a search" in await office.say("sam", "!stripe find ABCD-0001")


async def test_unknown_ids_are_not_found(office: Office) -> None:
    assert "found nothing" in await office.say("sam", "!stripe find ch_12345678")
    assert "can't look up a payout" in await office.say("sam", "!stripe find po_12345678")


@pytest.mark.parametrize("details", ["masked", "none"])
async def test_rooms_show_no_more_than_they_may(office: Office, details: str) -> None:
    office.stripe.happen("checkout_succeeds", email="ada@example.com", name="Ada Lovelace")
    show_less(office, details)
    said = await office.say("sam", "!stripe find ada@example.com")
    assert "Lovelace" not in said
    assert ("a…@example.com" in said) == (details == "masked")
