"""A card in its room, between a real store and a homeserver that fails as a test wants it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from bridge.config import Config
from bridge.edges.matrix_content import matrix_content
from bridge.model.clock import ManualClock
from bridge.model.outcome import Dead, Delivered, Outcome, Retry
from bridge.model.room_message import RoomMessage
from bridge.model.signal import Signal, SignalClass
from bridge.model.words import Words
from bridge.notices.addressing import Address
from bridge.notices.card_post import Cards
from bridge.store import about, cards, outbox
from bridge.store.engine import Store, Tx, open_store
from bridge.store.migrate import upgrade_async
from bridge.store.outbox import Delivery
from bridge.store.queue import Done, Item
from bridge.store.rooms import BoundRoom
from bridge.store.tables import is_ready
from bridge.store.tables import outbox as outbox_table

from .test_cards import DISPUTE, NOW, REFUND, RENEWAL

CUSTOMER = "acme/customer/cus_AnnaWeber1"
CRITICAL = "acme/channel/payments-critical"


@dataclass
class Room:
    """Takes each transaction id once, as a homeserver does."""

    fails: list[Outcome] = field(default_factory=list)
    sent: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    #: What happens before the answer to the next message is there.
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def say(self, txn: str, content: Mapping[str, Any]) -> Outcome:
        if self.fails:
            return self.fails.pop(0)
        self.sent.setdefault(txn, content)
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            await happens()
        return Delivered(f"${txn}")

    @property
    def roots(self) -> list[str]:
        return [c["body"] for c in self.sent.values() if "m.relates_to" not in c]

    @property
    def edits(self) -> list[Mapping[str, Any]]:
        return [c for c in self.sent.values() if _relation(c) == "m.replace"]

    @property
    def thread(self) -> list[Mapping[str, Any]]:
        return [c for c in self.sent.values() if _relation(c) == "m.thread"]


def _relation(content: Mapping[str, Any]) -> str:
    relation: Mapping[str, str] = content.get("m.relates_to", {})
    return relation.get("rel_type", "")


@dataclass
class House:
    config: Config
    store: Store
    clock: ManualClock
    rooms: dict[str, Room] = field(default_factory=dict)

    async def waiting(self) -> list[Delivery]:
        ready = select(outbox_table).where(is_ready(outbox_table)).order_by(outbox_table.c.id)
        async with self.store.read() as tx:
            rows = (await tx.run(ready)).all()
        return [Delivery(r.lane, "room", r.payload, r.urgency, r.dedup_key, r.uid) for r in rows]

    async def happens(self, *signals: Signal, to: tuple[str, ...] = ("room",)) -> None:
        address = Address(self.config, Words())
        for signal in signals:
            async with self.store.begin() as tx:
                told = await address.deliveries(tx, signal, to, self.clock.now())
                await outbox.enqueue(tx, told.deliveries, self.clock.now())

    async def deliver(self, delivery: Delivery, *, crash: bool = False) -> Done:
        """With `crash` the outcome is never written down; `Retry` leaves it waiting."""
        wanted = RoomMessage.from_json(delivery.payload)
        subject = wanted.subject
        bound = BoundRoom(
            subject.key, f"!{subject.id}", subject.account, subject.kind, subject.id, ()
        )
        item = Item(1, delivery.lane, "room", delivery.uid, delivery.payload, 0, NOW)
        room = self.rooms.setdefault(subject.key, Room())
        poster = Cards(self.config, self.store, self.clock, matrix_content)
        done = await poster.post(bound, wanted, item, room.say)
        if not crash:
            async with self.store.begin() as tx:
                await self._settle(tx, delivery, done)
        return done

    async def _settle(self, tx: Tx, delivery: Delivery, done: Done) -> None:
        if done.lock:
            await done.lock(tx)
        if not isinstance(done.outcome, Retry):
            mine = update(outbox_table).where(outbox_table.c.uid == delivery.uid)
            await tx.run(mine.values(state="delivered"))
        if done.write:
            await done.write(tx)

    async def deliver_all(self) -> None:
        while waiting := await self.waiting():
            await self.deliver(waiting[0])


@pytest_asyncio.fixture
async def house(tmp_path: Path, config: Config) -> AsyncIterator[House]:
    url = f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
    await upgrade_async(url)
    store = open_store(url)
    yield House(config, store, ManualClock(NOW + timedelta(hours=1)))
    await store.close()


@pytest.fixture
def config() -> Config:
    return Config.model_validate(
        {
            "accounts": {
                "acme": {
                    "reader_key": "rk_test_1234567890",
                    "webhook_secrets": ["whsec_1234567890"],
                }
            },
            "matrix": {
                "homeserver": "http://127.0.0.1:8008",
                "server_name": "example.org",
                "as_token": "a" * 40,
                "hs_token": "h" * 40,
            },
            "roles": {"support": {"verbs": ["refund", "note", "show"]}},
            "people": {"sam": {"matrix": "@sam:example.org", "roles": ["support"]}},
        }
    )


async def test_told_as_it_happens_it_is_one_message_with_its_history(house: House) -> None:
    for signal in RENEWAL:
        await house.happens(signal)
        await house.deliver_all()
    room = house.rooms[CUSTOMER]
    assert len(room.roots) == 1
    assert "Renewal paid" in room.edits[-1]["m.new_content"]["body"]
    assert all(edit["m.mentions"] == {} for edit in room.edits)
    lines = "\n".join(content["body"] for content in room.thread)
    assert lines.count("attempt 1") == lines.count("attempt 2") == lines.count("Renewal paid") == 1


async def test_what_waited_together_is_sent_once_as_it_is_now(house: House) -> None:
    await house.happens(*RENEWAL)
    await house.deliver_all()
    room = house.rooms[CUSTOMER]
    assert len(room.roots) == 1 and "Renewal paid" in room.roots[0]
    assert room.edits == []
    (history,) = room.thread
    assert "7 things happened" in history["body"]


async def test_one_delivery_is_enough_until_somebody_must_be_interrupted(house: House) -> None:
    await house.happens(*RENEWAL)
    assert len(await house.waiting()) == 1
    await house.happens(*DISPUTE[:2], to=("#payments-critical",))
    assert len(await house.waiting()) == 2
    await house.happens(*DISPUTE[2:], to=("#payments-critical",))
    pages = sum(signal.signal_class is SignalClass.PAGE for signal in DISPUTE)
    assert len(await house.waiting()) == 1 + pages


@pytest.mark.parametrize("at", range(1, 8))
async def test_what_happens_while_it_is_being_said_is_shown_as_well(house: House, at: int) -> None:
    """The homeserver has the card, nothing is written down yet, and the card moves on."""
    await house.happens(*RENEWAL[:at])
    room = house.rooms[CUSTOMER] = Room()
    room.meanwhile = partial(house.happens, *RENEWAL[at:])
    await house.deliver_all()
    assert len(room.roots) == 1
    shown = [edit["m.new_content"]["body"] for edit in room.edits] or room.roots
    assert "Renewal paid" in shown[-1]
    lines = "\n".join(content["body"] for content in room.thread)
    assert lines.count("attempt 2") == lines.count("Renewal paid") == 1, lines


async def test_what_is_brought_twice_is_no_delivery(house: House) -> None:
    await house.happens(*RENEWAL)
    known = await house.waiting()
    await house.happens(*RENEWAL, *RENEWAL)
    assert await house.waiting() == known


@pytest.mark.parametrize("at", range(1, 6))
async def test_a_crash_at_any_delivery_repeats_nothing(house: House, at: int) -> None:
    """What was sent and not written down is sent under the same ids, whatever happened since."""
    for signal in RENEWAL[:at]:
        await house.deliver_all()
        await house.happens(signal)
    for delivery in (await house.waiting())[:1]:
        await house.deliver(delivery, crash=True)
    await house.happens(*RENEWAL[at:])
    await house.deliver_all()
    room = house.rooms[CUSTOMER]
    assert len(room.roots) == 1
    lines = "\n".join(content["body"] for content in room.thread)
    for line in ("attempt 1", "attempt 2", "behind with", "Renewal paid"):
        assert lines.count(line) == 1, lines
    shown = [edit["m.new_content"]["body"] for edit in room.edits] or room.roots
    assert "Renewal paid" in shown[-1]


@pytest.mark.parametrize("failing", range(3))
async def test_an_outage_in_the_middle_is_made_up_for(house: House, failing: int) -> None:
    await house.happens(*RENEWAL[:4])
    room = house.rooms[CUSTOMER] = Room()
    first = (await house.waiting())[0]
    for _ in range(failing):
        room.fails = [Retry("away", outage=True)]
        assert isinstance((await house.deliver(first)).outcome, Retry)
    await house.deliver(first)
    await house.deliver_all()
    assert len(room.roots) == 1
    assert "\n".join(content["body"] for content in room.thread).count("attempt 1") == 1


async def test_a_card_whose_message_was_lost_gets_a_new_one_with_the_next_news(
    house: House,
) -> None:
    await house.happens(*RENEWAL[:3])
    await house.deliver_all()
    room = house.rooms[CUSTOMER]
    (root,) = [txn for txn, content in room.sent.items() if "m.relates_to" not in content]
    async with house.store.begin() as tx:
        await about.lost(tx, f"${root}")
    await house.happens(*RENEWAL[3:])
    await house.deliver_all()
    assert len(room.roots) == 2


async def test_a_root_that_cannot_be_sent_is_tried_by_the_next_news_and_not_in_a_loop(
    house: House,
) -> None:
    await house.happens(RENEWAL[0])
    room = house.rooms[CUSTOMER] = Room(fails=[Dead("too large")])
    await house.deliver_all()
    assert room.sent == {}
    await house.happens(RENEWAL[2])
    await house.deliver_all()
    assert len(room.roots) == 1


async def test_a_channel_is_interrupted_by_each_turn_that_cannot_wait_and_by_nothing_else(
    house: House,
) -> None:
    everywhere = ("room", "#payments-critical")
    await house.happens(DISPUTE[0], DISPUTE[1], to=everywhere)
    await house.deliver_all()
    await house.happens(*DISPUTE[2:])
    await house.deliver_all()
    channel = house.rooms[CRITICAL]
    loud = [c for c in channel.sent.values() if c["m.mentions"]]
    assert len(loud) == len(channel.roots) == 1
    assert channel.thread == []
    assert "Dispute won after all" in channel.edits[-1]["m.new_content"]["body"]


async def test_a_refund_that_fails_interrupts_in_the_thread_of_its_payment(house: House) -> None:
    await house.happens(REFUND[0], to=("#payments", "#payments-critical"))
    await house.happens(*REFUND[1:3])
    await house.deliver_all()
    await house.happens(REFUND[3], to=("#payments-critical",))
    await house.deliver_all()
    channel = house.rooms[CRITICAL]
    (heard,) = channel.thread
    assert heard["msgtype"] == "m.text" and heard["m.mentions"]["user_ids"] == ["@sam:example.org"]
    assert "Refund failed: €25.00" in heard["body"]
    assert REFUND[3].signal_class is SignalClass.PAGE


async def test_a_reply_to_the_card_is_about_what_is_known_by_now(house: House) -> None:
    await house.happens(*RENEWAL)
    await house.deliver_all()
    from bridge.store import rooms

    (root,) = [t for t, c in house.rooms[CUSTOMER].sent.items() if "m.relates_to" not in c]
    async with house.store.read() as tx:
        posted = await rooms.posted_by_id(tx, f"${root}")
        place = await cards.places(tx, cards.CardId("acme", "payment", "in_1QBFRenewal1"))
    assert posted is not None
    assert posted.objects.invoice == "in_1QBFRenewal1"
    assert posted.objects.subscription and posted.objects.charge and posted.objects.customer
    assert [one.subject for one in place] == [CUSTOMER]
