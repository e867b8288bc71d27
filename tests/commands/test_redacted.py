"""Who removes a command or its question ends it, as long as nobody has decided on it."""

from datetime import timedelta
from itertools import count

import pytest

from bridge.model.ports import RoomChange, RoomFate, Told

from .office import ROOM, Office

_NUMBERS = count(1)


async def remove(office: Office, who: str, event_id: str, room: str = ROOM) -> str:
    before = len(office.told)
    name = f"$redaction{next(_NUMBERS)}"
    change = RoomChange(name, room, f"@{who}:test", RoomFate.REDACTED, event_id)
    await office.commands.accept(Told(changes=(change,), transaction=name))
    await office.worker.settle_all()
    return "\n".join(heard.words for heard in office.told[before:])


async def asked(office: Office, text: str) -> tuple[str, str]:
    """The command's message, and its question."""
    paid = await office.payment()
    said = office.message("sam", text, reply_to=paid)
    await office.hear(said)
    return said.event_id, office.question().event_id


@pytest.mark.parametrize("which", ["command", "question"])
async def test_nothing_is_done_any_more(office: Office, which: str) -> None:
    command, question = await asked(office, "refund 20")
    told = await remove(office, "sid", command if which == "command" else question)
    assert "Dropped: Refund €20.00" in told
    assert "cancelled already" in await office.say("sam", "yes", reply_to=question)
    assert office.refunds() == []
    entry = (await office.trail())[-1]
    assert (entry["what"], entry["who"]["person"]) == ("cancelled", "sid")
    assert await office.faults() == []


async def test_what_waits_for_others_ends_too(office: Office) -> None:
    command, question = await asked(office, "refund 60")
    await office.say("sam", "yes", reply_to=question)
    waits = office.question("Waits").event_id
    assert "Dropped" in await remove(office, "sam", command)
    assert "cancelled already" in await office.say("fin", "approve", reply_to=waits)
    assert office.refunds() == []


async def test_an_approval_that_is_removed_counts_no_more(office: Office) -> None:
    _, question = await asked(office, "refund 90")
    await office.say("sam", "yes", reply_to=question)
    waits = office.question("Waits").event_id
    said = office.message("fin", "approve", reply_to=waits)
    await office.hear(said)
    assert "approval of fin was removed" in await remove(office, "fin", said.event_id)
    assert "1 more must approve" in await office.say("fay", "approve", reply_to=waits)
    assert office.refunds() == []
    assert "Approved by fin" in await office.say("fin", "approve", reply_to=waits)
    assert [amount for amount, _ in office.refunds()] == [9000]
    assert await remove(office, "fin", said.event_id) == ""
    assert await office.faults() == []


async def test_what_was_approved_goes_on(office: Office) -> None:
    command, question = await asked(office, "refund 20")
    await office.say("sam", "yes", reply_to=question)
    assert await remove(office, "sam", command) == ""
    assert [amount for amount, _ in office.refunds()] == [2000]


async def test_removed_in_one_breath_with_the_command(office: Office) -> None:
    """What was said is heard first, however fast it was taken away."""
    paid = await office.payment()
    said = office.message("sam", "refund 20", reply_to=paid)
    gone = RoomChange("$gone", ROOM, "@sam:test", RoomFate.REDACTED, said.event_id)
    await office.commands.accept(Told(said=(said,), changes=(gone,), transaction="both"))
    await office.worker.settle_all()
    assert await office.happened() == ["proposed", "cancelled"]


async def test_what_was_put_off_does_not_come_back(office: Office) -> None:
    paid, other = await office.payment(), await office.payment()
    said = office.message("sam", "snooze 2h", reply_to=paid)
    await office.hear(said)
    await office.say("sam", "snooze 2h the other", reply_to=other)
    assert await remove(office, "sam", said.event_id) == ""
    await office.overseen(timedelta(hours=3))
    (reminder,) = [heard for heard in office.told if "wanted to come back" in heard.words]
    assert "the other" in reminder.words


@pytest.mark.parametrize("what", ["$unknown", "$paid1"])
async def test_other_messages_may_be_removed(office: Office, what: str) -> None:
    await asked(office, "refund 20")
    assert await remove(office, "sam", what) == ""
    assert await office.happened() == ["proposed"]
