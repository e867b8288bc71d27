"""One person with several identities, roles by command, and nobody who approves themselves."""

import re
from datetime import timedelta

import pytest

from bridge.config.schema import Person

from .office import Office

CODE = re.compile(r"`link (\w+)`")


async def code_for(office: Office, who: str) -> tuple[str, str]:
    """The code, and the thread it was given in."""
    said = await office.say(who, "!stripe link")
    found = CODE.search(said)
    assert found, said
    return found[1], office.told[-1].wanted.thread or ""


async def test_an_identity_is_linked_from_both_sides(office: Office) -> None:
    code, thread = await code_for(office, "sam")
    said = await office.say("slack:U1", f"!stripe link {code.lower()}")
    assert "Are you slack:U1, too?" in said
    assert office.question().wanted.thread == thread
    paid = await office.payment()
    assert "I don't know you" in await office.say("slack:U1", "refund 20", reply_to=paid)
    for stranger in ("slack:U1", "fin"):
        said = await office.say(stranger, "yes", reply_to=office.question().event_id)
        assert "Only the person who asked" in said
    assert "is sam from now on" in await office.say("sam", "yes", thread=thread)
    assert "Refund" in await office.say("slack:U1", "refund 20", reply_to=paid)


async def test_nobody_approves_themselves_from_another_platform(office: Office) -> None:
    code, thread = await code_for(office, "fin")
    await office.say("slack:U1", f"!stripe link {code}")
    await office.say("fin", "yes", thread=thread)
    paid = await office.payment()
    await office.say("fin", "refund 60", reply_to=paid)
    await office.say("fin", "yes", thread=paid)
    said = await office.say("slack:U1", "approve", reply_to=office.question("Waits").event_id)
    assert "Nobody approves what they have asked for" in said
    assert office.refunds() == []


async def test_two_identities_are_one_approval(office: Office) -> None:
    fin = office.config.people["fin"].model_copy(update={"identities": ("slack:U1",)})
    people = {**office.config.people, "fin": fin}
    office.rebuild(office.config.model_copy(update={"people": people}))
    paid = await office.payment()
    await office.say("sam", "refund 90", reply_to=paid)
    await office.say("sam", "yes", thread=paid)
    assert "1 more" in await office.say("fin", "approve", thread=paid)
    assert "approved it already" in await office.say("slack:U1", "approve", thread=paid)
    assert office.refunds() == []


@pytest.mark.parametrize("trouble", ["used", "late", "wrong", "known"])
async def test_codes_that_are_refused(office: Office, trouble: str) -> None:
    code, _ = await code_for(office, "sam")
    who, words = "slack:U1", "no code of mine"
    if trouble == "used":
        await office.say("slack:U2", f"!stripe link {code}")
    if trouble == "late":
        await office.later(timedelta(minutes=10))
    if trouble == "wrong":
        code = "A" * len(code)
    if trouble == "known":
        who, words = "fin", "You are fin here already"
    assert words in await office.say(who, f"!stripe link {code}")
    entry = (await office.trail())[-1]
    assert (entry["what"], entry["verb"]) == ("refused", "link")


async def test_the_code_itself_is_not_stored(office: Office) -> None:
    from sqlalchemy import select

    from bridge.store.tables import link_code

    code, _ = await code_for(office, "sam")
    async with office.store.read() as tx:
        (row,) = (await tx.run(select(link_code))).all()
    assert code not in str(row)


async def test_a_stranger_gets_no_code(office: Office) -> None:
    assert "I don't know you" in await office.say("slack:U1", "!stripe link")


async def test_a_role_is_given_and_taken_with_approval_and_acts_at_once(office: Office) -> None:
    paid = await office.payment()
    assert "None of your roles" in await office.say("eva", "refund 10", reply_to=paid)
    await _change(office, "role add eva support")
    assert "Refund" in await office.say("eva", "refund 10", reply_to=paid)
    question = office.question().event_id
    await _change(office, "role remove eva support")
    assert "None of your roles" in await office.say("eva", "yes", reply_to=question)
    await _change(office, "role remove sam support")  # of the configuration
    assert "None of your roles" in await office.say("sam", "refund 10", reply_to=paid)
    assert office.refunds() == []


async def test_nobody_decides_about_their_own_role(office: Office) -> None:
    await office.say("olga", "!stripe role add fin operations")
    await office.say("olga", "yes", reply_to=office.question().event_id)
    question = office.question("Waits").event_id
    assert "It is about you" in await office.say("fin", "approve", reply_to=question)
    assert "Nobody approves" in await office.say("olga", "approve", reply_to=question)
    assert "fin has the role operations" in await office.say("fay", "approve", reply_to=question)


async def test_somebody_new_is_brought_in_with_a_role_and_acts_at_once(office: Office) -> None:
    paid = await office.payment()
    assert "I don't know you" in await office.say("max", "refund 10", reply_to=paid)
    assert "may ask for: refund" in await _asked(office, "person add max @max:test support")
    await _approved(office)
    assert "Refund" in await office.say("max", "refund 10", reply_to=paid)
    await office.say("max", "yes", reply_to=office.question().event_id)
    assert [amount for amount, _ in office.refunds()] == [1000]
    assert "Assigned to max" in await office.say("sam", "assign max", reply_to=paid)
    assert office.told[-1].message.mentions == ("@max:test",)
    assert await office.faults() == []


async def test_somebody_new_may_approve_and_is_named(office: Office) -> None:
    await _change(office, "person add max @max:test finance")
    paid = await office.payment()
    await office.say("sam", "refund 60", reply_to=paid)
    await office.say("sam", "yes", thread=paid)
    waits = office.question("Waits")
    assert "max" in waits.words
    assert "@max:test" in waits.message.mentions
    assert "Approved by max" in await office.say("max", "approve", reply_to=waits.event_id)
    assert [amount for amount, _ in office.refunds()] == [6000]


async def test_somebody_without_a_matrix_id(office: Office) -> None:
    await _change(office, "person add uma slack:U7 support")
    paid = await office.payment()
    assert "Refund" in await office.say("slack:U7", "refund 10", reply_to=paid)


async def test_who_is_sent_away_may_do_nothing_even_with_what_waits(office: Office) -> None:
    paid = await office.payment()
    await office.say("sam", "refund 10", reply_to=paid)
    question = office.question().event_id
    await _change(office, "person remove sam")
    assert "I don't know you" in await office.say("sam", "refund 10", reply_to=paid)
    await office.say("sam", "yes", reply_to=question)
    assert office.refunds() == []
    await _change(office, "person add sam")
    assert "Refund" in await office.say("sam", "refund 10", reply_to=paid)


async def test_who_is_brought_in_and_removed_is_a_stranger_again(office: Office) -> None:
    await _change(office, "person add max @max:test support")
    await _change(office, "person remove max")
    paid = await office.payment()
    assert "I don't know you" in await office.say("max", "refund 10", reply_to=paid)


async def test_nobody_brings_in_themselves_or_decides_about_themselves(office: Office) -> None:
    await office.say("olga", "!stripe person remove fin")
    await office.say("olga", "yes", reply_to=office.question().event_id)
    question = office.question("Waits").event_id
    assert "It is about you" in await office.say("fin", "approve", reply_to=question)
    assert "Nobody approves" in await office.say("olga", "approve", reply_to=question)
    assert "None of your roles" in await office.say("sam", "!stripe person add x @x:test")


async def test_an_identity_that_somebody_took_meanwhile_is_not_given_away(office: Office) -> None:
    await _asked(office, "person add max @max:test support")
    first = office.question().event_id
    await _change(office, "person add mia @max:test")
    await office.say("olga", "yes", reply_to=first)
    waits = office.question("know max").event_id
    assert "is mia by now" in await office.say("fay", "approve", reply_to=waits)


async def test_a_name_of_the_configuration_is_not_who_a_command_brought_in(office: Office) -> None:
    """The configuration's new person of that name may be somebody else."""
    await _change(office, "person add max @max:test finance")
    people = {**office.config.people, "max": Person(matrix="@other:test", roles=("support",))}
    office.rebuild(office.config.model_copy(update={"people": people}))
    paid = await office.payment()
    assert "I don't know you" in await office.say("max", "refund 10", reply_to=paid)
    assert "Refund" in await office.say("other", "refund 10", reply_to=paid)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("person", "Write `person add"),
        ("person add max", "Write `person add"),
        ("person add sam @new:test", "sam is known already"),
        ("person add max @sam:test", "matrix:@sam:test is sam already"),
        ("person add max matrix:@sam:test", "matrix:@sam:test is sam already"),
        ("person add max @max:elsewhere", "not on test"),
        ("person add max max", "should be a platform and an id"),
        ("person add M/x @max:test", "should be a name of at most"),
        ("person add max @max:test boss", "There is no role boss"),
        ("person remove nobody", "I know nobody called nobody"),
    ],
)
async def test_who_cannot_be_brought_in_or_sent_away(office: Office, text: str, words: str) -> None:
    assert words in await office.say("olga", f"!stripe {text}")


async def test_a_role_for_somebody_unknown_says_how_to_bring_them_in(office: Office) -> None:
    said = await office.say("olga", "!stripe role add max finance")
    assert "`person add max @max:test finance`" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("role", "Write `role add`"),
        ("role add eva", "Write `role add`"),
        ("role add nobody support", "I know nobody"),
        ("role add eva boss", "There is no role boss"),
        ("role add eva engineer", "has that role already"),
        ("role remove eva support", "has no such role"),
    ],
)
async def test_what_cannot_be_changed(office: Office, text: str, words: str) -> None:
    assert words in await office.say("olga", f"!stripe {text}")


async def _change(office: Office, text: str) -> None:
    await _asked(office, text)
    await _approved(office)


async def _asked(office: Office, text: str) -> str:
    return await office.say("olga", f"!stripe {text}")


async def _approved(office: Office) -> None:
    await office.say("olga", "yes", reply_to=office.question().event_id)
    await office.say("fay", "approve", reply_to=office.question("Waits").event_id)
