"""Customers are asked to pay: once, for exactly that, and nothing is told as paid that is not."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from .office import Office
from .till import HOME, THANKS, Till


@pytest_asyncio.fixture
async def till(office: Office) -> Till:
    made = Till(office)
    await made.open()
    return made


async def test_a_link_is_made_after_a_yes_and_works_once(till: Till) -> None:
    assert "Make a link to pay €50.00 for “a lamp”?" in await till.say(
        "!stripe pay 50.00 eur for a lamp"
    )
    assert till.made("payment_link") == []
    told = await till.say("yes", reply_to=till.told[-1].event_id)
    assert "€50.00 can be paid for “a lamp”." in told
    (link,) = till.made("payment_link")
    assert link["restrictions"]["completed_sessions"]["limit"] == 1
    assert [one.url for one in till.told[-1].message.links] == [link["url"]]
    (item,) = till.office.stripe.world.store.belongings(link["id"])
    assert (item["amount_total"], item["currency"], item["description"]) == (5000, "eur", "a lamp")


@pytest.mark.parametrize("how", ["named", "address", "ADDRESS", "room"])
async def test_a_known_customer_gets_a_checkout_that_ends(till: Till, how: str) -> None:
    customer = till.customer(email="ada@example.com")
    named = {"named": customer, "address": "ada@example.com", "ADDRESS": "Ada@Example.com"}
    if how == "room":
        await till.home(customer)
        told = await till.ask("!stripe pay 20 eur", room=HOME)
    else:
        told = await till.ask(f"!stripe pay 20 eur to {named[how]} for postage")
    assert f"Ask {customer} to pay €20.00" in told
    session = till.made("checkout.session")[-1]
    assert (session["customer"], session["amount_total"]) == (customer, 2000)
    assert (session["status"], session["success_url"]) == ("open", THANKS)
    assert [one.url for one in till.told[-1].message.links] == [session["url"]]
    assert "28 Nov 2026, 12:00 UTC" in [str(fact.value) for fact in till.told[-1].message.facts]


async def test_without_a_page_to_come_back_to_a_customer_gets_a_link(till: Till) -> None:
    await till.open(thanks_url=None)
    customer = till.customer()
    assert "needs `thanks_url`" in await till.ask(f"!stripe pay 20 eur to {customer}")
    assert len(till.made("payment_link")) == 1


async def test_anyone_may_be_meant_in_a_customers_room(till: Till) -> None:
    await till.home(till.customer())
    assert "Make a link" in await till.say("!stripe pay 20 eur to anyone", room=HOME)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("pay", "How much?"),
        ("pay attention", "How much?"),
        ("pay 50", "In which currency?"),
        ("pay $50", "Which currency do you mean?"),
        ("pay 1,234 eur", "could be read in two ways"),
        ("pay 50.0005 eur", "EUR has 2 decimals"),
        ("pay 50 lamps", "a currency I know"),
        ("pay 50 eur lamps", "I don't understand “lamps”"),
        ("pay 50 eur for", "What is it for?"),
        ("pay 50 eur to ada", "I don't understand “to ada”"),
        ("pay 50 eur to=ada", "“ada” is no customer's id"),
        ("pay 50 eur to cus_1 to cus_2", "You name several"),
        ("pay 50 eur to nobody@example.com", "Stripe knows no customer"),
        ("pay 50 eur to cus_unknown", "No such customer"),
        ("pay 50 eur colour=red", "I don't know what colour= is here"),
        (f"pay 50 eur for {'x' * 201}", "at most 200 letters"),
        ("pay -50 eur", "is not an amount"),
        ("pay 0 eur", "more than nothing"),
    ],
)
async def test_what_is_unclear_is_asked_back(till: Till, typed: str, answer: str) -> None:
    told = await till.ask(f"!stripe {typed}")
    assert answer in told
    assert (till.made("payment_link"), till.made("checkout.session")) == ([], [])


async def test_the_usual_currency_is_the_accounts_or_the_customers(till: Till) -> None:
    await till.open(currency="usd")
    assert "pay US$20.00" in await till.say("!stripe pay 20")
    assert "pay US$20.00" in await till.say("!stripe pay $20")
    customer = till.customer()
    till.office.stripe.world.store.get("customer", customer)["currency"] = "eur"  # type: ignore[index]
    await till.say(f"!stripe pay 20 for a lamp to {customer}")
    lines = till.told[-1].message.lines
    assert [line for line in lines if "pay 20 eur for a lamp to" in line]
    assert [line for line in lines if "pay 20 usd for a lamp to" in line]


async def test_of_several_customers_with_one_address_one_is_chosen(till: Till) -> None:
    first, second = (till.customer(email="two@example.com") for _ in range(2))
    assert "Which one?" in await till.say("!stripe pay 20 eur for tea to two@example.com")
    lines = " ".join(till.told[-1].message.lines)
    assert f"pay 20 eur for tea to {first}" in lines
    assert f"pay 20 eur for tea to {second}" in lines


async def test_what_it_is_for_cannot_break_out(till: Till) -> None:
    await till.ask("!stripe pay 20 eur for a\u202elamp\u200b @room\n<b>http://evil.example</b>")
    (link,) = till.made("payment_link")
    (item,) = till.office.stripe.world.store.belongings(link["id"])
    assert item["description"] == "alamp @room <b>http://evil.example</b>"


# What became of it.


async def test_it_is_told_as_paid_once(till: Till) -> None:
    link, _ = await till.link()
    await till.hears()
    paid = till.office.stripe.happen("link_is_paid", payment_link=link)
    (told,) = await till.hears()
    assert told.message.title.startswith("Paid: €50.00")
    assert told.wanted.objects.payment_intent == paid["payment_intent"]
    event = next(
        e for e in till.office.stripe.events() if e["type"] == "checkout.session.completed"
    )
    await till.bring({**event, "id": "evt_again"})
    assert [one for one in till.told if "Paid" in one.words] == [told]
    assert "Refund €50.00 of €50.00" in await till.say("refund", reply_to=told.event_id)


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
async def test_a_slow_payment_is_paid_when_it_is(till: Till, outcome: str) -> None:
    link, _ = await till.link()
    await till.hears()
    till.office.stripe.happen("link_is_paid_later", payment_link=link, outcome="pending")
    (told,) = await till.hears()
    assert told.message.title.startswith("Not paid yet")
    till.office.stripe.happen("late_payment_settles", outcome=outcome)
    (told,) = await till.hears()
    assert told.message.title.startswith(
        "Paid: €50.00" if outcome == "succeeded" else "Not paid, the customer's bank refused"
    )


async def test_late_events_do_not_take_it_back(till: Till) -> None:
    link, _ = await till.link()
    await till.hears()
    till.office.stripe.happen("link_is_paid_later", payment_link=link, outcome="succeeded")
    told = await till.hears(backwards=True, only="checkout.session")
    assert [one.message.title.partition(":")[0] for one in told] == ["Paid"]


async def test_a_checkout_that_ends_unpaid_is_told(till: Till) -> None:
    await till.ask(f"!stripe pay 20 eur to {till.customer()}")
    await till.hears()
    till.office.stripe.happen("checkout_expires")
    (told,) = await till.hears()
    assert told.message.title.startswith("Not paid, the checkout has ended")


async def test_who_only_looks_at_a_link_does_not_end_it(till: Till) -> None:
    link, _ = await till.link()
    visit(till, link)
    await till.hears()
    till.office.stripe.happen("checkout_expires")
    assert await till.hears() == []


# Exactly once.


@pytest.mark.parametrize("whom", ["anyone", "customer"])
@pytest.mark.parametrize("kind", ["cut", "error_after", "error", "refused"])
async def test_an_unanswered_call_makes_one_page(till: Till, kind: str, whom: str) -> None:
    customer = till.customer() if whom == "customer" else "anyone"
    before = len(till.made("checkout.session"))
    till.fail(kind, "/v1/checkout/sessions" if whom == "customer" else "/v1/payment_links")
    told = await till.ask(f"!stripe pay 20 eur to {customer}")
    assert "answer did not arrive" in told
    till.office.stripe.forget_idempotency()
    for _ in range(30):
        await till.office.later(timedelta(minutes=1))
    made = till.made("payment_link") + till.made("checkout.session")[before:]
    assert len(made) == 1
    urls = [link.url for one in till.told for link in one.message.links]
    assert urls == [made[0]["url"]]
    assert (await till.office.happened())[-2:] == ["unknown", "succeeded"]


# Taking it back.


def visit(till: Till, link: str) -> Any:
    """Somebody opens the link, and has not paid yet: the session."""
    from bridge.sandbox.stripe_server import checkouts
    from bridge.sandbox.stripe_server.world import Desk

    world = till.office.stripe.world
    return checkouts.visit(Desk(world), world.store.get("payment_link", link))  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["withdraw", "cancel"])
async def test_a_link_is_closed_with_those_who_have_it_open(till: Till, word: str) -> None:
    link, message = await till.link()
    session = visit(till, link)
    told = await till.ask(word, reply_to=message)
    assert "Withdraw the payment link over €50.00?" in told
    assert "nobody can pay with it any more" in told
    assert till.made("payment_link")[0]["active"] is False
    assert till.office.stripe.world.store.get("checkout.session", session["id"])["status"] == (  # type: ignore[index]
        "expired"
    )
    assert "withdrawn already" in await till.say("withdraw", reply_to=message)
    assert await till.hears() == []


async def test_a_checkout_is_closed(till: Till) -> None:
    await till.ask(f"!stripe pay 20 eur to {till.customer()}")
    message = till.told[-1].event_id
    assert "The checkout is withdrawn" in await till.ask("withdraw", reply_to=message)
    assert till.made("checkout.session")[-1]["status"] == "expired"
    assert "has ended, unpaid" in await till.say("withdraw", reply_to=message)
    assert await till.hears() == []


async def test_the_only_one_of_a_thread_needs_no_reply(till: Till) -> None:
    await till.link()
    thread = till.told[-1].wanted.thread
    assert "Withdraw the payment link" in await till.say("!stripe withdraw", thread=thread)
    assert "can't tell what to withdraw" in await till.say("!stripe withdraw")


@pytest.mark.parametrize("late", [True, False])
async def test_who_paid_meanwhile_has_paid(till: Till, *, late: bool) -> None:
    link, message = await till.link()
    await till.say("withdraw", reply_to=message)
    question = till.told[-1].event_id
    way = "link_is_paid_later" if late else "link_is_paid"
    till.office.stripe.happen(way, payment_link=link, **({"outcome": "pending"} if late else {}))
    told = await till.say("yes", reply_to=question)
    assert "Nothing was withdrawn." in told
    assert ("money is on its way" if late else "It has been paid") in told


async def test_who_pays_in_the_last_moment_is_told_as_it_is(till: Till) -> None:
    """Between the last look and the call."""
    link, message = await till.link()
    session = visit(till, link)
    await till.say("withdraw", reply_to=message)
    writer = till.office.writers["acme"]
    close = writer.close_link

    async def paid_first(*args: Any, **more: Any) -> Any:
        till.office.stripe.happen("checkout_is_paid", checkout_session=session["id"])
        return await close(*args, **more)

    writer.close_link = paid_first  # type: ignore[method-assign]
    told = await till.say("yes", reply_to=till.told[-1].event_id)
    assert "Too late: It has been paid." in told
    assert (await till.office.happened())[-1] == "failed"


@pytest.mark.parametrize("kind", ["cut", "error_after", "error"])
@pytest.mark.parametrize("path", ["/v1/payment_links/", "/expire"])
async def test_an_unanswered_withdrawal_is_finished(till: Till, kind: str, path: str) -> None:
    link, message = await till.link()
    session = visit(till, link)
    full = {"/expire": f"/v1/checkout/sessions/{session['id']}/expire"}
    till.fail(kind, full.get(path, f"/v1/payment_links/{link}"))
    await till.ask("withdraw", reply_to=message)
    for _ in range(30):
        await till.office.later(timedelta(minutes=1))
    assert sum("is withdrawn" in one.words for one in till.told) == 1
    assert till.made("payment_link")[0]["active"] is False
    assert till.made("checkout.session")[-1]["status"] == "expired"


async def test_cancel_is_a_no_where_something_is_asked(till: Till) -> None:
    await till.say("!stripe pay 20 eur")
    told = await till.say("cancel", reply_to=till.told[-1].event_id)
    assert "Dropped" in told
