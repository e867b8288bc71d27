"""A room that turns out encrypted: one plain notice, a word to those who watch, then silence.

The homeserver tells of it when it happens. That may have been while nobody listened, so before
something is said in a room its state is looked at, every so often.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.model.clock import Clock
from bridge.model.message import Message
from bridge.model.outcome import Outcome, Refused, Retry
from bridge.model.ports import Homeserver
from bridge.model.room_message import RoomMessage
from bridge.model.signal import SignalClass, Subject, SubjectKind
from bridge.model.text import safe
from bridge.store import outbox, rooms
from bridge.store.engine import Tx
from bridge.store.outbox import to_room
from bridge.store.rooms import BoundRoom, Trouble

ENCRYPTED = "the room is encrypted, and the bridge puts nothing of payments into such a room"
PLAIN = Message(
    title=safe(
        "This room is encrypted now, so I can say nothing of payments here any more."
        " Remove me from it, and I make a new room without encryption."
    )
)
_CRITICAL, _GENERAL = "payments-critical", "payments"
_LOOK_EVERY = timedelta(hours=1)
#: What is not remembered is looked at again.
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Secrecy:
    """`looked` is when each room was last known to be plain."""

    homeserver: Homeserver
    clock: Clock
    looked: dict[str, datetime]

    def is_plain(self, room_id: str) -> None:
        if len(self.looked) >= _MOST_REMEMBERED:
            self.looked.clear()
        self.looked[room_id] = self.clock.now()

    async def encrypted(self, room_id: str) -> bool | Retry:
        """At once where it is known; what cannot be read is not the room's secrecy."""
        at = self.looked.get(room_id)
        if at and self.clock.now() - at < _LOOK_EVERY:
            return False
        found = await self.homeserver.state(room_id, "m.room.encryption")
        if isinstance(found, Retry):
            return found
        if isinstance(found, Refused) and found.code == "M_NOT_FOUND":
            self.is_plain(room_id)
        return not isinstance(found, Outcome)


async def silence(tx: Tx, bound: BoundRoom, key: str, now: datetime) -> None:
    """From now on nothing is sent there; `key` is what it is told once by."""
    await rooms.set_trouble(tx, bound.room_id, Trouble.ENCRYPTED)
    channel = _GENERAL if bound.subject_id == _CRITICAL else _CRITICAL
    place = Subject(bound.account, SubjectKind.CHANNEL, channel)
    what = f"The room of {bound.kind} {bound.name or bound.subject_id} has no more messages: {ENCRYPTED}."
    notice = RoomMessage(place, Message(title=safe(what), tone=SignalClass.PAGE))
    delivery = to_room(notice, SignalClass.PAGE.urgency, f"encrypted:{key}")
    await outbox.enqueue(tx, [delivery], now)
