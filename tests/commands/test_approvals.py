"""Who must say what before money moves: the asker's yes, and other people's words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bridge.model.action import WAITING
from bridge.store import actions
from bridge.store.actions import Approval
from bridge.store.tables import action as table

from .office import Office


async def asked(office: Office, amount: str = "60", by: str = "sam") -> str:
    """A refund that somebody asked for and said yes to; returns the message it is about."""
    paid = await office.payment()
    assert "Refund" in await office.say(by, f"refund {amount}", reply_to=paid)
    await office.say(by, "yes", reply_to=office.question().event_id)
    return paid


async def test_a_small_refund_needs_only_its_askers_yes(office: Office) -> None:
    await asked(office, "20")
    assert [amount for amount, _ in office.refunds()] == [2000]
    assert await office.happened() == [
        "proposed",
        "confirmed",
        "approved",
        "executing",
        "succeeded",
    ]


async def test_a_larger_one_waits_for_somebody_of_finance(office: Office) -> None:
    await asked(office, "60")
    question = office.question("Waits for another person")
    assert question.message.mentions == ("@fin:test", "@fay:test")
    assert office.refunds() == []
    assert "Approved by fin" in await office.say("fin", "approve", reply_to=question.event_id)
    assert [amount for amount, _ in office.refunds()] == [6000]
    assert "approval" in await office.happened()
    assert await office.faults() == []


async def test_the_largest_waits_for_two_of_them(office: Office) -> None:
    paid = await asked(office, "90")
    question = office.question("Waits for 2 other people")
    assert "1 more must" in await office.say("fin", "approve", reply_to=question.event_id)
    assert "already" in await office.say("fin", "approve", thread=paid)
    assert office.refunds() == []
    await office.say("fay", "approve", thread=paid)
    assert [amount for amount, _ in office.refunds()] == [9000]


@pytest.mark.parametrize(
    ("who", "text", "answer"),
    [
        ("sam", "approve", "Nobody approves what they have asked for themselves"),
        ("sid", "approve", "None of your roles may approve"),
        ("eva", "approve", "None of your roles may approve"),
        ("telegram:7", "approve", "I don't know you"),
        ("fin", "yes", "Write `approve`"),
        ("fin", "no", "Write `approve`"),
        ("fin", "deny", "Say why"),
        ("fin", "approve it", "Write just `approve`"),
    ],
)
async def test_what_is_no_approval(office: Office, who: str, text: str, answer: str) -> None:
    await asked(office)
    question = office.question("Waits for").event_id
    assert answer in await office.say(who, text, reply_to=question)
    assert office.refunds() == []


@pytest.mark.parametrize("who", ["fin", "sam"])
async def test_a_reaction_is_no_approval(office: Office, who: str) -> None:
    await asked(office)
    said = await office.say(who, "", reply_to=office.question("Waits").event_id, reaction="✅")
    assert ("a reaction or a yes approves nothing" in said) == (who == "fin")
    assert office.refunds() == []


async def test_a_denial_has_a_reason_and_ends_it(office: Office) -> None:
    await asked(office)
    question = office.question("Waits").event_id
    assert "Denied by fay" in await office.say("fay", "deny she kept the goods", reply_to=question)
    assert "denied already" in await office.say("fin", "approve", reply_to=question)
    assert office.refunds() == []
    entry = (await office.trail())[-1]
    assert (entry["what"], entry["who"]["person"], entry["reason"]) == (
        "denied",
        "fay",
        "she kept the goods",
    )


async def test_approving_before_the_asker_has_confirmed(office: Office) -> None:
    paid = await office.payment()
    await office.say("sam", "refund 60", reply_to=paid)
    question = office.question().event_id
    assert "has not said yes" in await office.say("fin", "approve", reply_to=question)
    assert "Only the person who asked" in await office.say("fin", "yes", reply_to=question)


async def test_the_asker_can_still_drop_it(office: Office) -> None:
    paid = await asked(office)
    assert "Dropped" in await office.say("sam", "no", thread=paid)
    question = office.question("Waits").event_id
    assert "cancelled already" in await office.say("fin", "approve", reply_to=question)
    assert office.refunds() == []


@pytest.mark.parametrize("step", ["confirm", "approve"])
async def test_a_late_answer_is_told_so(office: Office, step: str) -> None:
    if step == "approve":
        await asked(office)
        await office.later(timedelta(hours=4))
        said = await office.say("fin", "approve", reply_to=office.question().event_id)
    else:
        paid = await office.payment()
        await office.say("sam", "refund 20", reply_to=paid)
        await office.later(timedelta(minutes=10))
        said = await office.say("sam", "yes", thread=paid)
    assert "too old" in said
    assert office.refunds() == []
    assert (await office.happened())[-1] == "expired"


async def test_words_said_before_it_was_asked_are_no_answer_to_it(office: Office) -> None:
    """An approval that comes late, for something else, in the same thread."""
    paid = await asked(office)
    before = office.message("fin", "approve", thread=paid)
    await office.say("sam", "no", thread=paid)
    await office.later(timedelta(seconds=30))
    await office.say("sam", "refund 70", reply_to=paid)
    await office.say("sam", "yes", reply_to=office.question().event_id)
    await office.hear(before)
    assert "asked after you wrote" in office.told[-1].words
    assert office.refunds() == []


async def test_two_questions_in_one_thread_are_not_guessed(office: Office) -> None:
    paid = await office.payment()
    await office.say("sam", "refund 10", reply_to=paid)
    first = office.question().event_id
    await office.say("sam", "refund 11", reply_to=paid)
    assert "Several questions wait" in await office.say("sam", "yes", thread=paid)
    await office.say("sam", "yes", reply_to=first)
    assert [amount for amount, _ in office.refunds()] == [1000]


async def test_a_message_that_comes_twice_acts_once(office: Office) -> None:
    paid = await office.payment()
    await office.hear(office.message("sam", "refund 20", reply_to=paid), again=True)
    assert len([one for one in office.told if one.wanted.action_id]) == 1
    yes = office.message("sam", "yes", reply_to=office.question().event_id)
    await office.hear(yes, again=True)
    assert [amount for amount, _ in office.refunds()] == [2000]


async def test_roles_that_are_taken_away_end_it_at_once(office: Office) -> None:
    await asked(office)
    people = {
        **office.config.people,
        "fin": person(office, "fin", ()),
        "sam": person(office, "sam", ()),
    }
    office.rebuild(office.config.model_copy(update={"people": people}))
    question = office.question("Waits").event_id
    assert "None of your roles may approve" in await office.say("fin", "approve", reply_to=question)
    assert "None of your roles may `refund`" in await office.say(
        "fay", "approve", reply_to=question
    )
    assert office.refunds() == []


async def test_an_approval_counts_only_while_its_person_may_approve(office: Office) -> None:
    await asked(office, "90")
    question = office.question("Waits").event_id
    await office.say("fin", "approve", reply_to=question)
    people = {**office.config.people, "fin": person(office, "fin", ("support",))}
    office.rebuild(office.config.model_copy(update={"people": people}))
    assert "1 more must" in await office.say("fay", "approve", reply_to=question)
    assert office.refunds() == []


async def test_changed_parameters_are_noticed(office: Office) -> None:
    await asked(office)
    async with office.store.begin() as tx:
        await tx.run(update(table).values(amount=7000))
    question = office.question("Waits").event_id
    said = await office.say("fin", "approve", reply_to=question)
    assert "not what is stored" in said
    assert office.refunds() == []


async def test_without_a_rule_money_needs_another_person(office: Office) -> None:
    paid = await office.payment(5000, "usd")
    said = await office.say("sam", "refund 1", reply_to=paid)
    assert "Then one other person must approve it." in said
    await office.say("sam", "yes", thread=paid)
    # Without `by`, whoever may ask for it themselves.
    await office.say("sid", "approve", thread=paid)
    assert [amount for amount, _ in office.refunds()] == [100]


async def test_what_nobody_could_approve_is_said_at_once(office: Office) -> None:
    people = {name: one for name, one in office.config.people.items() if name != "fay"}
    office.rebuild(office.config.model_copy(update={"people": people}))
    paid = await office.payment()
    assert "not so many who may" in await office.say("sam", "refund 90", reply_to=paid)


async def test_refusals_are_in_the_audit_trail(office: Office) -> None:
    paid = await office.payment()
    await office.say("eva", "refund 20", reply_to=paid)
    await office.say("slack:U1", "refund 20", reply_to=paid)
    await office.say("eva", "escalate", reply_to=paid)
    entries = [entry for entry in await office.trail() if entry["what"] == "refused"]
    assert [(e["who"]["person"], e["who"]["identity"], e["verb"]) for e in entries] == [
        ("eva", "matrix:@eva:test", "refund"),
        ("", "slack:U1", "refund"),
    ]
    assert entries[0]["who"]["room"] == "!room:test"


def person(office: Office, name: str, roles: tuple[str, ...]) -> Any:
    return office.config.people[name].model_copy(update={"roles": roles})


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ({}, True),
        ({"person": "sam"}, False),
        ({"person": "sid"}, False),
        ({"params_hash": "0" * 64}, False),
    ],
)
async def test_approvals_that_count_for_nothing(
    office: Office, values: dict[str, Any], counts: bool
) -> None:
    """By the asker, by somebody without the role, or for other parameters, however they came there."""
    await asked(office, "90")
    async with office.store.begin() as tx:
        (action,) = await actions.in_states(tx, WAITING)
        word = Approval(
            action.id, "fin", "matrix:@fin:test", action.params_hash, "$q", "$a", office.clock.now()
        )
        await actions.approve(tx, replace(word, **values))
    await office.say("fay", "approve", reply_to=office.question("Waits").event_id)
    assert [amount for amount, _ in office.refunds()] == ([9000] if counts else [])
