"""`ack`: somebody has seen it. Whatever would come back or go further because nobody has, need not."""

from datetime import datetime
from functools import partial

from bridge.commands.desk import Ask, Desk, Reply, say, who_of
from bridge.model.audit import Record
from bridge.model.message import Message
from bridge.store import audit, care, snoozes
from bridge.store.care import Sighting
from bridge.store.engine import Tx
from bridge.store.locks import hold_chain


async def perform(desk: Desk, ask: Ask) -> Reply:
    return Reply(None, write=partial(_see, desk, ask, desk.clock.now()))


def ids_of(ask: Ask) -> tuple[str, ...]:
    """What it is about: the objects, else the customer, else just what was said."""
    known = {kind: one for kind, one in vars(ask.objects).items() if one}
    narrow = tuple(one for kind, one in known.items() if kind != "customer")
    return narrow or tuple(known.values()) or (ask.thread,)


async def _see(desk: Desk, ask: Ask, now: datetime, tx: Tx) -> Message:
    account, about = ask.subject.account, ids_of(ask)
    await hold_chain(tx, account)
    news = await care.news_at(tx, account, about)
    if before := await care.seen(tx, account, about, news):
        they = "You have" if before.person == ask.actor.name else f"{before.person} has"
        return say(f"{they} seen it already: {desk.words.moment(before.at)}.")
    new = Sighting(ask.actor.name, now)
    await care.see(tx, account, about, ask.said.event_id, new)
    ended = await snoozes.end(tx, account, about, ask.thread)
    who = who_of(ask.actor, ask.said)
    await audit.append(tx, Record(account, now, "seen", who, verb="ack", object=about[0]))
    return say(
        f"Seen by {ask.actor.name}, {desk.words.moment(now)}.",
        f"{_reminders(ended)} of it ended." if ended else "",
    )


def _reminders(count: int) -> str:
    return "One reminder" if count == 1 else f"{count} reminders"
