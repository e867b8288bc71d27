"""`timeline`: what happened to an object, and what people did about it, in order."""

from dataclasses import dataclass
from datetime import datetime

from bridge.commands.desk import Ask, Desk, Reply
from bridge.commands.naming import about
from bridge.config.profiles import details_of
from bridge.model.details import Details
from bridge.model.errors import Refused
from bridge.model.event import id_of
from bridge.model.message import Message
from bridge.model.signal import Objects, Subject, SubjectKind
from bridge.model.text import mask, safe
from bridge.store import actions, cards, care, history, notes
from bridge.store.engine import Tx

_MOST = 30
_NOTES = 50


@dataclass(frozen=True)
class Moment:
    at: datetime
    words: str


async def perform(desk: Desk, ask: Ask) -> Reply:
    details = details_of(desk.config, ask.subject)
    if details == "none":
        raise Refused("This room is not to show amounts or people. Ask in another one.")
    objects = await _widened(desk, ask.subject.account, about(ask).objects)
    ids = [value for kind, value in vars(objects).items() if value and kind != "customer"]
    if not ids and not objects.customer:
        raise Refused("I can't tell of what. Reply to a message, or name it by its id.")
    async with desk.store.read() as tx:
        found = await _moments(tx, desk, ask.subject.account, ids, objects.customer, details)
    shown = sorted(found, key=lambda one: one.at)[-_MOST:]
    if not shown:
        return Reply(Message(safe("I know nothing that happened to it.")))
    left = len(found) - len(shown)
    lines = (f"{desk.words.moment(one.at)}: {one.words}" for one in shown)
    return Reply(
        Message(
            safe("What happened"),
            lines=tuple(safe(line) for line in lines),
            text=safe(f"{left} older ones are left out.") if left else None,
        )
    )


async def _widened(desk: Desk, account: str, objects: Objects) -> Objects:
    """With what belongs to the same payment, as far as that is known."""
    known = dict(vars(objects))
    if known["charge"] and not known["payment_intent"]:
        charge = await desk.readers[account].charge(known["charge"])
        known["payment_intent"] = id_of(charge.get("payment_intent"))
    if known["payment_intent"] and not known["invoice"]:
        async with desk.store.read() as tx:
            _, known["invoice"] = await cards.invoice_of(tx, account, known["payment_intent"])
    return Objects(**known)


async def _moments(
    tx: Tx, desk: Desk, account: str, narrow: list[str], customer: str | None, details: Details
) -> list[Moment]:
    """Of the objects; if there are none, of the customer and all that is theirs."""
    ids = narrow or ([customer] if customer else [])
    if narrow or customer is None:
        told = await history.tellings(tx, account, ids)
        written = await notes.latest(tx, account, ids, _NOTES)
    else:
        room = Subject(account, SubjectKind.CUSTOMER, customer)
        told = await history.tellings_in(tx, account, room.key)
        written = await notes.of_customer(tx, account, customer, _NOTES)
    shown = mask if details == "masked" else safe
    found = [
        Moment(one.at, f"{one.title}: {desk.words.money(one.money)}" if one.money else one.title)
        for one in history.once(told)
    ]
    found += [Moment(one.written_at, f"{one.author} noted: {shown(one.text)}") for one in written]
    found += [
        Moment(
            one.updated_at or one.created_at, f"{one.asked_by} asked: {one.question} {one.state}"
        )
        for one in await actions.about(tx, account, ids)
        if one.verb != "note"
    ]
    found += [
        Moment(one.at, f"{one.by} gave it to {one.person or 'nobody'}")
        for one in await care.assignments(tx, account, ids)
    ]
    found += [
        Moment(one.at, f"{one.person} has seen it")
        for one in await care.sightings(tx, account, ids)
    ]
    return found
