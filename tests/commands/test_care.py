"""Notes, who takes care, who has seen it, and what comes back at its time."""

from datetime import timedelta

import pytest

from bridge.config.schema import Channel

from .office import Heard, Office


async def facts(office: Office, who: str, text: str, **how: str) -> list[tuple[str, str]]:
    await office.say(who, text, **how)
    return [(fact.label, fact.value) for fact in office.told[-1].message.facts]


async def test_notes_are_told_newest_first_with_who_and_when(office: Office) -> None:
    paid = await office.payment()
    await office.say("sam", "note called her", reply_to=paid)
    await office.overseen(timedelta(hours=1))
    await office.say("fin", "note she pays on Monday", reply_to=paid)
    assert await facts(office, "sam", "notes", reply_to=paid) == [
        ("fin, 27 Nov 2026, 13:00", "she pays on Monday"),
        ("sam, 27 Nov 2026, 12:00", "called her"),
    ]


async def test_notes_of_a_customer_are_those_of_whatever_is_theirs(office: Office) -> None:
    paid = await office.payment()
    customer = office.stripe.happen("checkout_succeeds", customer=None)["customer"]
    room = await office.room_of(customer)
    await office.say("sam", "note hers", reply_to=paid)
    await office.say("sam", "!stripe note of the customer", room=room)
    found = await facts(office, "sam", "!stripe notes", room=room)
    assert [text for _, text in found] == ["of the customer"]


async def test_only_so_many_notes_are_told_and_that_there_are_more(office: Office) -> None:
    paid = await office.payment()
    for number in range(11):
        await office.say("sam", f"note no. {number}", reply_to=paid)
    said = await office.say("sam", "notes", reply_to=paid)
    assert "older ones" in said
    assert len(office.told[-1].message.facts) == 10


@pytest.mark.parametrize(("details", "seen"), [("masked", "c… h…"), ("none", None)])
async def test_a_room_shows_notes_as_its_profile_says(
    office: Office, details: str, seen: str | None
) -> None:
    paid = await office.payment()
    await office.say("sam", "note called her", reply_to=paid)
    show_less(office, details)
    found = await facts(office, "sam", "notes", reply_to=paid)
    assert [text for _, text in found] == ([seen] if seen else [])


async def test_assigned_once_told_and_shown(office: Office) -> None:
    paid = await office.payment()
    assert "Nobody takes care" in await office.say("sam", "assign", reply_to=paid)
    assert "Assigned to fin" in await office.say("sam", "assign Fin", reply_to=paid)
    assert office.told[-1].message.mentions == ("@fin:test",)
    assert ("Assigned to", "fin") in await facts(office, "sam", "show", reply_to=paid)
    assert "fin has it already" in await office.say("fin", "assign me", reply_to=paid)
    assert "Taken from fin" in await office.say("sam", "assign nobody", reply_to=paid)
    assert "Nobody takes care" in await office.say("sam", "assign", reply_to=paid)
    entries = [entry for entry in await office.trail() if entry["what"] == "assigned"]
    assert [entry["after"]["person"] for entry in entries] == ["fin", None]
    assert await office.faults() == []


async def test_taking_it_oneself_interrupts_nobody(office: Office) -> None:
    paid = await office.payment()
    await office.say("sam", "assign me", reply_to=paid)
    assert office.told[-1].message.mentions == ()


@pytest.mark.parametrize("name", ["@fin:test", "FIN"])
async def test_a_person_is_known_by_name_or_identity(office: Office, name: str) -> None:
    paid = await office.payment()
    assert "Assigned to fin" in await office.say("sam", f"assign {name}", reply_to=paid)


@pytest.mark.parametrize("name", ["nobody-known", "@fin:elsewhere", "fin sam"])
async def test_strangers_get_nothing(office: Office, name: str) -> None:
    paid = await office.payment()
    assert "I know nobody called" in await office.say("sam", f"assign {name}", reply_to=paid)


async def test_notes_and_assignments_refresh_the_customers_card(office: Office) -> None:
    made = office.stripe.happen("checkout_succeeds")
    room = await office.room_of(made["customer"])
    await office.say("sam", "!stripe note a word", room=room)
    assert office.cards == [made["customer"]]
    await office.say("sam", "!stripe assign me", room=room)
    assert office.cards == [made["customer"]] * 2


async def test_seen_is_said_once_with_who_and_when(office: Office) -> None:
    paid = await office.payment()
    assert "Seen by sam, 27 Nov 2026, 12:00" in await office.say("sam", "ack", reply_to=paid)
    await office.overseen(timedelta(minutes=5))
    said = await office.say("fin", "ack", reply_to=paid)
    assert "sam has seen it already: 27 Nov 2026, 12:00" in said
    assert "You have seen it already" in await office.say("sam", "ack", reply_to=paid)
    assert (await office.happened()).count("seen") == 1
    assert ("Seen by", "sam, 27 Nov 2026, 12:00") in await facts(
        office, "fin", "show", reply_to=paid
    )


async def test_news_are_to_be_seen_again(office: Office) -> None:
    made = office.stripe.happen("renewal_fails", amount=4900, currency="eur")
    await office.arrive(*made["events"])
    card = next(heard for heard in office.told if heard.wanted.card).event_id
    office.clock.advance(timedelta(minutes=1))
    assert "Seen by sam" in await office.say("sam", "ack", reply_to=card)
    assert "sam has seen it already" in await office.say("fin", "ack", reply_to=card)
    office.clock.advance(timedelta(minutes=1))
    again = office.stripe.happen("renewal_fails_again", invoice=made["invoice"])
    await office.arrive(*again["events"])
    office.clock.advance(timedelta(minutes=1))
    assert "Seen by fin" in await office.say("fin", "ack", reply_to=card)


async def test_snoozed_it_comes_back_once_at_its_time_even_after_a_restart(office: Office) -> None:
    paid = await office.payment()
    said = await office.say("sam", "snooze 2h call her again", reply_to=paid)
    assert "27 Nov 2026, 14:00 UTC" in said
    await office.overseen(timedelta(hours=2) - timedelta(seconds=1))
    assert reminders(office) == []
    office.rebuild(office.config)
    await office.overseen(timedelta(seconds=1))
    (reminder,) = reminders(office)
    assert "sam, you wanted to come back to this" in reminder.words
    assert "call her again" in reminder.words
    assert (reminder.wanted.thread, reminder.message.mentions) == (paid, ("@sam:test",))
    await office.overseen(timedelta(days=1))
    assert len(reminders(office)) == 1


async def test_two_processes_remind_once(office: Office) -> None:
    import asyncio

    paid = await office.payment()
    await office.say("sam", "snooze 2h", reply_to=paid)
    office.clock.advance(timedelta(hours=3))
    await asyncio.gather(*(office.oversight.look() for _ in range(5)))
    await office.worker.settle_all()
    assert len(reminders(office)) == 1


@pytest.mark.parametrize("end", ["ack", "snooze off"])
async def test_it_can_be_ended(office: Office, end: str) -> None:
    paid = await office.payment()
    await office.say("sam", "snooze 2h", reply_to=paid)
    said = await office.say("fin", end, reply_to=paid)
    assert "ended" in said or "does not come back" in said
    await office.overseen(timedelta(days=1))
    assert reminders(office) == []


async def test_what_ends_one_thing_leaves_another(office: Office) -> None:
    paid, other = await office.payment(), await office.payment(5000)
    await office.say("sam", "snooze 2h", reply_to=paid)
    assert "ended" not in await office.say("sam", "ack", reply_to=other)
    assert "not to come back anyway" in await office.say("sam", "snooze off", reply_to=other)
    await office.overseen(timedelta(days=1))
    assert len(reminders(office)) == 1


@pytest.mark.parametrize("text", ["note x", "assign me", "ack", "snooze 2h"])
async def test_nobody_does_it_without_the_role(office: Office, text: str) -> None:
    paid = await office.payment()
    assert "None of your roles" in await office.say("eva", text, reply_to=paid)
    assert "I don't know you" in await office.say("slack:U9", text, reply_to=paid)


async def test_the_same_message_twice_is_one(office: Office) -> None:
    paid = await office.payment()
    said = office.message("sam", "snooze 2h", reply_to=paid)
    await office.hear(said, again=True)
    await office.overseen(timedelta(hours=2))
    assert len(reminders(office)) == 1


def reminders(office: Office) -> list[Heard]:
    return [heard for heard in office.told if "wanted to come back" in heard.words]


def show_less(office: Office, details: str) -> None:
    """What is told in the office's channel from now on."""
    matrix = office.config.matrix
    channels = {**matrix.channels, "payments": Channel.model_validate({"details": details})}
    changed = matrix.model_copy(update={"channels": channels})
    office.rebuild(office.config.model_copy(update={"matrix": changed}))
