"""What the flows need of the world outside, in the smallest form. The edges provide it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from bridge.model.event import Event, Json
from bridge.model.message import Message
from bridge.model.money import Money
from bridge.model.outcome import Outcome


class StripeReader(Protocol):
    """One account's reader key. Every method raises `StripeError`; objects are plain JSON."""

    async def event_object(self, event: Event) -> Json:
        """The present object of a thin event."""

    async def charge(self, charge_id: str) -> Json:
        """With `customer` expanded."""

    async def payment_intent(self, payment_intent_id: str) -> Json: ...
    async def invoice(self, invoice_id: str) -> Json: ...
    async def customer(self, customer_id: str) -> Json: ...
    async def dispute(self, dispute_id: str) -> Json: ...
    async def invoice_of_payment(self, payment_intent_id: str) -> str | None:
        """The invoice that this PaymentIntent pays, if any."""

    async def payments_of_invoice(self, invoice_id: str) -> list[str]:
        """PaymentIntents of an invoice, newest first."""

    async def refunds_of_charge(self, charge_id: str) -> list[Json]:
        """Newest first."""

    async def check(self) -> str:
        """A sentence that says whose key this is; raises `StripeError` if it is not accepted."""


class StripeWriter(Protocol):
    """One account's writer key. `key` is the idempotency key: the action's id."""

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


@dataclass(frozen=True)
class RoomMade:
    room_id: str


class Homeserver(Protocol):
    """The bridge's own user on the homeserver. Trouble comes back as an `Outcome`, never as an exception."""

    async def create_room(self, spec: RoomSpec) -> RoomMade | Outcome:
        """The room of that alias: made, or found when an earlier try had made it."""

    async def invite(self, room_id: str, user_id: str) -> Outcome: ...
    async def send(
        self, room_id: str, txn_id: str, content: Mapping[str, Any], kind: str = "m.room.message"
    ) -> Outcome:
        """`Delivered(ref=event_id)`; the same `txn_id` never makes a second message."""

    async def joined_rooms(self) -> list[str] | Outcome: ...


class Notifier(Protocol):
    async def notify(self, target: str, message: Message, *, repeated: bool) -> Outcome: ...


@dataclass(frozen=True)
class ChatMessage:
    """What a person did in a room: said something, or reacted to something."""

    event_id: str
    room_id: str
    sender: str
    sent_at: datetime
    body: str = ""
    #: The message it replies to or reacts to.
    reply_to: str | None = None
    thread: str | None = None
    reaction: str | None = None


def chat_to_json(said: ChatMessage) -> Json:
    return {**asdict(said), "sent_at": said.sent_at.isoformat()}


def chat_from_json(data: Json) -> ChatMessage:
    return ChatMessage(**{**data, "sent_at": datetime.fromisoformat(data["sent_at"])})
