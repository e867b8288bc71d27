"""Chat → Stripe, the whole way.

homeserver ── accept ──> inbox rows and the transaction's id, committed: only now 200
                           │   a worker leases the room's chat lane
                         handle: parse, find what it is about, permit
                           │
          ┌────────────────┼─────────────────────────────┐
    show, help        refund: proposed ──> a question    yes, or ✅: confirmed
          │                                              approve, by as many others as the rules say
       answer                                            │  a worker leases the object's action lane
                                                         Executor.handle ──> Stripe, once
                                                         │
                                          result, audit and answer in one commit
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bridge import metrics
from bridge.commands import answers, dropped, proposing, questions, redacted, withdraw
from bridge.commands.answers import Hearing
from bridge.commands.desk import (
    Ask,
    Deed,
    Desk,
    Reply,
    Verb,
    Write,
    refusal,
    say,
    to_thread,
    who_of,
)
from bridge.commands.parsing import PREFIX, Answer, Meant, Unclear, Verdict, answer_of, parse
from bridge.commands.permission import directory, permit
from bridge.model.audit import Record
from bridge.model.command import Actor, Command
from bridge.model.errors import BridgeError, Denied, Refused, StoreUnavailable, StripeError
from bridge.model.message import Message
from bridge.model.outcome import Delivered, NotYet
from bridge.model.ports import Attachment, ChatMessage, Told, chat_from_json, chat_to_json
from bridge.model.room_message import room_lane
from bridge.model.signal import Objects, Subject, SubjectKind
from bridge.store import audit, matrix_intake, outbox, rooms
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.inbox import Arrival
from bridge.store.queue import Done, Item
from bridge.store.rooms import BoundRoom, Posted

_URGENT = 0
_SOON = timedelta(seconds=1)


@dataclass(frozen=True)
class Place:
    """Where something was said: the room, and the bridge's message it replies to or is in the thread of."""

    room: BoundRoom
    target: Posted | None
    #: Something waits for an answer there, even if the thread's root is not the bridge's.
    awaits: bool = False
    #: A file that was dropped here: in this message, or in the one that it answers.
    file: Attachment | None = None
    #: It may answer a message that people see and the bridge has not recorded yet.
    unsettled: bool = False

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

    async def accept(self, told: Told) -> None:
        """Commit what the homeserver told; raises `StoreUnavailable`."""
        files = await dropped.for_us(self.desk.store, told.said)
        said = [_arrival(one) for one in told.said if _concerns_us(one) or one.event_id in files]
        if not said and not told.changes and told.since is None:
            return  # our own messages come back to us: there is nothing to keep
        us, now = self.desk.config.matrix.sender, self.desk.clock.now()
        async with self.desk.store.begin() as tx:
            await matrix_intake.accept(tx, told, said, us, now)

    async def handle(self, item: Item) -> Done:
        """Handler of `chat` lanes."""
        if gone := matrix_intake.redaction_of(item.payload):
            return Done(Delivered(), partial(redacted.withdraw, self.desk, gone))
        said = chat_from_json(json.loads(item.payload))
        place = await self._place(said, item.created_at)
        too_old = self.desk.clock.now() - said.sent_at > self.desk.config.commands.ignore_older_than
        if place is None or too_old:
            return Done(Delivered())
        if place.unsettled:
            return Done(NotYet("What it answers is just being said.", after=_SOON, outage=True))
        thread = said.thread or (place.target.root if place.target else said.event_id)
        try:
            reply = await self._reply(said, place, thread)
        except StoreUnavailable:
            raise
        except StripeError as error:
            reply = Reply(say("Stripe did not do it.", str(error)))
        except BridgeError as error:
            reply = Reply(refusal(error))
        return Done(
            Delivered(), partial(self._write, said, place, thread, reply) if reply else None
        )

    async def _reply(self, said: ChatMessage, place: Place, thread: str) -> Reply | None:
        meant = _meant(said, place)
        match meant:
            case None:
                return None
            case Answer() | Verdict():
                return Reply(None, write=partial(self._hear, said, place, meant))
            case Unclear(word, closest):
                hint = f" Did you mean {closest}?" if closest else ""
                return Reply(say(f"I don't know “{word}”.{hint} !stripe help tells what I can do."))
            case Command():
                return await self._perform(meant, said, place, thread)

    async def _perform(
        self, command: Command, said: ChatMessage, place: Place, thread: str
    ) -> Reply:
        verb, actor = self.verbs[command.verb], await self._actor(said)
        try:
            ask = Ask(
                command,
                permit(actor, verb.name),
                place.subject,
                place.objects,
                said,
                thread,
                replied=place.target is not None,
                file=place.file,
            )
            reply = await self._performed(verb, ask)
        except Denied as denied:
            metrics.commands.labels(verb.name, "refused").inc()
            return Reply(None, write=partial(self._refused, said, place, actor, verb, denied))
        except BridgeError:
            metrics.commands.labels(verb.name, "refused").inc()
            raise
        metrics.commands.labels(verb.name, "taken").inc()
        if reply.write is None:
            return reply
        return replace(reply, write=partial(self._guarded, said, place, actor, verb, reply.write))

    async def _performed(self, verb: Verb, ask: Ask) -> Reply:
        if isinstance(verb.does, Deed):
            return await proposing.reply(self.desk, verb, ask)
        return await verb.does(self.desk, ask)

    async def _hear(
        self, said: ChatMessage, place: Place, meant: Answer | Verdict, tx: Tx
    ) -> Message | None:
        """A yes, a no or a verdict, decided in the commit that settles the message."""
        people = await directory(tx, self.desk.config)
        actor = people.actor(said.identity)
        hearing = Hearing(self.desk, people, actor, said, place.target, place.subject)
        try:
            asked = await answers.question(tx, hearing, meant)
        except Refused as refused:
            return refusal(refused)
        if asked is None:
            return None
        verb = self.verbs[asked.action.verb]
        write = partial(answers.answer, hearing=hearing, asked=asked, meant=meant)
        return await self._guarded(said, place, actor, verb, write, tx, asked.action)

    async def _guarded(
        self,
        said: ChatMessage,
        place: Place,
        actor: Actor,
        verb: Verb,
        write: Write,
        tx: Tx,
        action: Action | None = None,
    ) -> Message | None:
        """What is refused inside of the commit is an answer, too; then nothing else was written."""
        try:
            return await write(tx)
        except Denied as denied:
            return await self._refused(said, place, actor, verb, denied, tx, action)
        except Refused as refused:
            return refusal(refused)

    async def _refused(
        self,
        said: ChatMessage,
        place: Place,
        actor: Actor,
        verb: Verb,
        denied: Denied,
        tx: Tx,
        action: Action | None = None,
    ) -> Message:
        """Said, and kept in the audit trail if it was about something that changes anything."""
        if verb.is_guarded:
            tried = Record(
                account=place.subject.account,
                at=self.desk.clock.now(),
                what="refused",
                who=who_of(actor, said),
                verb=verb.name,
                action=action.id if action else "",
                object=action.object_id if action else "",
                reason=str(denied),
            )
            await audit.append(tx, tried)
        return say(str(denied))

    async def _actor(self, said: ChatMessage) -> Actor:
        async with self.desk.store.read() as tx:
            return (await directory(tx, self.desk.config)).actor(said.identity)

    async def _place(self, said: ChatMessage, heard_at: datetime) -> Place | None:
        async with self.desk.store.read() as tx:
            room = await rooms.of_id(tx, said.room_id)
            if room is None or room.trouble or room.kind not in set(SubjectKind):
                return None
            target = await rooms.posted_by_id(tx, said.reply_to) if said.reply_to else None
            unknown = bool(said.reply_to) and target is None
            if target is None and said.thread:
                target = await rooms.posted_by_id(tx, said.thread)
                unknown = unknown or target is None
            awaits = await questions.waits_for(tx, said, target)
            unknown = unknown or await questions.unasked(tx, said)
            file = await dropped.file_of(tx, said)
            lane = room_lane(Place(room, None).subject)
            unsettled = unknown and await outbox.under_way(tx, lane, heard_at)
        target = target if target and target.room_id == said.room_id else None
        return Place(room, target, awaits, file, unsettled)

    async def _write(
        self, said: ChatMessage, place: Place, thread: str, reply: Reply, tx: Tx
    ) -> None:
        told = await reply.write(tx) if reply.write else None
        deliveries, message = [*reply.also], told or reply.message
        if message:
            key = f"answer:{said.event_id}"
            deliveries.append(to_thread(place.subject, thread, message, key, objects=place.objects))
        await outbox.enqueue(tx, deliveries, self.desk.clock.now())


def _meant(said: ChatMessage, place: Place) -> Meant | None:
    if said.reaction:
        return answer_of(said.reaction)
    reply = place.target is not None or place.awaits or place.file is not None
    meant = parse(said.body, reply=reply, asked=place.awaits)
    if meant == Command("cancel") and withdraw.is_about(place.objects):
        return Command("withdraw")  # a way to pay is not a payment yet
    if meant == Command("accept") and place.awaits and not said.body.lstrip().startswith(PREFIX):
        raise Refused(
            "Something waits for an answer here. To agree to it, write `approve` or `yes`; "
            "to give up a dispute, write `!stripe accept`."
        )
    return dropped.meant(said, place.subject.kind, meant) if place.file else meant


def _concerns_us(said: ChatMessage) -> bool:
    """What people say among themselves is not ours to keep."""
    return bool(
        said.reaction or said.reply_to or said.thread or said.body.lstrip().startswith("!stripe")
    )


def _arrival(said: ChatMessage) -> Arrival:
    body = json.dumps(chat_to_json(said))
    return Arrival("matrix", said.event_id, "chat", body, f"chat:{said.room_id}", "chat", _URGENT)
