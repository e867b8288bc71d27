"""A card's message in a room: sent once, then edited in place, its history told in its thread.

What is sent is the card as it is at that moment. So of several deliveries that wait, the first one
shows it all, and the others find nothing left to say. Before anything is sent it is written down
what it will say: after a crash the same delivery says the same, under the same transaction ids.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from bridge.config.schema import Config
from bridge.model.clock import Clock
from bridge.model.message import Message
from bridge.model.outcome import Dead, Delivered, Outcome, Retry
from bridge.model.room_message import CardNews, RoomMessage
from bridge.model.signal import SignalClass, SubjectKind
from bridge.notices.card_news import card_key, card_story
from bridge.notices.card_wording import View, history_of, message_of_card
from bridge.notices.cards import Card
from bridge.notices.room_view import view_of
from bridge.store import cards, outbox, rooms
from bridge.store.cards import CardId, Place
from bridge.store.engine import Store, Tx
from bridge.store.outbox import to_room
from bridge.store.queue import Done, Item
from bridge.store.rooms import BoundRoom, Posted

#: Transaction id, content.
Say = Callable[[str, Mapping[str, Any]], Awaitable[Outcome]]
#: News that was said aloud, by the card itself or in its thread, is not said aloud again.
_ALOUD = "!"


class Render(Protocol):
    def __call__(
        self,
        message: Message,
        *,
        delivery: str,
        thread: str | None,
        reply_to: str | None,
        replaces: str | None = None,
    ) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Cards:
    config: Config
    store: Store
    clock: Clock
    render: Render

    async def post(self, bound: BoundRoom, wanted: RoomMessage, item: Item, say: Say) -> Done:
        if wanted.card is None:
            return Done(Dead("It names no card."))
        one = CardId(bound.account, wanted.card.kind, wanted.card.key)
        async with self.store.begin() as tx:
            plan = await self._plan(tx, one, bound, wanted, item)
        if plan is None:
            return Done(Dead("Its card is not known any more."))
        posting = Posting(self, plan, bound, wanted, item.uid, say)
        outcome = await posting.send()
        posting.over = not isinstance(outcome, Retry)
        return Done(outcome, posting.write, posting.lock)

    async def _plan(
        self, tx: Tx, one: CardId, bound: BoundRoom, wanted: RoomMessage, item: Item
    ) -> "Plan | None":
        kept, place = await cards.get(tx, one), await cards.place(tx, one, bound.subject)
        if kept is None or kept.body is None or wanted.card is None:
            return None
        if place is None:
            await cards.put(tx, one, bound.subject)
            place = Place(bound.subject, None, None, None, (), None)
        if place.room_id != bound.room_id:
            place = replace(place, room_id=bound.room_id, root=None, shown=None, told=())
        card = Card.from_json(one.account, one.kind, one.key, kept.body)
        trying = place.trying
        again = bool(trying and trying["uid"] == item.uid)
        if not trying or not again:
            trying = {"uid": item.uid, "version": kept.version, "news": _untold(card, place)}
            await cards.stands(tx, one, bound.subject, trying=trying)
        fresh = trying["version"] == kept.version
        return Plan(one, card, place, tuple(trying["news"]), trying["version"], fresh, wanted.card)


@dataclass(frozen=True)
class Plan:
    """`news` is what the thread is to be told; `fresh`: nothing moved since it was planned first."""

    id: CardId
    card: Card
    place: Place
    news: tuple[str, ...]
    version: int
    fresh: bool
    cause: CardNews


@dataclass
class Posting:
    """One delivery at work; `write` keeps how far it came, however it ends."""

    cards: Cards
    plan: Plan
    bound: BoundRoom
    wanted: RoomMessage
    uid: str
    say: Say
    #: It will not be tried again.
    over: bool = False
    _version: int = 0
    _root: str | None = None
    _shown: str | None = None
    _told: tuple[str, ...] = ()
    _posted: list[Posted] = field(default_factory=list)

    async def send(self) -> Outcome:
        place = self.plan.place
        self._root, self._shown, self._told = place.root, place.shown, place.told
        outcome = await (self._edit(place.root) if place.root else self._first())
        if not isinstance(outcome, Delivered) or self._root is None:
            return outcome
        if place.root and self._must_interrupt() and not self.plan.cause.hushed:
            heard = await self._aloud()
            if not isinstance(heard, Delivered):
                return heard
        told = await self._tell(after_first=place.root is None)
        return outcome if isinstance(told, Delivered) else told

    async def lock(self, tx: Tx) -> None:
        """Whoever moves the card either sees that this is done, or is seen here."""
        self._version = await cards.version_now(tx, self.plan.id)

    async def write(self, tx: Tx) -> None:
        one, subject = self.plan.id, self.bound.subject
        now = await cards.place(tx, one, subject)
        if now and now.root is None and self._root == self.plan.place.root:
            self._root = None  # it was taken away while this was under way
        await cards.stands(
            tx,
            one,
            subject,
            room_id=self.bound.room_id,
            root=self._root,
            shown=self._shown,
            told=self._still_told(),
        )
        for message in self._posted:
            await rooms.add_posted(tx, message, self.cards.clock.now())
        if self._root:
            await cards.is_about(tx, self._root, self.plan.card.objects)
        if self._was_relied_on(now):
            await self._follow(tx)

    def _was_relied_on(self, now: Place | None) -> bool:
        """The card moved on while this was under way, and no other delivery was made to show it."""
        moved = self.over and self._version > self.plan.version
        return moved and now is not None and now.waiting in {None, self.uid}

    async def _follow(self, tx: Tx) -> None:
        one = self.plan.id
        cause = replace(self.plan.cause, hushed=False)
        key = card_key(self.wanted.subject, one, self._version)
        more = to_room(replace(self.wanted, card=cause), SignalClass.NOTIFY.urgency, key)
        await outbox.enqueue(tx, [more], self.cards.clock.now())
        await cards.stands(tx, one, self.bound.subject, waiting=more.uid)

    def _still_told(self) -> list[str]:
        """Only of what the card still knows."""
        known = {said.news for said in self.plan.card.said}
        return sorted({one for one in self._told if one.removeprefix(_ALOUD) in known})

    @property
    def _view(self) -> View:
        return view_of(self.cards.config, self.wanted.subject)

    async def _first(self) -> Outcome:
        message = message_of_card(self.plan.card, self._view)
        loud = replace(message, mentions=self.wanted.message.mentions)
        if self.wanted.message.tone is SignalClass.PAGE:
            loud = replace(loud, tone=SignalClass.PAGE)
        outcome = await self._say(loud, self.uid)
        if isinstance(outcome, Delivered) and outcome.ref:
            self._root = outcome.ref
            self._seen(loud)
            self._told = (*self._told, f"{_ALOUD}{self.plan.cause.news}")
            self._remember(outcome.ref, None)
        return outcome

    async def _edit(self, root: str) -> Outcome:
        message = message_of_card(self.plan.card, self._view)
        if hash_of(message) == self._shown:
            return Delivered()
        outcome = await self._say(message, f"{self.uid}.card", replaces=root)
        if isinstance(outcome, Delivered):
            self._seen(message)
        elif isinstance(outcome, Dead):
            self._root = None  # the next move makes a new one
        return outcome

    def _must_interrupt(self) -> bool:
        urgent = self.wanted.message.tone is SignalClass.PAGE
        return urgent and f"{_ALOUD}{self.plan.cause.news}" not in self._told

    async def _aloud(self) -> Outcome:
        """An edit is silent, so what must be heard is said in the thread."""
        outcome = await self._say(self.wanted.message, f"{self.uid}.aloud", thread=self._root)
        if isinstance(outcome, Delivered):
            news = self.plan.cause.news
            self._told = (*self._told, f"{_ALOUD}{news}", news)
            self._remember(outcome.ref, self._root)
        return outcome

    async def _tell(self, *, after_first: bool) -> Outcome:
        """The history's lines; the card itself says the first one."""
        news = [one for one in self.plan.news if one not in self._told]
        if self.wanted.subject.kind is SubjectKind.CHANNEL:
            return Delivered()
        if self.plan.cause.hushed:
            news = [one for one in news if one != self.plan.cause.news]
            self._told = (*self._told, self.plan.cause.news)
        if after_first and len(news) < _A_HISTORY:
            return Delivered()
        message = history_of(self.plan.card, news, self._view)
        if message is None:
            return Delivered()
        outcome = await self._say(message, f"{self.uid}.told", thread=self._root)
        if isinstance(outcome, Delivered):
            self._told = (*self._told, *news)
            self._remember(outcome.ref, self._root)
        return outcome

    async def _say(
        self, message: Message, txn: str, *, thread: str | None = None, replaces: str | None = None
    ) -> Outcome:
        content = self.cards.render(
            message, delivery=txn, thread=thread, reply_to=None, replaces=replaces
        )
        return await self.say(txn, content)

    def _seen(self, message: Message) -> None:
        """What was sent under this transaction id before may be older than what is known now."""
        self._shown = hash_of(replace(message, mentions=())) if self.plan.fresh else None

    def _remember(self, event_id: str | None, thread: str | None) -> None:
        if event_id:
            one, card = self.plan.id, self.plan.card
            story = card_story(one)
            self._posted.append(
                Posted(event_id, self.bound.room_id, one.account, story, card.objects, None, thread)
            )


#: A history of one line is what the card says.
_A_HISTORY = 2


def _untold(card: Card, place: Place) -> list[str]:
    return [said.news for said in card.history if said.news not in place.told]


def hash_of(message: Message) -> str:
    """Of what people see of it."""
    text = json.dumps(replace(message, ids={}).to_json(), sort_keys=True)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
