"""Who has it, who has seen it, and what comes back: on both databases."""

import asyncio
from datetime import timedelta

from bridge.model.clock import ManualClock
from bridge.model.signal import Objects, Subject, SubjectKind
from bridge.store import care, snoozes
from bridge.store.care import Assignment, Sighting
from bridge.store.engine import Store
from bridge.store.snoozes import Snooze

ROOM = Subject("acme", SubjectKind.CUSTOMER, "cus_1")


async def test_the_newest_assignment_counts(store: Store, clock: ManualClock) -> None:
    async with store.begin() as tx:
        for number, (one, who) in enumerate(
            [("pi_1", "sam"), ("pi_1", "fin"), ("pi_2", "sam"), ("pi_2", None), ("cus_1", "eva")]
        ):
            new = Assignment("acme", one, "cus_1", who, "sam", f"$say{number}", clock.now())
            await care.assign(tx, new)
            await care.assign(tx, new)  # the same message
    async with store.read() as tx:
        assert await care.assigned(tx, "acme", ["pi_1", "pi_2"]) == {"pi_1": "fin"}
        of_customer = await care.assigned_of_customer(tx, "acme", "cus_1")
        assert of_customer == {"pi_1": "fin", "cus_1": "eva"}
        assert await care.assigned(tx, "other", ["pi_1"]) == {}
        assert [one.person for one in await care.assignments(tx, "acme", ["pi_2"])] == ["sam", None]


async def test_seen_since(store: Store, clock: ManualClock) -> None:
    at = clock.now()
    async with store.begin() as tx:
        await care.see(tx, "acme", ["pi_1", "ch_1"], "$a", Sighting("sam", at))
        later = Sighting("fin", at + timedelta(hours=1))
        await care.see(tx, "acme", ["pi_1"], "$b", later)
    async with store.read() as tx:
        assert await care.seen(tx, "acme", ["ch_1"]) == Sighting("sam", at)
        assert await care.seen(tx, "acme", ["pi_1"]) == later
        assert await care.seen(tx, "acme", ["pi_1"], at) == Sighting("sam", at)
        assert await care.seen(tx, "acme", ["ch_1"], at + timedelta(seconds=1)) is None
        assert len(await care.sightings(tx, "acme", ["pi_1", "ch_1"])) == 2


async def test_what_is_due_is_taken_by_one(store: Store, clock: ManualClock) -> None:
    async with store.begin() as tx:
        for number in range(20):
            due = clock.now() + timedelta(minutes=number)
            objects = Objects(charge=f"ch_{number}")
            said = f"$say{number}"
            new = Snooze(ROOM, said, objects, "sam", "matrix:@sam:test", "", said, clock.now(), due)
            await snoozes.add(tx, new)
            await snoozes.add(tx, new)
        assert await snoozes.end(tx, "acme", ["ch_0"], "") == 1
        assert await snoozes.end(tx, "acme", [], "$say1") == 1

    async def take() -> list[int]:
        async with store.begin() as tx:
            found = [one.id for one in await snoozes.due(tx, clock.now() + timedelta(minutes=9), 3)]
            await snoozes.told(tx, found)
            return found

    taken = [one for each in await asyncio.gather(*(take() for _ in range(6))) for one in each]
    while more := await take():
        taken += more
    assert len(taken) == len(set(taken)) == 8
