"""Who may and did what, and why a message came or did not."""

import pytest
from sqlalchemy import select, update

from bridge.config.schema import Match, Route
from bridge.store.tables import card, inbox

from .office import Office


async def facts(office: Office, text: str, **how: str) -> dict[str, str]:
    await office.say("sam", text, **how)
    return {fact.label: fact.value for fact in office.told[-1].message.facts}


async def test_who_is_who_tells_roles_people_and_verbs(office: Office) -> None:
    found = await facts(office, "!stripe who")
    assert found["support"].startswith("sam, sid – may refund")
    assert found["engineer"] == "eva – may show, help"


async def test_who_may_and_who_may_approve(office: Office) -> None:
    assert await facts(office, "!stripe who refund") == {
        "May ask for it": "sam, sid, fin, fay",
        "May approve it": "fin, fay (finance)",
    }
    assert await facts(office, "!stripe who help") == {"May ask for it": "everybody"}
    assert "Write `who`" in await office.say("sam", "!stripe who dances")


async def test_who_did_something_about_it(office: Office) -> None:
    paid = await office.payment()
    await office.say("sam", "refund 60", reply_to=paid)
    await office.say("sam", "yes", thread=paid)
    await office.say("fin", "approve", thread=paid)
    await office.say("sid", "ack", reply_to=paid)
    await office.say("sid", "assign me", reply_to=paid)
    found = await facts(office, "who", reply_to=paid)
    assert found["Did"] == "sam: refund, succeeded, approved by fin"
    assert (found["Has seen it"], found["Takes care of it"]) == ("sid", "sid")


async def test_why_a_card_came(office: Office) -> None:
    made = office.stripe.happen("checkout_succeeds", amount=4900, currency="eur")
    await office.arrive(*made["events"])
    card = next(heard for heard in office.told if heard.wanted.card)
    found = await facts(office, "why", reply_to=card.event_id)
    assert "It came by the rule" in office.told[-1].message.title
    assert found["Event"] in made["events"]
    assert found["Rule received"].startswith("matches: goes to #payments")
    assert found["Rule page"].startswith("its class is")
    assert (await facts(office, "why", thread=card.event_id))["Event"] == found["Event"]


async def test_why_events_that_say_the_same_are_told_once(office: Office) -> None:
    made = office.stripe.happen("renewal_fails", amount=4900, currency="eur")
    await office.arrive(*made["events"])
    found = [await facts(office, f"!stripe why {one}") for one in made["events"]]
    told = {one["Type"]: one.get("Told") for one in found}
    assert told["invoice.payment_failed"] == told["charge.failed"] == "by its card"
    assert {link.label for link in office.told[-1].message.links} == {"Its card"}
    async with office.store.begin() as tx:  # as if another event had said it first
        for row in (await tx.run(select(card))).all():
            said = [{**one, "event": "evt_another"} for one in row.body["said"]]
            await tx.run(update(card).where(card.c.key == row.key).values(body={"said": said}))
    found_ = await facts(office, f"!stripe why {made['events'][-1]}")
    assert found_["Told"] == "by its card, in the words of another event that says the same"


async def test_why_what_somebody_here_caused_is_told_there(office: Office) -> None:
    paid = await office.payment()
    await office.say("sam", "refund 20", reply_to=paid)
    before = {one.id for one in office.stripe.world.events}
    await office.say("sam", "yes", thread=paid)
    event = next(one.id for one in office.stripe.world.events if one.id not in before)
    await office.arrive(event)
    found = await facts(office, f"!stripe why {event}")
    assert found["Caused by"].startswith("sam's `refund`")


async def test_why_an_answer_came(office: Office) -> None:
    await office.say("sam", "!stripe help")
    said = await office.say("sam", "why", reply_to=office.told[-1].event_id)
    assert "my answer to what was said here" in said


async def test_why_an_event_came_to_nobody(office: Office) -> None:
    made = office.stripe.happen(
        "event", type="price.updated", object={"id": "price_1", "object": "price"}
    )
    (event,) = made["events"]
    await office.arrive(event)
    found = await facts(office, f"!stripe why {event}")
    assert office.told[-1].message.title == ("It came to nobody: the rule noise sends it nowhere.")
    assert found["Rule noise"] == "matches: goes to nowhere, on purpose"
    only = Route(name="only", match=Match(types=("charge.*",)), to=("room",))
    office.rebuild(office.config.model_copy(update={"routes": (only,)}))
    assert "no rule matches it" in await office.say("sam", f"!stripe why {event}")


async def test_why_an_event_that_never_came_in(office: Office) -> None:
    (event, *_) = office.stripe.happen("checkout_succeeds")["events"]
    said = await office.say("sam", f"!stripe why {event}")
    assert f"{event} never came in" in said
    assert "Stripe has it: " in said
    assert "Neither I nor Stripe know" in await office.say("sam", "!stripe why evt_12345678")


@pytest.mark.parametrize(
    ("state", "attempts", "words"),
    [
        ("dead", 1, "lies with the dead letters"),
        ("ready", 0, "waits to be handled"),
        ("ready", 2, "being tried again"),
    ],
)
async def test_why_an_event_is_not_told_yet(
    office: Office, state: str, attempts: int, words: str
) -> None:
    (event, *_) = office.stripe.happen("checkout_succeeds")["events"]
    await office.arrive(event)
    values = {"state": state, "attempts": attempts, "error": "Stripe is away."}
    async with office.store.begin() as tx:
        await tx.run(update(inbox).where(inbox.c.event_id == event).values(**values))
    found = await facts(office, f"!stripe why {event}")
    assert words in office.told[-1].message.title
    assert found["Trouble"] == "Stripe is away."


@pytest.mark.parametrize("text", ["why", "why me", "why ch_12345678"])
async def test_what_cannot_be_explained_says_how(office: Office, text: str) -> None:
    assert "`why evt_…`" in await office.say("sam", f"!stripe {text}")
