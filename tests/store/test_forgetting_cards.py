"""Cards, their places, bills and pinned cards are forgotten by age once they are settled."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bridge.config.schema import Retention
from bridge.model.clock import ManualClock
from bridge.model.message import Message
from bridge.model.room_message import RoomMessage
from bridge.model.signal import Subject, SubjectKind
from bridge.model.text import safe
from bridge.store import about, cards, outbox, retention, rooms
from bridge.store.about import About
from bridge.store.cards import CardId
from bridge.store.engine import Store
from bridge.store.outbox import to_room
from bridge.store.rooms import BoundRoom
from bridge.store.tables import about as about_table
from bridge.store.tables import bill, card, card_place
from bridge.watch.retention import Forgetting

ROOM = Subject("acme", SubjectKind.CUSTOMER, "cus_1")
KEEP = Retention(cards=timedelta(days=100))
DAY = timedelta(days=1)


async def keep(store: Store, clock: ManualClock, key: str, *, settled: bool) -> CardId:
    one = CardId("acme", "payment", key)
    async with store.begin() as tx:
        kept = await cards.lock(tx, one, clock.now())
        version = kept.version + 1
        await cards.keep(tx, one, {"said": []}, version, clock.now(), settled=settled)
        await cards.put(tx, one, ROOM.key)
    return one


async def known(store: Store) -> tuple[set[str], set[str]]:
    """The keys of cards, and of those that stand somewhere."""
    async with store.read() as tx:
        found = [set((await tx.run(select(t.c.key))).scalars()) for t in (card, card_place)]
    return found[0], found[1]


async def forget(store: Store, clock: ManualClock) -> int:
    return await Forgetting(store, clock, KEEP).forget()


async def test_a_settled_card_goes_with_its_places_and_one_that_moves_stays(
    store: Store, clock: ManualClock
) -> None:
    await keep(store, clock, "in_paid", settled=True)
    await keep(store, clock, "in_open", settled=False)
    clock.advance(50 * DAY)
    await keep(store, clock, "in_later", settled=True)
    assert await forget(store, clock) == 0
    clock.advance(51 * DAY)
    assert await forget(store, clock) == 1
    assert await known(store) == ({"in_open", "in_later"}, {"in_open", "in_later"})
    clock.advance(1000 * DAY)
    await forget(store, clock)
    assert await known(store) == ({"in_open"}, {"in_open"})


async def test_one_that_moves_again_begins_its_time_anew(store: Store, clock: ManualClock) -> None:
    await keep(store, clock, "in_paid", settled=True)
    clock.advance(99 * DAY)
    await keep(store, clock, "in_paid", settled=True)
    clock.advance(99 * DAY)
    assert await forget(store, clock) == 0
    await keep(store, clock, "in_paid", settled=False)
    clock.advance(1000 * DAY)
    assert await forget(store, clock) == 0


async def test_one_that_waits_to_be_shown_stays_until_it_was(
    store: Store, clock: ManualClock
) -> None:
    one = await keep(store, clock, "in_paid", settled=True)
    delivery = to_room(RoomMessage(ROOM, Message(title=safe("paid"))), 1)
    async with store.begin() as tx:
        await outbox.enqueue(tx, [delivery], clock.now())
        await cards.stands(tx, one, ROOM.key, waiting=delivery.uid)
    clock.advance(1000 * DAY)
    async with store.begin() as tx:
        assert await retention.prune_cards(tx, clock.now(), 10) == 0


@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_no_more_than_a_batch_goes_at_once(
    limit: int, store: Store, clock: ManualClock
) -> None:
    for number in range(20):
        await keep(store, clock, f"in_{number}", settled=True)
    clock.advance(DAY)
    async with store.begin() as tx:
        assert await retention.prune_cards(tx, clock.now(), limit) == min(limit, 20)
    left, standing = await known(store)
    assert left == standing
    assert len(left) == 20 - min(limit, 20)


async def test_which_invoice_a_payment_pays_is_known_as_long_as_its_card(
    store: Store, clock: ManualClock
) -> None:
    await keep(store, clock, "in_open", settled=False)
    await keep(store, clock, "pi_alone", settled=False)
    async with store.begin() as tx:
        await cards.learn_bill(tx, "acme", "pi_open", "in_open", clock.now())
        await cards.learn_bill(tx, "acme", "pi_alone", None, clock.now())
        await cards.learn_bill(tx, "acme", "pi_gone", "in_gone", clock.now())
        await cards.learn_bill(tx, "other", "pi_open", "in_open", clock.now())
    clock.advance(101 * DAY)
    assert await forget(store, clock) == 2
    async with store.read() as tx:
        left = (await tx.run(select(bill.c.account, bill.c.payment_intent))).all()
    assert {tuple(row) for row in left} == {("acme", "pi_open"), ("acme", "pi_alone")}


async def test_the_pinned_card_of_an_archived_room_goes_and_one_in_use_stays(
    store: Store, clock: ManualClock
) -> None:
    async with store.begin() as tx:
        for name in ("old", "used", "reopened"):
            archived = clock.now() if name == "old" else None
            bound = BoundRoom(f"acme/dispute/{name}", f"!{name}", "acme", "dispute", name, ())
            await rooms.bind(tx, BoundRoom(**{**vars(bound), "archived_at": archived}), clock.now())
            await about.keep(tx, bound.subject, About(f"!{name}", "$1", "x", True, clock.now()))
    clock.advance(99 * DAY)
    assert await forget(store, clock) == 0
    clock.advance(2 * DAY)
    assert await forget(store, clock) == 1
    async with store.read() as tx:
        left = set((await tx.run(select(about_table.c.subject))).scalars())
        assert (await tx.run(select(func.count()).select_from(about_table))).scalar_one() == 2
    assert left == {"acme/dispute/used", "acme/dispute/reopened"}
