"""What time brings: unanswered questions end, no action is left behind, what was put off comes back,
the trails' heads go out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bridge.config.schema import Config
from bridge.model.action import ActionState
from bridge.model.audit import BRIDGE, HOUSE, Head
from bridge.model.clock import Clock
from bridge.model.message import Message
from bridge.model.room_message import RoomMessage
from bridge.model.signal import SignalClass, Subject, SubjectKind
from bridge.model.text import safe
from bridge.store import actions, audit, rooms, steps
from bridge.store.engine import Store
from bridge.store.outbox import Delivery, enqueue, to_room
from bridge.store.rooms import BoundRoom
from bridge.watch.deadlines import keep_true
from bridge.watch.reminders import come_back

_BATCH = 100
_CALM = SignalClass.DIGEST.urgency


@dataclass(frozen=True)
class Oversight:
    config: Config
    store: Store
    clock: Clock

    async def look(self) -> None:
        """Any number of processes may do it at any time: nothing happens twice."""
        while await self._expire():
            pass
        await self._take_up_again()
        await come_back(self.store, self.clock)
        for account in (*self.config.accounts, HOUSE):
            await self._post_head(account)
            await keep_true(self.store, self.clock, account)

    async def _expire(self) -> bool:
        """Whether there may be more. Nobody is told: whoever answers late is."""
        now = self.clock.now()
        async with self.store.begin() as tx:
            late = await actions.overdue(tx, now, _BATCH)
            for action in sorted(late, key=lambda one: (one.account, one.id)):
                await steps.step(tx, action, ActionState.EXPIRED, BRIDGE, now)
        return len(late) == _BATCH

    async def _take_up_again(self) -> None:
        """What was given up while Stripe was away for days: it must still be known how it ended."""
        now = self.clock.now()
        async with self.store.begin() as tx:
            left = await actions.left_behind(tx)
            places = {one.room_id: await rooms.of_id(tx, one.room_id) for one in left}
            again = [
                steps.on_its_way(one, _subject(place), f":{now:%Y%m%d%H%M}")
                for one in left
                if (place := places[one.room_id])
            ]
            await enqueue(tx, again, now)

    async def _post_head(self, account: str) -> None:
        """As it was at midnight, once; a chain that has not grown has been told already."""
        now, midnight = self.clock.now(), self._midnight()
        async with self.store.begin() as tx:
            head = await audit.head(tx, account, midnight)
            if head.seq:
                await enqueue(tx, list(self._deliveries(head, midnight)), now)

    def _midnight(self) -> datetime:
        zone = ZoneInfo(self.config.timezone)
        return datetime.combine(self.clock.now().astimezone(zone).date(), time(), zone)

    def _deliveries(self, head: Head, midnight: datetime) -> Iterator[Delivery]:
        message = Message(
            title=safe(
                f"Audit trail of {head.account}: {_entries(head.seq)} by {midnight:%Y-%m-%d}"
            ),
            text=safe(f"stripe-bridge audit verify --head {head}"),
        )
        for place in self.config.audit.head_to:
            key = f"audit-head:{head.account}:{head.seq}:{place}"
            if place.startswith("#"):
                for account in self._accounts_of(head):
                    subject = Subject(account, SubjectKind.CHANNEL, place[1:])
                    there = key if account == head.account else f"{key}:{account}"
                    yield to_room(RoomMessage(subject, message), _CALM, there)
                continue
            for name in self._targets(place):
                payload = {"target": name, "message": message.to_json()}
                yield Delivery(f"apprise:{name}", "apprise", payload, _CALM, f"{key}:{name}")

    def _accounts_of(self, head: Head) -> tuple[str, ...]:
        """In whose room it belongs: that of no account is anchored in the rooms of all of them."""
        return tuple(self.config.accounts) if head.account == HOUSE else (head.account,)

    def _targets(self, place: str) -> list[str]:
        if place.startswith("@"):
            return [place[1:]]
        tag = place.removeprefix("tag:")
        return [name for name, target in self.config.targets.items() if tag in target.tags]


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _subject(place: BoundRoom) -> Subject:
    return Subject(place.account, SubjectKind(place.kind), place.subject_id)
