"""`why`: why a message came here; `why evt_…`: what became of an event, and why it came to nobody."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bridge.commands.desk import Ask, Desk, Reply, say
from bridge.model.errors import Refused, StripeRefused
from bridge.model.event import Json
from bridge.model.explained import Explained, Rule
from bridge.model.message import Link, Message
from bridge.model.signal import Fact, SignalClass, SubjectKind
from bridge.model.text import safe
from bridge.store import actions, cards, history, inbox
from bridge.store.engine import Tx
from bridge.store.inbox import Kept

_EVENT = re.compile(r"evt_[A-Za-z0-9_]{4,250}")
_MEANS: Mapping[SignalClass, str] = {
    SignalClass.PAGE: "page: it interrupts people",
    SignalClass.NOTIFY: "notify: it is told at once, silently",
    SignalClass.GROUP: "group: it is told where a room is already",
    SignalClass.DIGEST: "digest: it is told where a room is already, calmly",
}
_MINE = ("answer:", "action:", "snooze:", "freeze:", "redacted:", "escalate:", "audit-head:")


@dataclass(frozen=True)
class _Why:
    desk: Desk
    ask: Ask

    async def message(self) -> Message:
        typed = self.ask.command.rest.strip()
        if typed and not _EVENT.fullmatch(typed):
            raise Refused("Reply to a message with `why`, or name an event: `why evt_…`.")
        if typed:
            return await self._of_event(typed)
        if not self.ask.replied:
            raise Refused("Reply to the message with `why`, or name an event: `why evt_…`.")
        return await self._of_reply()

    async def _of_reply(self) -> Message:
        """Of the message that is replied to; in a thread, of the card that the thread is about."""
        account, said = self.ask.subject.account, self.ask.said
        async with self.desk.store.read() as tx:
            for target in filter(None, (said.reply_to, self.ask.thread)):
                if told := await history.tellings_at(tx, account, target):
                    return await self._of_event(told[-1].event, len(told))
                sent = await history.sent_as(tx, target)
                if sent and str(sent.dedup_key or "").startswith(_MINE):
                    return say("That is my answer to what was said here, and no event of Stripe.")
                if sent and (event := _event_in(sent.payload)):
                    return await self._of_event(event)
        return say("I have not kept what made me say that, or it was not an event of Stripe.")

    async def _of_event(self, event_id: str, of_card: int = 0) -> Message:
        account = self.ask.subject.account
        async with self.desk.store.read() as tx:
            kept = await inbox.kept(tx, f"stripe:{account}", event_id)
        if kept is None:
            return await self._unknown(event_id)
        explained = self.desk.explain(account, json.loads(kept.body))
        facts = [*self._what(kept, explained), *_way(kept, explained), *self._here(explained)]
        async with self.desk.store.read() as tx:
            keys = await self._keys(tx, explained)
            facts += await self._told(tx, kept, explained, keys)
            links = await self._ways_to(tx, keys)
        card = f"The card is the newest of what {of_card} events told." if of_card > 1 else ""
        return Message(
            safe(_verdict(kept, explained)),
            facts=tuple(facts),
            text=safe(card) or None,
            links=tuple(links),
        )

    async def _keys(self, tx: Tx, explained: Explained) -> list[str]:
        """Of its cards; a payment of an invoice is told by the invoice's."""
        account, keys = self.ask.subject.account, list(explained.cards)
        bills = [await cards.invoice_of(tx, account, key) for key in keys]
        return keys + [invoice for _, invoice in bills if invoice]

    async def _told(self, tx: Tx, kept: Kept, explained: Explained, keys: list[str]) -> list[Fact]:
        """By which card, and who caused it, if that was somebody here."""
        told = await history.tellings(tx, self.ask.subject.account, keys)
        facts = []
        if told and kept.event_id in {one.event for one in told}:
            facts.append(Fact("Told", safe("by its card")))
        elif told:
            same = "by its card, in the words of another event that says the same"
            facts.append(Fact("Told", safe(same)))
        action = await actions.get(tx, explained.action) if explained.action else None
        if action:
            by = f"{action.asked_by}'s `{action.verb}`: it is told where that was asked for"
            facts.append(Fact("Caused by", safe(by)))
        return facts

    async def _ways_to(self, tx: Tx, keys: list[str]) -> list[Link]:
        places = await history.standing(tx, self.ask.subject.account, keys)
        permalink = self.desk.permalink
        return [Link(safe("Its card"), permalink(one.room_id, one.root)) for one in places]

    async def _unknown(self, event_id: str) -> Message:
        """Nothing is stored: Stripe is asked whether there was one."""
        try:
            event = await self.desk.readers[self.ask.subject.account].event(event_id)
        except StripeRefused as refused:
            if refused.code != "resource_missing":
                raise
            return say(
                f"Neither I nor Stripe know {event_id}.",
                "Stripe forgets events after 30 days; it may also be of another account or mode.",
            )
        return say(
            f"{event_id} never came in, or was forgotten after its time.",
            f"Stripe has it: {event.get('type')}, {_pending(event)}. Is the endpoint enabled for this "
            "type, and does Stripe's dashboard show failed deliveries?",
        )

    def _what(self, kept: Kept, explained: Explained) -> Iterator[Fact]:
        yield Fact("Event", safe(kept.event_id))
        known = "" if explained.known else ", which I have no words for"
        yield Fact("Type", safe(f"{explained.type}{known}"))
        yield Fact("Class", safe(_MEANS[explained.signal_class]))
        yield Fact("Happened", self.desk.words.moment(explained.occurred_at))
        yield Fact("Came in", self.desk.words.moment(kept.received_at))

    def _here(self, explained: Explained) -> Iterator[Fact]:
        subject = self.ask.subject
        ours = f"#{subject.id}" if subject.kind is SubjectKind.CHANNEL else "room"
        if self.ask.replied and ours not in explained.destinations and explained.destinations:
            yield Fact(
                "Here", safe("no rule leads here: its card stands here, or it was asked for here")
            )


def _way(kept: Kept, explained: Explained) -> Iterator[Fact]:
    if kept.error:
        yield Fact("Trouble", safe(kept.error))
    for rule in explained.rules:
        where = ", ".join(rule.to) or "nowhere, on purpose"
        yield Fact(f"Rule {rule.name}", safe(rule.but or f"matches: goes to {where}"))


def _verdict(kept: Kept, explained: Explained) -> str:
    if kept.state == "dead":
        return "It could not be handled, and lies with the dead letters (`stripe-bridge dead`)."
    if kept.state == "ready":
        return "It waits to be handled." if kept.attempts == 0 else "It is being tried again."
    matched = [rule for rule in explained.rules if not rule.but]
    if not matched:
        return "It came to nobody: no rule matches it."
    if not explained.destinations:
        return f"It came to nobody: the rule {matched[-1].name} sends it nowhere."
    return f"It came by the rule{'s' if len(matched) > 1 else ''} {_and(matched)}."


def _and(rules: Iterable[Rule]) -> str:
    return " and ".join(rule.name for rule in rules)


def _pending(event: Json) -> str:
    count = event.get("pending_webhooks")
    return f"{count} deliveries of it wait" if count else "with no delivery waiting"


def _event_in(payload: Json) -> str | None:
    found = (payload.get("message") or {}).get("ids", {}).get("event")
    return found if isinstance(found, str) else None


async def perform(desk: Desk, ask: Ask) -> Reply:
    return Reply(await _Why(desk, ask).message())
