"""The command core by itself: the real store, the real worker, the sandbox's Stripe, people who talk.

Only the homeserver is left out: what is sent to a room is kept in `told`.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

from bridge.commands.desk import Desk
from bridge.commands.execute import Executor
from bridge.commands.flow import Commands
from bridge.commands.table import VERBS
from bridge.config.schema import Config
from bridge.edges.stripe_api import StripeApi
from bridge.model.clock import ManualClock
from bridge.model.errors import MediaAway, Refused
from bridge.model.message import Message
from bridge.model.outcome import Delivered, Outcome
from bridge.model.ports import ChatMessage, StripeReader, StripeWriter, Told
from bridge.model.room_message import RoomMessage
from bridge.model.signal import Objects
from bridge.model.words import Words
from bridge.notices.explaining import explain
from bridge.notices.flow import Notices
from bridge.sandbox.stripe_server import SandboxStripe
from bridge.store import audit, cards, rooms
from bridge.store.cards import CardId
from bridge.store.engine import Store, Tx
from bridge.store.intake import Intake
from bridge.store.queue import Done, Item
from bridge.store.rooms import BoundRoom, Posted
from bridge.watch.oversight import Oversight
from bridge.worker import Pace, Worker

#: Small refunds need nobody else; from 50 and from 80 euros on, one and two of finance.
REFUND_RULES: list[dict[str, Any]] = [
    {"verbs": ["refund"], "currencies": ["eur"], "others": others, **more}
    for others, more in (
        (0, {}),
        (1, {"amount_at_least": 50, "by": ["finance"]}),
        (2, {"amount_at_least": 80, "by": ["finance"]}),
    )
]
ACCOUNT = "acme"
ROOM = "!room:test"
PACE = Pace(
    lanes_at_once=4,
    lease=timedelta(seconds=60),
    poll=timedelta(seconds=30),
    backoff_first=timedelta(seconds=1),
    backoff_most=timedelta(seconds=60),
    attempts=20,
    give_up_after=timedelta(days=3),
)
BILLING = ["retry", "invoice", "subscription"]
MONEY = ["refund", *BILLING, "show", "help"]
PEOPLE = ["role", "person"]
CARE = ["note", "notes", "assign", "ack", "snooze", "find", "timeline", "who", "why"]
DISPUTES = ["evidence", "preview", "submit", "accept"]


def config(store_url: str, stripe: SandboxStripe, **more: Any) -> Config:
    """Sam and Sid are support, Fin and Fay finance, Eva an engineer, Olga operations."""
    people = {"sam": "support", "sid": "support", "fin": "finance", "fay": "finance"}
    people |= {"eva": "engineer", "olga": "operations"}
    data: dict[str, Any] = {
        "store": {"url": store_url},
        "accounts": {
            ACCOUNT: {
                "reader_key": stripe.reader_key,
                "writer_key": stripe.writer_key,
                "webhook_secrets": ["whsec_x"],
                "api_base": stripe.url,
            }
        },
        "matrix": {
            "homeserver": "http://127.0.0.1:1",
            "server_name": "test",
            "as_token": "ours",
            "hs_token": "theirs",
        },
        "roles": {
            "support": {"verbs": [*MONEY, *CARE, *DISPUTES, "freeze"]},
            "finance": {"verbs": [*MONEY, *CARE, *DISPUTES, "unfreeze", "freeze", *PEOPLE]},
            "engineer": {"verbs": ["show", "help"]},
            "operations": {"verbs": ["unfreeze", *PEOPLE]},
        },
        "people": {
            name: {"matrix": f"@{name}:test", "roles": [role]} for name, role in people.items()
        },
        "approvals": [
            {"verbs": BILLING, "others": 0},
            *REFUND_RULES,
        ],
    }
    return Config.model_validate(data | more)


@dataclass(frozen=True)
class Heard:
    """One message of the bridge in the room."""

    event_id: str
    wanted: RoomMessage

    @property
    def message(self) -> Message:
        return self.wanted.message

    @property
    def words(self) -> str:
        facts = [f"{fact.label}: {fact.value}" for fact in self.message.facts]
        told = [self.message.title, *facts, *self.message.lines, self.message.text or ""]
        return "\n".join(told)


@dataclass
class Shelf:
    """The files that people have dropped, by address; `away` while the homeserver gives none."""

    files: dict[str, bytes] = field(default_factory=dict)
    away: bool = False

    async def fetch(self, address: str, most: int) -> bytes:
        if self.away:
            raise MediaAway("The homeserver does not give that file just now.")
        content = self.files.get(address)
        if content is None or len(content) > most:
            raise Refused("The homeserver does not have that file, or it is too large.")
        return content


class Silence:
    """Targets outside that take everything."""

    async def notify(self, target: str, message: Message, *, repeated: bool) -> Outcome:
        del target, message, repeated
        return Delivered("told")


@dataclass
class Office:
    config: Config
    store: Store
    clock: ManualClock
    stripe: SandboxStripe
    readers: Mapping[str, StripeReader]
    writers: Mapping[str, StripeWriter]
    told: list[Heard] = field(default_factory=list)
    #: Whose pinned card was to be brought up to date.
    cards: list[str] = field(default_factory=list)
    media: Shelf = field(default_factory=Shelf)
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.rebuild(self.config)

    def rebuild(self, config: Config, pace: Pace = PACE) -> None:
        """As after a restart with this configuration."""
        self.config = config
        desk = Desk(
            config,
            self.store,
            self.clock,
            Words(),
            self.readers,
            self.writers,
            lambda room, event: f"{room}/{event}",
            self.media,
            partial(explain, config, Words()),
        )
        self.commands = Commands(desk, VERBS)
        self.executor = Executor(desk, VERBS)
        handlers = {
            "chat": self.commands.handle,
            "action": self.executor.handle,
            "room": self._deliver,
            "about": self._card,
        }
        intake = Intake(self.store, self.clock)
        self.notices = Notices(
            config, self.store, self.clock, intake, self.readers, Silence(), Words()
        )
        handlers |= {"events": self.notices.handle, "apprise": self.notices.notify}
        self.oversight = Oversight(config, self.store, self.clock)
        self.worker = Worker(self.store, self.clock, pace, handlers)

    async def open(self) -> None:
        bound = BoundRoom(f"{ACCOUNT}/channel/payments", ROOM, ACCOUNT, "channel", "payments", ())
        async with self.store.begin() as tx:
            await rooms.bind(tx, bound, self.clock.now())

    async def payment(self, amount: int = 10_000, currency: str = "eur") -> str:
        """A paid charge and the message that tells of it: its event id."""
        made = self.stripe.happen("checkout_succeeds", amount=amount, currency=currency)
        return await self.posted(Objects(charge=made["charge"], customer=made.get("customer")))

    async def renewal(self, scene: str = "renewal_fails", **given: Any) -> tuple[str, Objects]:
        """The message that tells of a subscription's invoice, and what it is about."""
        made = self.stripe.happen(scene, **{"currency": "eur", **given})
        known = {name: made.get(name) for name in ("customer", "invoice", "subscription")}
        objects = Objects(**known)
        return await self.posted(objects), objects

    async def posted(self, objects: Objects) -> str:
        """A message of the bridge about these: its event id."""
        event_id = f"$told{next(self._ids)}"
        posted = Posted(event_id, ROOM, ACCOUNT, None, objects, None, None)
        async with self.store.begin() as tx:
            await rooms.add_posted(tx, posted, self.clock.now())
        return event_id

    async def arrive(self, *event_ids: str) -> None:
        """Stripe's webhooks of these events, handled."""
        for name in event_ids:
            recorded = self.stripe.world.events.get(name)
            assert recorded
            body = recorded.snapshot
            await self.notices.accept(ACCOUNT, body, json.dumps(body))
        await self.worker.settle_all()

    async def room_of(self, customer: str, name: str = "") -> str:
        """The customer's room: what is said in it with `room=` is about them."""
        room = f"!{customer}:test"
        bound = BoundRoom(
            f"{ACCOUNT}/customer/{customer}", room, ACCOUNT, "customer", customer, (), name
        )
        async with self.store.begin() as tx:
            await rooms.bind(tx, bound, self.clock.now())
        return room

    async def bind(self, room: str, kind: str, subject: str) -> None:
        bound = BoundRoom(f"{ACCOUNT}/{kind}/{subject}", room, ACCOUNT, kind, subject, ())
        async with self.store.begin() as tx:
            await rooms.bind(tx, bound, self.clock.now())

    async def say(self, who: str, text: str, **how: Any) -> str:
        """`sam`, or an identity like `slack:U1`; returns what the bridge answered, all of it."""
        before = len(self.told)
        await self.hear(self.message(who, text, **how))
        return "\n".join(heard.words for heard in self.told[before:])

    def message(self, who: str, text: str, *, room: str = ROOM, **how: Any) -> ChatMessage:
        platform, _, sender = who.rpartition(":") if ":" in who else ("matrix", "", f"@{who}:test")
        values = {"sent_at": self.clock.now(), "platform": platform, **how}
        event_id = values.pop("event_id", f"$said{next(self._ids)}")
        return ChatMessage(event_id, room, sender, body=text, **values)

    async def hear(self, said: ChatMessage, *, again: bool = False) -> None:
        """Brought by the homeserver; `again` brings the same message in another transaction."""
        await self.commands.accept(Told(said=(said,), transaction=f"t{next(self._ids)}"))
        if again:
            await self.commands.accept(Told(said=(said,), transaction=f"t{next(self._ids)}"))
        await self.worker.settle_all()

    async def later(self, by: timedelta) -> None:
        self.clock.advance(by)
        await self.worker.settle_all()

    async def overseen(self, by: timedelta) -> None:
        """As `later`, and what time brings has come."""
        self.clock.advance(by)
        await self.oversight.look()
        await self.worker.settle_all()

    def question(self, *words: str) -> Heard:
        """The newest message that asks for an action."""
        return next(
            heard
            for heard in reversed(self.told)
            if heard.wanted.action_id and all(word in heard.words for word in words)
        )

    def refunds(self) -> list[tuple[int, str]]:
        """Amount and action of every refund that Stripe has."""
        found = [one for charge in self.stripe.ledger() for one in charge["refunds"]]
        return [(one["amount"], one["metadata"].get("chat_action", "")) for one in found]

    async def trail(self) -> list[dict[str, Any]]:
        async with self.store.read() as tx:
            return [json.loads(link.text) async for link in audit.links(tx, ACCOUNT)]

    async def happened(self) -> list[str]:
        return [entry["what"] for entry in await self.trail()]

    async def faults(self) -> list[str]:
        async with self.store.read() as tx:
            return await audit.verify(tx, ACCOUNT)

    async def _card(self, item: Item) -> Done:
        self.cards.append(item.payload["subject"]["id"])
        return Done(Delivered())

    async def _deliver(self, item: Item) -> Done:
        wanted = RoomMessage.from_json(item.payload)
        event_id = f"$ours{next(self._ids)}"

        async def write(tx: Tx) -> None:
            bound = await rooms.find(tx, wanted.subject.key)
            room = bound.room_id if bound else ROOM
            posted = Posted(
                event_id, room, ACCOUNT, None, wanted.objects, wanted.action_id, wanted.thread
            )
            await rooms.add_posted(tx, posted, self.clock.now())
            if news := wanted.card:
                card = CardId(ACCOUNT, news.kind, news.key)
                await cards.stands(tx, card, wanted.subject.key, room_id=room, root=event_id)
            self.told.append(Heard(event_id, wanted))

        return Done(Delivered(event_id), write)


@asynccontextmanager
async def opened(
    store: Store, store_url: str, clock: ManualClock, **more: Any
) -> AsyncIterator[Office]:
    async with SandboxStripe(clock=clock) as stripe:
        settings = config(store_url, stripe, **more)
        account = settings.accounts[ACCOUNT]
        reader = StripeApi(
            stripe.reader_key, api_base=account.api_base, timeout=timedelta(seconds=5)
        )
        writer = StripeApi(
            stripe.writer_key, api_base=account.api_base, timeout=timedelta(seconds=5)
        )
        made = Office(settings, store, clock, stripe, {ACCOUNT: reader}, {ACCOUNT: writer})
        await made.open()
        try:
            yield made
        finally:
            await reader.close()
            await writer.close()
