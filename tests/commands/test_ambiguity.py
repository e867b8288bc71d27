"""A call that was not answered is settled by looking at Stripe, never by trying blindly."""

from datetime import timedelta
from typing import Any

import pytest

from bridge.commands import refund
from bridge.commands.desk import Deed, Desk
from bridge.commands.execute import Executor
from bridge.commands.table import VERBS
from bridge.sandbox.stripe_server import Fault
from bridge.store.actions import Action
from bridge.watch.oversight import Oversight

from .office import Office

UNCLEAR = ["cut", "error_after", "error", "refused"]


class Crash(BaseException):
    """As if the process had been killed there."""


async def confirmed(office: Office, amount: str = "20") -> None:
    paid = await office.payment()
    await office.say("sam", f"refund {amount}", reply_to=paid)
    await office.say("sam", "yes", thread=paid)


def moved(office: Office) -> list[int]:
    return [amount for amount, _ in office.refunds()]


def told(office: Office, words: str) -> int:
    return sum(words in heard.words for heard in office.told)


async def in_time(office: Office, minutes: int = 30) -> None:
    for _ in range(minutes):
        await office.later(timedelta(minutes=1))


@pytest.mark.parametrize("kind", UNCLEAR)
@pytest.mark.parametrize("times", [1, 3])
async def test_it_is_done_once_and_told_once(office: Office, kind: str, times: int) -> None:
    office.stripe.fail_next(Fault(kind, method="POST", path="/v1/refunds", times=times))
    await confirmed(office)
    assert told(office, "answer did not arrive") == 1
    await in_time(office)
    assert (moved(office), told(office, "Refunded €20.00")) == ([2000], 1)
    assert told(office, "answer did not arrive") == 1
    assert (await office.happened())[-2:] == ["unknown", "succeeded"]


@pytest.mark.parametrize("kind", ["rate_limited", "lock_timeout", "conflict"])
async def test_stripe_is_waited_for_when_it_asks(office: Office, kind: str) -> None:
    office.stripe.fail_next(Fault(kind, method="POST", path="/v1/refunds", times=4))
    await confirmed(office)
    assert moved(office) == []
    await in_time(office)
    assert (moved(office), told(office, "Refunded €20.00")) == ([2000], 1)
    assert told(office, "answer did not arrive") == 0


@pytest.mark.parametrize(("kind", "expected"), [("cut", [2000]), ("error", [])])
async def test_after_the_keys_life_looking_decides(
    office: Office, kind: str, expected: list[int]
) -> None:
    office.stripe.fail_next(Fault(kind, method="POST", path="/v1/refunds"))
    office.stripe.fail_next(Fault("refused", method="GET", path="/v1/refunds", times=3))
    await confirmed(office)
    office.stripe.api.idempotency.forget()
    await office.later(timedelta(hours=25))
    await in_time(office, 3)
    assert moved(office) == expected
    words = "Refunded €20.00" if expected else "Stripe knows nothing of it: nothing was done"
    assert told(office, words) == 1


async def test_what_does_not_show_yet_is_not_called_impossible(office: Office) -> None:
    """All of it was refunded by the call that was cut off, but Stripe's list is behind."""
    behind = 3

    async def find(desk: Desk, action: Action) -> Any:
        nonlocal behind
        behind -= 1
        return None if behind >= 0 else await refund.find(desk, action)

    deed = Deed(refund.propose, refund.execute, refund.told, find)
    slow = {**VERBS, "refund": VERBS["refund"].__class__("refund", "", "", deed)}
    office.executor = Executor(office.commands.desk, slow)
    office.worker.handlers = {**office.worker.handlers, "action": office.executor.handle}
    office.stripe.fail_next(Fault("cut", method="POST", path="/v1/refunds"))
    await confirmed(office, "49")
    await in_time(office)
    assert (moved(office), told(office, "Refunded €49.00")) == ([4900], 1)


async def test_what_was_not_done_and_cannot_be_any_more_is_soon_known(office: Office) -> None:
    """Each further try is answered with a no: that does not keep the first one unclear."""
    office.stripe.fail_next(Fault("error", method="POST", path="/v1/refunds"))
    await confirmed(office)
    office.stripe.happen("dispute_opens", charge=office.stripe.ledger()[0]["charge"])
    await in_time(office, 7)
    assert (await office.happened())[-2:] == ["unknown", "failed"]
    assert told(office, "something has changed meanwhile") == 1
    assert moved(office) == []


@pytest.mark.parametrize("where", ["before the call", "after the call"])
async def test_a_crash_between_intent_and_result(office: Office, where: str) -> None:
    writer = office.writers["acme"]
    real = writer.refund

    async def crashing(**given: Any) -> Any:
        writer.refund = real  # type: ignore[method-assign]
        if where == "after the call":
            await real(**given)
        raise Crash

    writer.refund = crashing  # type: ignore[method-assign]
    await confirmed(office)
    assert (await office.happened())[-1] == "executing"
    await in_time(office, 3)
    assert (moved(office), told(office, "Refunded €20.00")) == ([2000], 1)
    assert await office.faults() == []


async def test_a_verb_without_a_find_is_settled_by_stripes_events(office: Office) -> None:
    """The events name the idempotency key of the call that caused them."""
    deed = Deed(
        refund.propose, refund.execute, refund.told, events=("refund.created",), makes="refund"
    )
    other = {**VERBS, "refund": VERBS["refund"].__class__("refund", "", "", deed)}
    office.executor = Executor(office.commands.desk, other)
    office.worker.handlers = {**office.worker.handlers, "action": office.executor.handle}
    office.stripe.fail_next(Fault("error_after", method="POST", path="/v1/refunds"))
    await confirmed(office)
    await in_time(office, 3)
    posts = [
        r for r in office.stripe.requests() if (r["method"], r["path"]) == ("POST", "/v1/refunds")
    ]
    assert (moved(office), len(posts), told(office, "Refunded €20.00")) == ([2000], 1, 1)


async def test_what_stripe_refuses_is_told_and_audited_with_its_request(office: Office) -> None:
    office.writers = {"acme": office.readers["acme"]}  # type: ignore[dict-item]
    office.rebuild(office.config)
    await confirmed(office)
    assert "rak_charge_write" in office.told[-1].words
    entry = (await office.trail())[-1]
    assert (entry["what"], entry["request"][:4]) == ("failed", "req_")


async def test_the_object_is_read_again_before_the_call(office: Office) -> None:
    paid = await office.payment()
    await office.say("sam", "refund 20", reply_to=paid)
    charge = office.stripe.ledger()[0]["charge"]
    office.stripe.happen("dispute_opens", charge=charge)
    await office.say("sam", "yes", thread=paid)
    assert "something has changed meanwhile" in office.told[-1].words
    assert moved(office) == []


async def test_a_finished_action_names_stripes_request_and_what_changed(office: Office) -> None:
    await confirmed(office)
    entry = (await office.trail())[-1]
    made = [
        r for r in office.stripe.requests() if r["path"] == "/v1/refunds" and r["method"] == "POST"
    ]
    assert entry["request"] == made[0]["id"]
    assert entry["before"] == {"paid": 10000, "refunded": 0, "currency": "eur", "disputed": False}
    assert (entry["after"]["status"], entry["after"]["amount"]) == ("succeeded", 2000)
    assert (entry["amount"], entry["currency"]) == (2000, "eur")


async def test_stripe_is_away_for_a_week(office: Office) -> None:
    """The delivery is given up after days; how the action ended is found out all the same."""
    office.stripe.fail_next(Fault("cut", method="POST", path="/v1/refunds"))
    office.stripe.fail_next(Fault("refused", method="GET", path="/v1/refunds", times=1000))
    await confirmed(office)
    for _ in range(7):
        await office.later(timedelta(days=1))
    office.stripe.api.faults.clear()
    await office.later(timedelta(days=1))
    assert (await office.happened())[-1] == "unknown"
    oversight = Oversight(office.config, office.store, office.clock)
    for _ in range(2):
        await oversight.look()
    await office.later(timedelta(minutes=1))
    assert (moved(office), told(office, "Refunded €20.00")) == ([2000], 1)
    assert (await office.happened())[-1] == "succeeded"
