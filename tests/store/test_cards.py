"""Cards and where they stand, on both databases."""

import asyncio
from datetime import timedelta

from bridge.model.clock import ManualClock
from bridge.model.signal import Subject, SubjectKind
from bridge.store import about, backfill, cards, outbox
from bridge.store.about import About, to_about
from bridge.store.backfill import Position
from bridge.store.cards import CardId
from bridge.store.engine import Store

CARD = CardId("acme", "payment", "in_1")
ROOM = "acme/customer/cus_1"


async def test_two_who_move_a_card_at_once_both_count(store: Store, clock: ManualClock) -> None:
    async def move(word: str) -> None:
        async with store.begin() as tx:
            kept = await cards.lock(tx, CARD, clock.now())
            words = [*(kept.body or {}).get("words", []), word]
            await asyncio.sleep(0)
            await cards.keep(tx, CARD, {"words": words}, kept.version + 1, clock.now())

    await asyncio.gather(*(move(f"{number}") for number in range(8)))
    async with store.read() as tx:
        kept = await cards.get(tx, CARD)
    assert kept is not None
    assert kept.version == 8
    assert kept.body and sorted(kept.body["words"]) == [f"{number}" for number in range(8)]


async def test_a_place_is_there_before_its_message_and_forgets_a_lost_one(
    store: Store, clock: ManualClock
) -> None:
    async with store.begin() as tx:
        await cards.lock(tx, CARD, clock.now())
        await cards.put(tx, CARD, ROOM)
        await cards.put(tx, CARD, ROOM)
        assert [one.root for one in await cards.places(tx, CARD)] == [None]
        trying = {"uid": "u", "version": 1, "news": ["paid"]}
        await cards.stands(tx, CARD, ROOM, room_id="!r", root="$1", told=["paid"], trying=trying)
    async with store.begin() as tx:
        place = await cards.place(tx, CARD, ROOM)
        assert place and (place.root, place.told, place.trying) == ("$1", ("paid",), trying)
        await about.lost(tx, "$1")
        lost = await cards.place(tx, CARD, ROOM)
        assert lost and lost.root is None
        assert await cards.place(tx, CARD, "acme/customer/cus_2") is None


async def test_a_blank_card_is_none_yet(store: Store, clock: ManualClock) -> None:
    other = CardId("acme", "payment", "pi_1")
    async with store.begin() as tx:
        assert (await cards.lock(tx, CARD, clock.now())).body is None
        assert await cards.get(tx, CARD) is None
        assert await cards.one_of(tx, [other, CARD]) == CARD
        assert await cards.one_of(tx, [other]) is None


async def test_a_bill_that_is_known_is_not_forgotten_for_none(
    store: Store, clock: ManualClock
) -> None:
    async with store.begin() as tx:
        assert await cards.invoice_of(tx, "acme", "pi_1") == (False, None)
        await cards.learn_bill(tx, "acme", "pi_1", None, clock.now())
        assert await cards.invoice_of(tx, "acme", "pi_1") == (True, None)
        await cards.learn_bill(tx, "acme", "pi_1", "in_1", clock.now())
        await cards.learn_bill(tx, "acme", "pi_1", None, clock.now())
        assert await cards.invoice_of(tx, "acme", "pi_1") == (True, "in_1")


async def test_a_pinned_card_is_kept_and_lost(store: Store, clock: ManualClock) -> None:
    known = About("!r", "$1", "hash", pinned=True, read_at=clock.now())
    async with store.begin() as tx:
        assert await about.get(tx, ROOM) == About()
        await about.keep(tx, ROOM, About())
        await about.keep(tx, ROOM, known)
        assert await about.get(tx, ROOM) == known
        await about.lost(tx, "$1")
        lost = await about.get(tx, ROOM)
    assert (lost.root, lost.pinned, lost.read_at) == (None, False, clock.now())


async def test_a_backfill_knows_how_far_it_came_and_what_waits(
    store: Store, clock: ManualClock
) -> None:
    subject = Subject("acme", SubjectKind.CUSTOMER, "cus_1")
    start = Position(clock.now() - timedelta(days=30))
    async with store.begin() as tx:
        assert await backfill.position(tx, "acme", "since:1") is None
        await backfill.keep(tx, "acme", "since:1", start, clock.now())
        at = Position(start.since, "ch_1")
        await backfill.keep(tx, "acme", "since:1", at, clock.now())
        assert await backfill.position(tx, "acme", "since:1") == at
        await outbox.enqueue(tx, [to_about(subject)], clock.now())
        assert await backfill.waiting(tx) == 0  # only what goes to rooms is counted
        await backfill.finished(tx, "acme", "since:1")
        assert await backfill.position(tx, "acme", "since:1") is None
