"""The worker with a bot's budget: what interrupts gets the next message, and waiting is no failure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import func, select

from bridge.config import Config
from bridge.edges.matrix_content import matrix_content
from bridge.model.clock import ManualClock
from bridge.model.message import Message
from bridge.model.outcome import Delivered, Outcome, Refused
from bridge.model.ports import Homeserver, RoomMade, RoomSpec
from bridge.model.room_message import RoomMessage
from bridge.model.signal import SignalClass, Subject, SubjectKind
from bridge.model.text import safe
from bridge.notices.pacing import Pacing
from bridge.notices.rooms import Rooms
from bridge.store import outbox
from bridge.store.engine import Store, open_store
from bridge.store.migrate import upgrade_async
from bridge.store.tables import attempt
from bridge.store.tables import outbox as table
from bridge.worker import Pace, Worker

PACE = Pace(
    lanes_at_once=4,
    lease=timedelta(seconds=60),
    poll=timedelta(seconds=1),
    backoff_first=timedelta(seconds=1),
    backoff_most=timedelta(seconds=60),
    attempts=3,
    give_up_after=timedelta(hours=1),
)


class Quiet:
    """Makes every room it is asked for, and notes what is said."""

    user_id = "@bot:example.org"
    memory = timedelta(days=1)

    def __init__(self) -> None:
        self.said: list[str] = []

    async def create_room(self, spec: RoomSpec) -> RoomMade:
        return RoomMade(f"!{spec.alias_localpart}:example.org")

    async def upload(self, data: bytes, content_type: str, filename: str) -> Outcome:
        return Refused("no media here", "M_UNRECOGNIZED")

    async def send(self, room_id: str, txn_id: str, content: Mapping[str, Any]) -> Outcome:
        self.said.append(content["body"].splitlines()[0])
        return Delivered(f"${txn_id}")


def configured(url: str) -> Config:
    account = {"reader_key": "rk_test_x", "webhook_secrets": ["whsec_x"]}
    matrix = {
        "homeserver": "http://127.0.0.1:1",
        "server_name": "example.org",
        "mode": "bot",
        "user_id": Quiet.user_id,
        "access_token": "x",
    }
    return Config.model_validate(
        {"store": {"url": url}, "accounts": {"acme": account}, "matrix": matrix}
    )


async def put(store: Store, clock: ManualClock, subject: Subject, tone: SignalClass) -> None:
    message = Message(title=safe(f"{tone} for {subject.id}"), tone=tone)
    wanted = outbox.to_room(RoomMessage(subject, message), tone.urgency)
    async with store.begin() as tx:
        await outbox.enqueue(tx, [wanted], clock.now())


async def test_pages_go_first_and_nobody_fails_by_waiting(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
    await upgrade_async(url)
    store, clock = open_store(url), ManualClock(datetime(2026, 11, 27, 21, 0, tzinfo=UTC))
    quiet = Quiet()
    pacing = Pacing(0.2, 1, clock)
    homeserver = cast("Homeserver", quiet)
    rooms = Rooms(configured(url), store, clock, homeserver, matrix_content, pacing)
    worker = Worker(store, clock, PACE, {"room": rooms.deliver})
    for customer in ("cus_1", "cus_2", "cus_3"):
        subject = Subject("acme", SubjectKind.CUSTOMER, customer)
        await put(store, clock, subject, SignalClass.DIGEST)
    await worker.settle_all()
    channel = Subject("acme", SubjectKind.CHANNEL, "payments-critical")
    await put(store, clock, channel, SignalClass.PAGE)
    for _ in range(40):
        await worker.settle_all()
        clock.advance(timedelta(seconds=1))
    assert quiet.said[0].startswith("digest")
    assert "page" in quiet.said[1]
    assert len(quiet.said) == 4
    async with store.read() as tx:
        assert (await tx.run(select(func.count()).select_from(attempt))).scalar_one() == 0
        assert list((await tx.run(select(table.c.attempts))).scalars()) == [1, 1, 1, 1]
    await store.close()
