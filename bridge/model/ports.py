"""What the flows need of the world outside, in the smallest form. The edges provide it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from bridge.model.event import Event, Json
from bridge.model.message import Message
from bridge.model.money import Money
from bridge.model.outcome import Outcome
from bridge.model.stripe_billing import BillingReader, BillingWriter
from bridge.model.stripe_disputes import DisputeReader, DisputeWriter
from bridge.model.stripe_paying import PayingReader, PayingWriter
from bridge.model.stripe_search import SearchReader


class Listed(StrEnum):
    """What an account's customers are found by, those who pay first."""

    CHARGES = "charges"
    INVOICES = "invoices"
    SUBSCRIPTIONS = "subscriptions"
    CUSTOMERS = "customers"


class StripeReader(BillingReader, DisputeReader, PayingReader, SearchReader, Protocol):
    """One account's reader key. Every method raises `StripeError`; objects are plain JSON."""

    async def event_object(self, event: Event) -> Json:
        """The present object of a thin event."""

    async def charge(self, charge_id: str) -> Json:
        """With `customer` expanded."""

    async def payment_intent(self, payment_intent_id: str) -> Json: ...
    async def invoice(self, invoice_id: str) -> Json: ...
    async def customer(self, customer_id: str) -> Json: ...
    async def invoice_of_payment(self, payment_intent_id: str) -> str | None:
        """The invoice that this PaymentIntent pays, if any."""

    async def payments_of_invoice(self, invoice_id: str) -> list[str]:
        """PaymentIntents of an invoice, newest first."""

    async def refunds_of_charge(self, charge_id: str) -> list[Json]:
        """Newest first."""

    async def owner(self, customer_id: str) -> Json:
        """The customer, with the default way to pay expanded."""

    async def charges_of(self, customer_id: str) -> tuple[list[Json], bool]:
        """The newest charges, at most 300, and whether those are all."""

    async def subscriptions_of(self, customer_id: str) -> list[Json]:
        """The newest 100, whatever their state."""

    async def invoices_of(self, customer_id: str, status: str | None = None) -> list[Json]:
        """The newest 100."""

    async def made_since(self, what: Listed, since: datetime, after: str | None) -> list[Json]:
        """Of the whole account, newest first: the next 100 behind the object `after`."""

    async def made_by(self, key: str, types: Sequence[str], since: datetime) -> list[Json]:
        """The objects in the events, of at most 20 types, of the API call with that idempotency key.

        As they were then. `since` is when it was made at the earliest; events are kept for 30 days.
        """

    async def check(self) -> str:
        """A sentence that says whose key this is; raises `StripeError` if it is not accepted."""


class StripeWriter(BillingWriter, DisputeWriter, PayingWriter, Protocol):
    """One account's writer key. `key` is the idempotency key: the action's id.

    Answers are `Written`, so that the audit trail can name Stripe's request.
    """

    async def refund(
        self,
        *,
        charge: str,
        money: Money,
        reason: str | None,
        metadata: Mapping[str, str],
        key: str,
    ) -> Json: ...
    async def set_metadata(
        self, *, kind: str, object_id: str, metadata: Mapping[str, str], key: str
    ) -> Json:
        """Merges into the metadata of a `charge`, `payment_intent`, `invoice`, `customer`, `dispute`, `subscription`."""


@dataclass(frozen=True)
class RoomSpec:
    """A room's whole initial state: one call makes it."""

    alias_localpart: str
    name: str
    topic: str
    invite: tuple[str, ...]
    power: Mapping[str, int]
    space: str | None = None
    is_space: bool = False
    #: The content of its `m.room.avatar`.
    avatar: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class RoomMade:
    """`found` if the alias led to a room that was there already."""

    room_id: str
    found: bool = False


@dataclass(frozen=True)
class Login:
    """A bot account's session: transaction ids belong to its device."""

    token: str
    device: str


class Homeserver(Protocol):
    """The bridge's own user on the homeserver. Trouble comes back as an `Outcome`, never as an exception."""

    @property
    def user_id(self) -> str: ...

    @property
    def memory(self) -> timedelta:
        """For so long the homeserver surely knows what was sent under a transaction id."""

    async def create_room(self, spec: RoomSpec) -> RoomMade | Outcome:
        """The room of that alias: made, or found when an earlier try had made it."""

    async def invite(self, room_id: str, user_id: str) -> Outcome: ...
    async def send(
        self, room_id: str, txn_id: str, content: Mapping[str, Any], kind: str = "m.room.message"
    ) -> Outcome:
        """`Delivered(ref=event_id)`; the same `txn_id` never makes a second message."""

    async def upload(self, data: bytes, content_type: str, filename: str) -> str | Outcome:
        """The address (`mxc://…`) under which everybody on the homeserver finds it."""

    async def profile(self) -> Json | Outcome:
        """The bridge's own `displayname` and `avatar_url`, as far as they are set."""

    async def set_profile(self, field: str, value: str) -> Outcome: ...
    async def joined_rooms(self) -> list[str] | Outcome: ...
    async def set_state(
        self, room_id: str, kind: str, content: Mapping[str, Any], state_key: str = ""
    ) -> Outcome: ...
    async def state(self, room_id: str, kind: str, state_key: str = "") -> Json | Outcome:
        """The content of a piece of the room's state; `Refused` with M_NOT_FOUND if there is none."""

    async def creators(self, room_id: str) -> tuple[str, ...] | Outcome:
        """Who may do everything there, whatever its power levels say: the creators, in newer rooms."""

    async def has_event(self, room_id: str, event_id: str) -> bool | Outcome: ...
    async def said(self, room_id: str, txn_id: str, since: datetime) -> str | Outcome | None:
        """The message that was sent under `txn_id`, by its content; None if the room has none since then."""

    async def join(self, room_id: str, via: str | None = None) -> Outcome: ...
    async def leave(self, room_id: str) -> Outcome: ...
    async def kick(self, room_id: str, user_id: str, reason: str) -> Outcome: ...
    async def room_of_alias(self, localpart: str) -> str | Outcome | None:
        """None if the alias leads nowhere."""

    async def point_alias(self, localpart: str, room_id: str | None) -> Outcome:
        """Make the alias lead to that room and nowhere else; None takes it away."""


class Notifier(Protocol):
    async def notify(self, target: str, message: Message, *, repeated: bool) -> Outcome: ...


@dataclass(frozen=True)
class Attachment:
    """A file in a chat: where its content is (`mxc://…`), and what it is called, which proves nothing.

    `address` is empty if the content is encrypted: then it is not for us.
    """

    address: str
    name: str


class Media(Protocol):
    """Where the content of attachments is."""

    async def fetch(self, address: str, most: int) -> bytes:
        """Raises `Refused` if it is gone or has more than `most` bytes, `MediaAway` to try again later."""


@dataclass(frozen=True)
class ChatMessage:
    """What a person did in a room: said something, dropped a file, or reacted to something."""

    event_id: str
    room_id: str
    sender: str
    sent_at: datetime
    body: str = ""
    #: The message it replies to or reacts to.
    reply_to: str | None = None
    thread: str | None = None
    reaction: str | None = None
    platform: str = "matrix"
    #: Then `body` is what was written beside it.
    file: Attachment | None = None

    @property
    def identity(self) -> str:
        """Who said it, whatever the platform: `matrix:@anna:example.org`."""
        return f"{self.platform}:{self.sender}"


class RoomFate(StrEnum):
    """What can happen to a room that the bridge must answer to."""

    INVITED = "invited"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    ENCRYPTED = "encrypted"
    #: A message was taken away; `detail` is which.
    REDACTED = "redacted"


@dataclass(frozen=True)
class RoomChange:
    """`detail` is the new room of an upgraded one; how the bridge was removed (`leave`, `ban`)."""

    event_id: str
    room_id: str
    sender: str
    what: RoomFate
    detail: str = ""


@dataclass(frozen=True)
class Told:
    """What the homeserver told at once, by a transaction or by a sync; `since` is where the next one begins."""

    said: tuple[ChatMessage, ...] = ()
    changes: tuple[RoomChange, ...] = ()
    transaction: str | None = None
    since: str | None = None


def chat_to_json(said: ChatMessage) -> Json:
    return {**asdict(said), "sent_at": said.sent_at.isoformat()}


def chat_from_json(data: Json) -> ChatMessage:
    sent_at, file = datetime.fromisoformat(data["sent_at"]), data.get("file")
    return ChatMessage(**{**data, "sent_at": sent_at, "file": Attachment(**file) if file else None})
