"""A confirmed action on its way through Stripe: exactly once, whatever happens in between.

The intent is committed before the call. An action found in `executing` or `unknown` was cut off:
Stripe is looked at first, and only asked again, with the same idempotency key, if it knows nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bridge.commands.desk import Desk, Result, Verb, say, to_thread
from bridge.model.action import ActionState, params_hash
from bridge.model.errors import AmountError, Refused, StripeAmbiguous, StripeBusy, StripeRefused
from bridge.model.message import Message
from bridge.model.outcome import Delivered, Retry
from bridge.model.signal import Subject, SubjectKind
from bridge.store import actions
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.outbox import enqueue
from bridge.store.queue import Done, Item

#: Stripe may forget an idempotency key after a day: later than that nothing is asked again.
_KEY_LIFE = timedelta(hours=23)
_OPEN = {ActionState.CONFIRMED, ActionState.EXECUTING, ActionState.UNKNOWN}


@dataclass(frozen=True)
class Executor:
    desk: Desk
    verbs: Mapping[str, Verb]

    async def handle(self, item: Item) -> Done:
        """Handler of `action` lanes."""
        async with self.desk.store.read() as tx:
            action = await actions.get(tx, item.payload["action"])
        if action is None or action.state not in _OPEN:
            return Done(Delivered())
        subject = _subject(item)
        try:
            result = await self._result(action)
        except StripeBusy as busy:
            return Done(Retry(str(busy), after=busy.after, outage=True))
        except StripeAmbiguous as unclear:
            told = say(
                "Stripe's answer did not arrive. I am looking whether it was done; don't ask again yet."
            )
            return Done(
                Retry(str(unclear), outage=True), partial(self._doubt, action, subject, told)
            )
        except StripeRefused as refused:
            result = Result(
                ActionState.FAILED, say("Stripe refused it; nothing was changed.", str(refused))
            )
        except (Refused, AmountError) as refused:
            result = Result(ActionState.FAILED, say(str(refused)))
        return Done(Delivered(result.stripe_id), partial(self._finish, action, subject, result))

    async def _result(self, action: Action) -> Result:
        verb = self.verbs[action.verb]
        if (
            verb.execute is None
            or verb.find is None
            or params_hash(action.params) != action.params_hash
        ):
            raise Refused("What was confirmed is not what is stored; nothing was done.")
        if action.state is ActionState.CONFIRMED:
            await self._intend(action)
            return await verb.execute(self.desk, action)
        if found := await verb.find(self.desk, action):
            return found
        if self.desk.clock.now() - action.created_at > _KEY_LIFE:
            raise Refused(
                "It was cut off, and Stripe knows nothing of it: nothing was done. Ask again."
            )
        return await verb.execute(self.desk, action)

    async def _intend(self, action: Action) -> None:
        async with self.desk.store.begin() as tx:
            now = self.desk.clock.now()
            if not await actions.move(
                tx, action.id, {ActionState.CONFIRMED}, ActionState.EXECUTING, now
            ):
                raise StripeBusy("Another process works on it.")

    async def _doubt(self, action: Action, subject: Subject, told: Message, tx: Tx) -> None:
        now = self.desk.clock.now()
        if await actions.move(tx, action.id, {ActionState.EXECUTING}, ActionState.UNKNOWN, now):
            await enqueue(
                tx, [to_thread(subject, action.thread, told, f"action:{action.id}:doubt")], now
            )

    async def _finish(self, action: Action, subject: Subject, result: Result, tx: Tx) -> None:
        now = self.desk.clock.now()
        more = {"stripe_id": result.stripe_id, "outcome": result.outcome}
        if await actions.move(tx, action.id, _OPEN, result.state, now, **more):
            # The same key as that of the webhook which tells the same (see notices/own_actions.py).
            key = f"action:{action.id}:{result.outcome or 'result'}"
            await enqueue(tx, [to_thread(subject, action.thread, result.message, key)], now)


def _subject(item: Item) -> Subject:
    told = item.payload["subject"]
    return Subject(told["account"], SubjectKind(told["kind"]), told["id"])
