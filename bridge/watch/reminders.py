"""What was put off comes back to whoever asked for it, in the thread where they did."""

from bridge.model.clock import Clock
from bridge.model.message import Message
from bridge.model.room_message import RoomMessage
from bridge.model.signal import SignalClass
from bridge.model.text import safe
from bridge.store import snoozes
from bridge.store.engine import Store
from bridge.store.outbox import Delivery, enqueue, to_room
from bridge.store.snoozes import Snooze

_BATCH = 100
_MATRIX = "matrix:"


async def come_back(store: Store, clock: Clock) -> None:
    """Everything that is due, each once, however many processes do this."""
    while await _some(store, clock):
        pass


async def _some(store: Store, clock: Clock) -> bool:
    """Whether there may be more."""
    now = clock.now()
    async with store.begin() as tx:
        due = await snoozes.due(tx, now, _BATCH)
        await snoozes.told(tx, [one.id for one in due])
        await enqueue(tx, [_reminder(one) for one in due], now)
    return len(due) == _BATCH


def _reminder(one: Snooze) -> Delivery:
    who = one.identity.removeprefix(_MATRIX) if one.identity.startswith(_MATRIX) else None
    message = Message(
        title=safe(f"{one.person}, you wanted to come back to this."),
        tone=SignalClass.NOTIFY,
        text=safe(one.text, cap=1000) if one.text else None,
        mentions=(who,) if who else (),
    )
    wanted = RoomMessage(one.subject, message, one.objects, thread=one.thread)
    return to_room(wanted, SignalClass.PAGE.urgency, f"snooze:{one.id}")
