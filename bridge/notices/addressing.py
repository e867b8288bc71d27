"""From a signal's destinations to deliveries: which rooms, which targets, each told once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from bridge.config.profiles import details_of
from bridge.config.schema import Config
from bridge.model.details import Details
from bridge.model.message import Link, Message
from bridge.model.room_message import CardNews, RoomMessage, room_lane
from bridge.model.signal import Signal, SignalClass, Subject, SubjectKind
from bridge.model.text import SafeText, safe
from bridge.model.words import Words
from bridge.notices.card_news import Moved, card_key, move_cards, story_of, subject_of
from bridge.notices.room_plan import alias, members, room_topic
from bridge.notices.room_shape import dispute_name
from bridge.notices.wording import message_of
from bridge.store import cards, outbox
from bridge.store.engine import Tx
from bridge.store.outbox import Delivery, to_room

#: Classes that are worth a new room; the others only go where a room is already.
_BEAR_ROOMS = {SignalClass.PAGE, SignalClass.NOTIFY}
GENERAL = "payments"
_ROOM = "room"


@dataclass(frozen=True)
class Addressed:
    """`covered` are subjects in whose rooms a delivery that waits already will tell it as well."""

    deliveries: tuple[Delivery, ...]
    covered: tuple[Subject, ...] = ()


@dataclass(frozen=True)
class Address:
    config: Config
    words: Words

    async def deliveries(
        self,
        tx: Tx,
        signal: Signal,
        destinations: tuple[str, ...],
        now: datetime,
        *,
        knows: str | None = None,
    ) -> Addressed:
        """One per target; those that said the same before are left out by their dedup key.

        What moves a card is seen wherever the card stands. `knows` is the key of a subject in whose
        room it has been said already.
        """
        moved = await move_cards(tx, signal, now)
        subjects = await self._rooms(tx, signal, destinations)
        targets = [
            _to_target(
                name,
                self._for_target(signal, name),
                signal.signal_class.urgency,
                signal.dedup_key,
            )
            for name in _targets(destinations)
        ]
        if moved:
            showings = await self._showings(tx, signal, moved, subjects, knows)
            found, covered = await self._to_cards(tx, signal, showings)
            return Addressed((*found, *targets), tuple(covered))
        return Addressed((*(self._to_room(signal, subject) for subject in subjects), *targets))

    async def again(
        self, tx: Tx, signal: Signal, destinations: tuple[str, ...], mark: str
    ) -> list[Delivery]:
        """What somebody asked to be said there once more, whatever was said before."""
        urgency, key = signal.signal_class.urgency, f"{signal.event_id}|{mark}"
        story = await story_of(tx, signal) if destinations else None
        found = []
        for subject in await self._rooms(tx, signal, destinations):
            wanted = self._wanted(signal, subject)
            told = replace(wanted, message=_repeated(wanted.message), story=story)
            found.append(to_room(told, urgency, f"{room_lane(subject)}|{key}"))
        return found + [
            _to_target(name, _repeated(self._for_target(signal, name)), urgency, key)
            for name in _targets(destinations)
        ]

    async def _rooms(self, tx: Tx, signal: Signal, destinations: tuple[str, ...]) -> list[Subject]:
        found: list[Subject] = []
        for destination in destinations:
            if destination == _ROOM:
                found += await self._subjects(tx, signal)
            elif destination.startswith("#"):
                found.append(Subject(signal.account, SubjectKind.CHANNEL, destination[1:]))
        return list(dict.fromkeys(found))

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

    async def _showings(
        self,
        tx: Tx,
        signal: Signal,
        moved: list[Moved],
        subjects: list[Subject],
        knows: str | None,
    ) -> list["_Showing"]:
        """The first card tells it, in the rooms it is meant for and those it stands in already."""
        first = moved[0]
        found: list[_Showing] = []
        if signal.moves[0].tells:
            for subject in subjects:
                if subject.key not in first.standing:
                    await cards.put(tx, first.id, subject.key)
                    found.append(_Showing(first, subject, hushed=subject.key == knows))
        for one in moved:
            if one.changed:
                hush = one is not first
                found += [
                    _Showing(one, subject_of(key), hushed=hush or key == knows)
                    for key in sorted(one.standing)
                ]
        return found

    async def _to_cards(
        self, tx: Tx, signal: Signal, showings: list["_Showing"]
    ) -> tuple[list[Delivery], list[Subject]]:
        """What is sent is the card as it is by then: one delivery that waits is enough (see card_post)."""
        found: list[Delivery] = []
        covered: list[Subject] = []
        for one in showings:
            if await self._is_covered(tx, signal, one):
                covered.append(one.subject)
                continue
            found.append(delivery := self._card(signal, one))
            if not one.hushed:
                await cards.stands(tx, one.moved.id, one.subject.key, waiting=delivery.uid)
        return found, covered

    async def _is_covered(self, tx: Tx, signal: Signal, one: "_Showing") -> bool:
        """What must interrupt is never left to another, nor is what must not be told aloud."""
        if one.hushed or one.waiting is None or signal.signal_class is SignalClass.PAGE:
            return False
        return await outbox.waits(tx, one.waiting, signal.signal_class.urgency)

    def _card(self, signal: Signal, showing: "_Showing") -> Delivery:
        moved, subject = showing.moved, showing.subject
        wanted = replace(
            self._wanted(signal, subject),
            card=CardNews(moved.id.kind, moved.id.key, moved.news, showing.hushed),
            story=None,
        )
        key = card_key(subject, moved.id, moved.version)
        return to_room(wanted, signal.signal_class.urgency, key)

    def _to_room(self, signal: Signal, subject: Subject) -> Delivery:
        """Every event of the story, the later ones in its thread; a channel hears a story once."""
        key = f"{room_lane(subject)}|{signal.dedup_key}"
        if subject.kind is not SubjectKind.CHANNEL:
            key = f"{key}|{signal.turn}"
        return to_room(self._wanted(signal, subject), signal.signal_class.urgency, key)

    def _wanted(self, signal: Signal, subject: Subject) -> RoomMessage:
        message = self.told_in(signal, subject)
        channel = subject.kind is SubjectKind.CHANNEL
        if channel and signal.signal_class is SignalClass.PAGE:
            message = replace(message, mentions=members(self.config, subject))
        return RoomMessage(
            subject=subject,
            message=message,
            objects=signal.objects,
            name="" if channel else _room_name(signal, subject),
            topic="" if channel else room_topic(self.config, subject),
            story=signal.dedup_key,
        )

    def _for_target(self, signal: Signal, name: str) -> Message:
        message = self.message(signal, self.config.targets[name].details)
        return replace(message, links=(*message.links, *self._ways_in(signal)))

    def _ways_in(self, signal: Signal) -> Iterator[Link]:
        """To the room, for those who read of it elsewhere; only if it is there or about to be."""
        objects = signal.objects
        if signal.signal_class not in _BEAR_ROOMS:
            return
        if objects.dispute:
            subject = Subject(signal.account, SubjectKind.DISPUTE, objects.dispute)
        elif objects.customer:
            subject = Subject(signal.account, SubjectKind.CUSTOMER, objects.customer)
        else:
            subject = Subject(signal.account, SubjectKind.CHANNEL, GENERAL)
        where = f"#{alias(self.config, subject)}:{self.config.matrix.server_name}"
        yield Link(SafeText("The room"), f"https://matrix.to/#/{quote(where, safe='')}")

    def told_in(self, signal: Signal, subject: Subject) -> Message:
        """As much of it as may be told in that subject's room."""
        return self.message(signal, details_of(self.config, subject))

    def message(self, signal: Signal, details: Details) -> Message:
        dashboard = self.config.accounts[signal.account].dashboard
        return message_of(signal, self.words, details, dashboard)


@dataclass(frozen=True)
class _Showing:
    """A card that is to be shown in a subject's room; `hushed`: its news was told there already."""

    moved: Moved
    subject: Subject
    hushed: bool

    @property
    def waiting(self) -> str | None:
        return self.moved.standing.get(self.subject.key)


def _targets(destinations: tuple[str, ...]) -> Iterator[str]:
    return (one.removeprefix("@") for one in destinations if one != _ROOM and one[0] != "#")


def _to_target(name: str, message: Message, urgency: int, key: str) -> Delivery:
    lane, payload = f"apprise:{name}", {"target": name, "message": message.to_json()}
    return Delivery(lane, "apprise", payload, urgency, f"{lane}|{key}")


def _repeated(message: Message) -> Message:
    return replace(message, title=safe(f"Again: {message.title}"))


def _room_name(signal: Signal, subject: Subject) -> str:
    who = signal.customer_name or signal.objects.customer
    if subject.kind is SubjectKind.DISPUTE:
        return dispute_name(who or subject.id)
    return str(who or subject.id)
