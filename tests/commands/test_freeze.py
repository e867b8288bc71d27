"""`freeze` stops everything at once; only somebody else lets it go again."""

from datetime import timedelta

from bridge.sandbox.stripe_server import Fault

from .office import Office


async def waiting(office: Office, amount: str) -> str:
    paid = await office.payment()
    await office.say("sam", f"refund {amount}", reply_to=paid)
    return office.question().event_id


async def test_what_waits_is_dropped_and_told_where_it_was_asked(office: Office) -> None:
    proposed = await waiting(office, "10")
    confirmed = await waiting(office, "60")
    await office.say("sam", "yes", reply_to=confirmed)
    said = await office.say("eva", "!stripe freeze")
    assert "None of your roles may `freeze`" in said
    said = await office.say("sid", "!stripe freeze something is wrong")
    assert "2 waiting or approved actions were dropped" in said
    assert said.count("Dropped: Refund") == 2
    for question in (proposed, confirmed, office.question("Waits").event_id):
        assert "cancelled already" in await office.say("sam", "yes", reply_to=question)
    paid = await office.payment()
    assert "frozen" in await office.say("sam", "refund 10", reply_to=paid)
    assert "frozen already" in await office.say("fin", "!stripe freeze")
    assert office.refunds() == []


async def test_notes_can_still_be_written(office: Office) -> None:
    await office.say("sam", "!stripe freeze")
    paid = await office.payment()
    assert "Noted, here and in Stripe" in await office.say("sam", "note hello", reply_to=paid)


async def test_what_is_approved_but_not_begun_does_not_begin(office: Office) -> None:
    """Committed, on its way, and then frozen before the worker comes to it."""
    question = await waiting(office, "10")
    del office.worker.handlers["action"]  # type: ignore[attr-defined]
    await office.say("sam", "yes", reply_to=question)
    assert (await office.happened())[-1] == "approved"
    await office.say("sid", "!stripe freeze")
    office.rebuild(office.config)
    await office.later(timedelta(minutes=5))
    assert office.refunds() == []
    assert (await office.happened())[-1] == "cancelled"


async def test_a_call_that_was_cut_off_is_looked_for_but_not_repeated(office: Office) -> None:
    question = await waiting(office, "10")
    office.stripe.fail_next(Fault("error", method="POST", path="/v1/refunds"))
    await office.say("sam", "yes", reply_to=question)
    await office.say("sid", "!stripe freeze")
    await office.later(timedelta(minutes=4))
    assert (office.refunds(), (await office.happened())[-1]) == ([], "frozen")
    for _ in range(5):
        await office.later(timedelta(minutes=1))
    assert (office.refunds(), (await office.happened())[-1]) == ([], "failed")
    assert "frozen; nothing was done" in office.told[-1].words


async def test_who_froze_it_needs_somebody_else(office: Office) -> None:
    await office.say("fin", "!stripe freeze")
    assert "None of your roles" in await office.say("sam", "!stripe unfreeze")
    said = await office.say("fin", "!stripe unfreeze")
    assert "fin froze it" in said
    assert "one other person must approve" in said
    await office.say("fin", "yes", reply_to=office.question().event_id)
    question = office.question("Waits").event_id
    assert "Nobody approves" in await office.say("fin", "approve", reply_to=question)
    assert "Money can move again" in await office.say("fay", "approve", reply_to=question)
    await _can_refund(office)


async def test_somebody_else_lets_it_go_alone(office: Office) -> None:
    await office.say("sam", "!stripe freeze")
    await office.say("olga", "!stripe unfreeze")
    thread = office.question().wanted.thread
    assert "Money can move again" in await office.say("olga", "yes", thread=thread)
    assert "Nothing is frozen" in await office.say("olga", "!stripe unfreeze")
    await _can_refund(office)


async def test_a_question_about_an_older_freeze_lets_go_no_newer_one(office: Office) -> None:
    await office.say("sam", "!stripe freeze")
    await office.say("olga", "!stripe unfreeze")
    old = office.question().event_id
    await office.say("fay", "!stripe unfreeze")
    await office.say("fay", "yes", reply_to=office.question().event_id)
    await office.say("sid", "!stripe freeze again")
    assert "over already" in await office.say("olga", "yes", reply_to=old)
    paid = await office.payment()
    assert "frozen" in await office.say("sam", "refund 10", reply_to=paid)


async def _can_refund(office: Office) -> None:
    question = await waiting(office, "10")
    await office.say("sam", "yes", reply_to=question)
    assert [amount for amount, _ in office.refunds()] == [1000]
    assert await office.faults() == []
