"""From a signal's destinations to deliveries: which rooms, which targets, each told once."""

from dataclasses import dataclass, replace

from bridge.config.schema import Config
from bridge.model.message import Message
from bridge.model.room_message import RoomMessage, room_lane
from bridge.model.signal import Signal, SignalClass, Subject, SubjectKind
from bridge.model.words import Words
from bridge.notices.rooms import members
from bridge.notices.wording import Details, message_of
from bridge.store import outbox
from bridge.store.engine import Tx
from bridge.store.outbox import Delivery, to_room

#: Classes that are worth a new room; the others only go where a room is already.
_BEAR_ROOMS = {SignalClass.PAGE, SignalClass.NOTIFY}
GENERAL = "payments"


@dataclass(frozen=True)
class Address:
    config: Config
    words: Words

    async def deliveries(
        self, tx: Tx, signal: Signal, destinations: tuple[str, ...]
    ) -> list[Delivery]:
        """One per target; those that said the same before are left out by their dedup key."""
        found: list[Delivery] = []
        for destination in destinations:
            if destination == "room":
                found += [self._to_room(signal, one) for one in await self._subjects(tx, signal)]
            elif destination.startswith("#"):
                found.append(self._to_channel(signal, destination[1:]))
            else:
                found.append(self._to_target(signal, destination.removeprefix("@")))
        return found

    async def _subjects(self, tx: Tx, signal: Signal) -> list[Subject]:
        """The signal's own rooms; the general channel for what must be seen and has none."""
        named = (
            (SubjectKind.DISPUTE, signal.objects.dispute),
            (SubjectKind.CUSTOMER, signal.objects.customer),
        )
        subjects = [Subject(signal.account, kind, one) for kind, one in named if one]
        if signal.signal_class in _BEAR_ROOMS:
            return subjects or [Subject(signal.account, SubjectKind.CHANNEL, GENERAL)]
        return [one for one in subjects if await outbox.expected(tx, room_lane(one))]

    def _to_room(self, signal: Signal, subject: Subject) -> Delivery:
        """Every event of the story, the later ones in its thread; the same kind of event only once."""
        message = RoomMessage(
            subject=subject,
            message=self.message(signal, "full"),
            objects=signal.objects,
            name=_room_name(signal, subject),
            topic=_room_topic(subject),
            story=signal.dedup_key,
        )
        key = f"{room_lane(subject)}|{signal.dedup_key}|{signal.turn}"
        return to_room(message, signal.signal_class.urgency, key)

    def _to_channel(self, signal: Signal, channel: str) -> Delivery:
        """A channel hears a story once."""
        subject = Subject(signal.account, SubjectKind.CHANNEL, channel)
        message = self.message(signal, "full")
        if signal.signal_class is SignalClass.PAGE:
            message = replace(message, mentions=members(self.config, subject))
        wanted = RoomMessage(
            subject=subject, message=message, objects=signal.objects, story=signal.dedup_key
        )
        return to_room(
            wanted, signal.signal_class.urgency, f"{room_lane(subject)}|{signal.dedup_key}"
        )

    def _to_target(self, signal: Signal, name: str) -> Delivery:
        message = self.message(signal, self.config.targets[name].details)
        payload = {"target": name, "message": message.to_json()}
        lane = f"apprise:{name}"
        return Delivery(
            lane, "apprise", payload, signal.signal_class.urgency, f"{lane}|{signal.dedup_key}"
        )

    def message(self, signal: Signal, details: Details) -> Message:
        dashboard = self.config.accounts[signal.account].dashboard
        return message_of(signal, self.words, details, dashboard)


def _room_name(signal: Signal, subject: Subject) -> str:
    who = signal.customer_name or signal.objects.customer
    if subject.kind is SubjectKind.DISPUTE:
        return f"Dispute · {who or subject.id}"
    return str(who or subject.id)


def _room_topic(subject: Subject) -> str:
    return f"{subject.kind} {subject.id} of {subject.account} in Stripe"
