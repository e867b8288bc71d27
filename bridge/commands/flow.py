"""Chat → Stripe, the whole way.

homeserver ── accept ──> inbox rows and the transaction's id, committed: only now 200
                           │   a worker leases the room's chat lane
                         handle: parse, find what it is about, permit
                           │
          ┌────────────────┼──────────────────────────┐
    show, help        refund: proposed ──> a question    yes, or ✅: confirmed
          │                                              │  a worker leases the object's action lane
       answer                                          Executor.handle ──> Stripe, once
                                                         │
                                          result and answer in one commit
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bridge import metrics
from bridge.commands import confirm
from bridge.commands.desk import Ask, Desk, Reply, Verb, say, to_thread
from bridge.commands.parsing import Answer, Unclear, answer_of, parse
from bridge.commands.permission import actor_of, permit
from bridge.model.command import Command
from bridge.model.errors import BridgeError, StoreUnavailable, StripeError
from bridge.model.outcome import Delivered
from bridge.model.ports import ChatMessage, chat_from_json, chat_to_json
from bridge.model.signal import Objects, Subject, SubjectKind
from bridge.store import inbox, rooms
from bridge.store.engine import Tx
from bridge.store.inbox import Arrival
from bridge.store.outbox import enqueue
from bridge.store.queue import Done, Item
from bridge.store.rooms import BoundRoom, Posted

_URGENT = 0


@dataclass(frozen=True)
class Place:
    """Where something was said: the room, and the bridge's message it replies to or is in the thread of."""

    room: BoundRoom
    target: Posted | None

    @property
    def subject(self) -> Subject:
        return Subject(self.room.account, SubjectKind(self.room.kind), self.room.subject_id)

    @property
    def objects(self) -> Objects:
        """What is meant: the replied message's objects, else the room's own."""
        if self.target:
            return self.target.objects
        match self.subject.kind:
            case SubjectKind.CUSTOMER:
                return Objects(customer=self.room.subject_id)
            case SubjectKind.DISPUTE:
                return Objects(dispute=self.room.subject_id)
        return Objects()


@dataclass(frozen=True)
class Commands:
    desk: Desk
    verbs: Mapping[str, Verb]

    async def accept(self, txn_id: str, said: Sequence[ChatMessage]) -> None:
        """Commit what a homeserver's transaction brought; raises `StoreUnavailable`."""
        now = self.desk.clock.now()
        async with self.desk.store.begin() as tx:
            if not await inbox.seen_transaction(tx, txn_id, now):
                await inbox.accept(tx, [_arrival(one) for one in said if _concerns_us(one)], now)

    async def handle(self, item: Item) -> Done:
        """Handler of `chat` lanes."""
        said = chat_from_json(json.loads(item.payload))
        place = await self._place(said)
        too_old = self.desk.clock.now() - said.sent_at > self.desk.config.commands.ignore_older_than
        if place is None or too_old:
            return Done(Delivered())
        thread = said.thread or (place.target.root if place.target else said.event_id)
        try:
            reply = await self._reply(said, place, thread)
        except StoreUnavailable:
            raise
        except StripeError as error:
            reply = Reply(say("Stripe did not do it.", str(error)))
        except BridgeError as error:
            reply = Reply(say(str(error)))
        return Done(
            Delivered(), partial(self._write, said, place, thread, reply) if reply else None
        )

    async def _reply(self, said: ChatMessage, place: Place, thread: str) -> Reply | None:
        meant = _meant(said, place)
        match meant:
            case None:
                return None
            case Answer():
                return await self._decide(said, place, meant)
            case Unclear(word, closest):
                hint = f" Did you mean {closest}?" if closest else ""
                return Reply(say(f"I don't know “{word}”.{hint} !stripe help tells what I can do."))
            case Command():
                return await self._perform(meant, said, place, thread)

    async def _perform(
        self, command: Command, said: ChatMessage, place: Place, thread: str
    ) -> Reply:
        try:
            actor = permit(actor_of(self.desk.config, said.sender), command.verb)
            ask = Ask(
                command,
                actor,
                place.subject,
                place.objects,
                said,
                thread,
                replied=place.target is not None,
            )
            reply = await self.verbs[command.verb].perform(self.desk, ask)
        except BridgeError:
            metrics.commands.labels(command.verb, "refused").inc()
            raise
        metrics.commands.labels(command.verb, "taken").inc()
        return reply

    async def _decide(self, said: ChatMessage, place: Place, answer: Answer) -> Reply | None:
        action = await confirm.question_of(self.desk, said, place.target)
        if action is None:
            return None
        permit(
            actor_of(self.desk.config, said.sender), action.verb
        )  # roles may have changed meanwhile
        return await confirm.decide(self.desk, action, said, answer, place.subject)

    async def _place(self, said: ChatMessage) -> Place | None:
        async with self.desk.store.read() as tx:
            room = await rooms.of_id(tx, said.room_id)
            if room is None or room.kind not in set(SubjectKind):
                return None
            target = await rooms.posted_by_id(tx, said.reply_to) if said.reply_to else None
            if target is None and said.thread:
                target = await rooms.posted_by_id(tx, said.thread)
        return Place(room, target if target and target.room_id == said.room_id else None)

    async def _write(
        self, said: ChatMessage, place: Place, thread: str, reply: Reply, tx: Tx
    ) -> None:
        if reply.write:
            await reply.write(tx)
        deliveries = [*reply.also]
        if reply.message:
            key = f"answer:{said.event_id}"
            more = {"objects": place.objects, "action_id": reply.action_id}
            deliveries.append(to_thread(place.subject, thread, reply.message, key, **more))
        await enqueue(tx, deliveries, self.desk.clock.now())


def _meant(said: ChatMessage, place: Place) -> Command | Unclear | Answer | None:
    if said.reaction:
        return answer_of(said.reaction)
    return parse(said.body, reply=place.target is not None)


def _concerns_us(said: ChatMessage) -> bool:
    """What people say among themselves is not ours to keep."""
    return bool(
        said.reaction or said.reply_to or said.thread or said.body.lstrip().startswith("!stripe")
    )


def _arrival(said: ChatMessage) -> Arrival:
    body = json.dumps(chat_to_json(said))
    return Arrival("matrix", said.event_id, "chat", body, f"chat:{said.room_id}", "chat", _URGENT)
