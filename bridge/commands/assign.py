"""`assign person`: who takes care of it, shown wherever it is shown."""

from functools import partial

from bridge.commands.desk import Ask, Desk, Reply, say, who_of
from bridge.commands.note import place_of
from bridge.commands.permission import Directory, directory
from bridge.model.audit import Record
from bridge.model.errors import Refused
from bridge.store import audit, care
from bridge.store.about import to_abouts
from bridge.store.care import Assignment
from bridge.store.engine import Tx
from bridge.store.outbox import enqueue

_NOBODY = {"nobody", "none", "no one", "-"}


async def perform(desk: Desk, ask: Ask) -> Reply:
    _, object_id = place_of(ask.objects)
    wanted = " ".join(ask.command.rest.split())
    async with desk.store.read() as tx:
        people = await directory(tx, desk.config)
        has = (await care.assigned(tx, ask.subject.account, [object_id])).get(object_id)
    if not wanted:
        return Reply(say(f"{has} takes care of it." if has else "Nobody takes care of it yet."))
    person = _person(people, ask, wanted)
    if person == has:
        return Reply(say(f"{person} has it already." if person else "Nobody has it anyway."))
    now = desk.clock.now()
    new = Assignment(
        ask.subject.account,
        object_id,
        ask.objects.customer,
        person,
        ask.actor.name,
        ask.said.event_id,
        now,
    )
    # Whoever is given something by somebody else must hear of it.
    told = people.matrix_of(person) if person and person != ask.actor.name else None
    answer = say(
        f"Assigned to {person}." if person else f"Taken from {has}: nobody has it now.",
        mention=(told,) if told else (),
    )
    return Reply(answer, write=partial(_keep, desk, ask, new, has))


def _person(people: Directory, ask: Ask, wanted: str) -> str | None:
    """Raises `Refused` if it is nobody that is known."""
    if wanted.lower() in _NOBODY:
        return None
    if wanted.lower() == "me":
        return ask.actor.name
    if found := people.called(wanted):
        return found
    raise Refused(f"I know nobody called {wanted[:80]}: {', '.join(people.names)}.")


async def _keep(desk: Desk, ask: Ask, new: Assignment, had: str | None, tx: Tx) -> None:
    told = Record(
        new.account,
        new.at,
        "assigned",
        who_of(ask.actor, ask.said),
        verb="assign",
        object=new.object_id,
        before={"person": had},
        after={"person": new.person},
    )
    await audit.append(tx, told)
    await care.assign(tx, new)
    await enqueue(tx, await to_abouts(tx, new.account, ask.objects), desk.clock.now())
