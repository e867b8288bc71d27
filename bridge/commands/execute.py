"""An approved action on its way through Stripe: exactly once, whatever happens in between.

The intent is committed before the call. An action found in `executing` or `unknown` was cut off:
Stripe is looked at first, and only asked again, with the same idempotency key, if it knows nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bridge.commands import answers
from bridge.commands.desk import Deed, Desk, Result, Verb, say, to_thread
from bridge.commands.finding import made_by
from bridge.commands.permission import directory, permit
from bridge.model.action import UNDER_WAY, ActionState
from bridge.model.audit import BRIDGE
from bridge.model.errors import (
    AmountError,
    MediaAway,
    Refused,
    StripeAmbiguous,
    StripeBusy,
    StripeRefused,
)
from bridge.model.event import Written
from bridge.model.message import Message
from bridge.model.outcome import Delivered, Retry
from bridge.model.signal import Subject, SubjectKind
from bridge.store import actions, freezes, steps
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.locks import hold_chain
from bridge.store.outbox import enqueue
from bridge.store.queue import Done, Item

#: Stripe may forget an idempotency key after a day: later than that nothing is asked again.
_KEY_LIFE = timedelta(hours=23)
#: So long after a call, that Stripe shows nothing of it may still change.
_SETTLING = timedelta(minutes=5)
_LOOK_AGAIN = timedelta(seconds=20)


@dataclass(frozen=True)
class _Made:
    result: Result
    request: str = ""


class _Withdrawn(Refused):
    """It was not begun, and is not to be."""


@dataclass(frozen=True)
class Executor:
    desk: Desk
    verbs: Mapping[str, Verb]

    async def handle(self, item: Item) -> Done:
        """Handler of `action` lanes."""
        async with self.desk.store.read() as tx:
            action = await actions.get(tx, item.payload["action"])
        if action is None or action.state not in UNDER_WAY:
            return Done(Delivered())
        subject = _subject(item)
        try:
            made = await self._made(action)
        except StripeBusy as busy:
            return Done(Retry(str(busy), after=busy.after, outage=True))
        except MediaAway as away:
            return Done(Retry(str(away), outage=True))
        except StripeAmbiguous as unclear:
            return Done(Retry(str(unclear), outage=True), partial(self._doubt, action, subject))
        except StripeRefused as refused:
            made = _failed(say("Stripe refused it; nothing was changed.", str(refused)), refused)
        except _Withdrawn as withdrawn:
            made = _Made(Result(ActionState.CANCELLED, say(str(withdrawn))))
        except (Refused, AmountError) as refused:
            made = _failed(say(str(refused)))
        return Done(Delivered(made.result.stripe_id), partial(self._finish, action, subject, made))

    async def _made(self, action: Action) -> _Made:
        verb = self.verbs.get(action.verb)
        if verb is None or verb.deed is None:
            raise _Withdrawn(f"There is no verb `{action.verb}` any more; nothing was done.")
        try:
            return await self._done(verb.deed, action)
        except _Withdrawn:
            raise
        except (Refused, AmountError, StripeRefused):
            if left := verb.deed.undo and await verb.deed.undo(self.desk, action):
                return _Made(verb.deed.told(self.desk, action, left))
            raise

    async def _done(self, deed: Deed, action: Action) -> _Made:
        if action.state is ActionState.APPROVED:
            await self._intend(action)
            return await self._executed(deed, action)
        return await self._after_doubt(deed, action)

    async def _executed(self, deed: Deed, action: Action) -> _Made:
        written = await deed.execute(self.desk, action)
        request = written.request_id if isinstance(written, Written) else None
        return _Made(deed.told(self.desk, action, written), request or "")

    async def _after_doubt(self, deed: Deed, action: Action) -> _Made:
        if found := await made_by(self.desk, deed, action):
            return _Made(deed.told(self.desk, action, found))
        began = action.executing_at or action.created_at
        called = action.called_at or began
        now = self.desk.clock.now()
        if now - began > _KEY_LIFE:
            raise Refused(
                "It was cut off, and Stripe knows nothing of it: nothing was done. Ask again."
            )
        try:
            await self._intend_again(action)
            return await self._executed(deed, action)
        except (Refused, AmountError, StripeRefused):
            # It may be refused just because an earlier call has done it, and did not show yet.
            if found := await made_by(self.desk, deed, action):
                return _Made(deed.told(self.desk, action, found))
            if now - called < _SETTLING:
                await self._still_unanswered(action, called)
                raise StripeBusy("Stripe shows nothing of it yet.", after=_LOOK_AGAIN) from None
            raise

    async def _intend(self, action: Action) -> None:
        now = self.desk.clock.now()
        async with self.desk.store.begin() as tx:
            await hold_chain(tx, action.account)
            if trouble := await self._why_not(tx, action):
                raise _Withdrawn(trouble)
            if not await steps.step(
                tx, action, ActionState.EXECUTING, BRIDGE, now, executing_at=now, called_at=now
            ):
                raise StripeBusy("Another process works on it.")

    async def _intend_again(self, action: Action) -> None:
        async with self.desk.store.begin() as tx:
            await hold_chain(tx, action.account)
            if trouble := await self._why_not(tx, action):
                raise Refused(trouble)
            if not await actions.call_again(tx, action.id, self.desk.clock.now()):
                raise StripeBusy("Another process has settled it.")

    async def _still_unanswered(self, action: Action, called: datetime) -> None:
        """This call was answered: it is the one before that may still show what it has done."""
        async with self.desk.store.begin() as tx:
            await actions.call_again(tx, action.id, called)

    async def _why_not(self, tx: Tx, action: Action) -> str | None:
        """What was true when it was approved must be true whenever Stripe is asked."""
        if not steps.is_as_frozen(action):
            return "What was confirmed is not what is stored; nothing was done."
        if action.moves_money and await freezes.of(tx, action.account):
            return "Money actions of this account are frozen; nothing was done."
        people = await directory(tx, self.desk.config)
        try:
            permit(people.person(action.asked_by), action.verb)
        except Refused:
            return f"{action.asked_by} may not `{action.verb}` any more; nothing was done."
        standing = await answers.approvals_in_force(tx, people, action)
        if len(standing) < action.others:
            return "Somebody who approved it may not do so any more; nothing was done."
        return None

    async def _doubt(self, action: Action, subject: Subject, tx: Tx) -> None:
        now = self.desk.clock.now()
        if await steps.step(tx, action, ActionState.UNKNOWN, BRIDGE, now):
            told = say(
                "Stripe's answer did not arrive. I am looking whether it was done; don't ask again yet."
            )
            key = f"action:{action.id}:doubt"
            await enqueue(tx, [to_thread(subject, action.thread, told, key)], now)

    async def _finish(self, action: Action, subject: Subject, made: _Made, tx: Tx) -> None:
        now, result = self.desk.clock.now(), made.result
        told = {
            "before": action.before,
            "after": result.after,
            "request": made.request,
            "outcome": result.outcome or "",
            "reason": "" if result.state is ActionState.SUCCEEDED else _words(result.message),
        }
        more = {"stripe_id": result.stripe_id, "outcome": result.outcome}
        if not await steps.step(tx, action, result.state, BRIDGE, now, told=told, **more):
            return
        if result.write:
            await result.write(tx)
        # The same key as that of the webhook which tells the same (see notices/own_actions.py).
        key = f"action:{action.id}:{result.outcome or 'result'}"
        await enqueue(
            tx,
            [to_thread(subject, action.thread, result.message, key, objects=result.objects)],
            now,
        )


def _failed(message: Message, refused: StripeRefused | None = None) -> _Made:
    request = refused.request_id if refused else None
    return _Made(Result(ActionState.FAILED, message), request or "")


def _words(message: Message) -> str:
    return " ".join(part for part in (message.title, message.text) if part)


def _subject(item: Item) -> Subject:
    told = item.payload["subject"]
    return Subject(told["account"], SubjectKind(told["kind"]), told["id"])
