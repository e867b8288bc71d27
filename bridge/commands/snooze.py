"""`snooze when [text]`: it comes back to whoever asked, at that time, in the same thread."""

from functools import partial
from zoneinfo import ZoneInfo

from bridge.commands.ack import ids_of
from bridge.commands.arguments import read
from bridge.commands.desk import Ask, Desk, Reply, say, who_of
from bridge.commands.times import HOW, until
from bridge.model.audit import Record
from bridge.model.errors import Refused
from bridge.model.message import Message
from bridge.model.text import safe
from bridge.store import audit, snoozes
from bridge.store.engine import Tx
from bridge.store.snoozes import Snooze

_OFF = {"off", "never", "cancel", "stop"}
_TEXT_CAP = 1000


async def perform(desk: Desk, ask: Ask) -> Reply:
    words = read(ask.command.rest).words
    if not words:
        raise Refused(HOW)
    if words[0].lower() in _OFF:
        return Reply(None, write=partial(_end, ask))
    now = desk.clock.now()
    at, rest = until(words, now, ZoneInfo(desk.config.timezone))
    new = Snooze(
        ask.subject,
        ask.thread,
        ask.objects,
        ask.actor.name,
        ask.actor.identity,
        safe(" ".join(rest), cap=_TEXT_CAP),
        ask.said.event_id,
        now,
        at,
    )
    answer = say(f"It comes back to you here: {desk.words.deadline(at)}.", "`ack` ends that.")
    return Reply(answer, write=partial(_keep, ask, new))


async def _keep(ask: Ask, new: Snooze, tx: Tx) -> None:
    told = Record(
        new.subject.account,
        new.asked_at,
        "snoozed",
        who_of(ask.actor, ask.said),
        verb="snooze",
        object=ids_of(ask)[0],
        after={"until": new.due_at.isoformat()},
    )
    await audit.append(tx, told)
    await snoozes.add(tx, new)


async def _end(ask: Ask, tx: Tx) -> Message:
    ended = await snoozes.end(tx, ask.subject.account, ids_of(ask), ask.thread)
    return say("It does not come back any more." if ended else "It was not to come back anyway.")
