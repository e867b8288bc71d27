"""What is looked up for people: what cards told, where they stand, rooms by name, on both databases."""

from datetime import datetime, timedelta

from bridge.model.clock import ManualClock
from bridge.model.money import Money
from bridge.model.people import Brought
from bridge.store import cards, history, people, rooms
from bridge.store.cards import CardId
from bridge.store.engine import Store, Tx
from bridge.store.rooms import BoundRoom

ROOM = "acme/customer/cus_1"


def said(event: str, at: datetime, **more: object) -> dict[str, object]:
    told: dict[str, object] = {
        "event": event,
        "type": "charge.succeeded",
        "title": "Paid",
        "money": None,
    }
    told |= {"tells": True, "news": event, "weight": 1, "at": at.isoformat()}
    return {**told, **more}


async def card(tx: Tx, key: str, now: datetime, *told: dict[str, object]) -> CardId:
    one = CardId("acme", "payment", key)
    await cards.lock(tx, one, now)
    await cards.keep(tx, one, {"livemode": False, "said": list(told)}, 1, now)
    return one


async def test_what_was_told_and_where(store: Store, clock: ManualClock) -> None:
    now = clock.now()
    async with store.begin() as tx:
        money = {"amount": 2000, "currency": "eur"}
        later = now + timedelta(hours=1)
        one = await card(tx, "pi_1", now, said("evt_2", later), said("evt_1", now, money=money))
        await card(tx, "pi_2", now, said("evt_3", now))
        await cards.put(tx, one, ROOM)
        await cards.stands(tx, one, ROOM, room_id="!r", root="$card")
    async with store.read() as tx:
        told = await history.tellings(tx, "acme", ["pi_1", "pi_2"])
        assert [one.event for one in told] == ["evt_1", "evt_3", "evt_2"]
        assert (told[0].money, told[1].money) == (Money(2000, "eur"), None)
        for found in (
            await history.tellings_in(tx, "acme", ROOM),
            await history.tellings_at(tx, "acme", "$card"),
        ):
            assert [one.event for one in found] == ["evt_1", "evt_2"]
        assert await history.tellings_at(tx, "other", "$card") == []
        (place,) = await history.standing(tx, "acme", ["pi_1", "pi_2"])
        assert (place.subject, place.room_id, place.root) == (ROOM, "!r", "$card")


async def test_each_news_is_told_once_by_who_knows_best(store: Store, clock: ManualClock) -> None:
    now = clock.now()
    async with store.begin() as tx:
        first = said("evt_1", now, news="paid", weight=1, title="Charged")
        best = said("evt_2", now + timedelta(seconds=1), news="paid", weight=3, title="Paid")
        quiet = said("evt_3", now, news="paid", weight=9, tells=False)
        await card(tx, "pi_1", now, first, best, quiet)
        await card(tx, "pi_2", now, said("evt_4", now, news="paid"))
        told = history.once(await history.tellings(tx, "acme", ["pi_1", "pi_2"]))
    assert [(one.title, one.at) for one in told] == [("Paid", now), ("Paid", now)]


async def test_rooms_by_their_names(store: Store, clock: ManualClock) -> None:
    async with store.begin() as tx:
        for number, name in enumerate(["Grace Hopper", "100% Wool", "GRACE & Co"]):
            bound = BoundRoom(f"acme/customer/{number}", f"!{number}", "acme", "customer",
                              str(number), (), name)  # fmt: skip
            await rooms.bind(tx, bound, clock.now() + timedelta(seconds=number))
    async with store.read() as tx:
        found = await rooms.named(tx, "acme", "grace", 5)
        assert [room.name for room in found] == ["GRACE & Co", "Grace Hopper"]
        assert [room.name for room in await rooms.named(tx, "acme", "0%", 5)] == ["100% Wool"]
        assert await rooms.named(tx, "acme", "%", 1) == await rooms.named(tx, "acme", "100", 1)
        assert await rooms.named(tx, "other", "grace", 5) == []


async def test_people_come_and_go(store: Store, clock: ManualClock) -> None:
    async with store.begin() as tx:
        await people.set_person(tx, "max", "matrix:@max:test", True, clock.now())
        await people.set_person(tx, "sam", None, False, clock.now())
    async with store.begin() as tx:
        found = (await people.changes(tx)).people
        assert found == {"max": Brought(True, "matrix:@max:test"), "sam": Brought(False, None)}
        await people.set_person(tx, "max", None, False, clock.now())
        assert (await people.changes(tx)).people["max"] == Brought(False, None)
