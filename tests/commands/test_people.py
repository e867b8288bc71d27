"""One person with several identities, roles by command, and nobody who approves themselves."""

import re
from datetime import timedelta

import pytest

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
    await office.say("olga", f"!stripe {text}")
    await office.say("olga", "yes", reply_to=office.question().event_id)
    await office.say("fay", "approve", reply_to=office.question("Waits").event_id)
