"""`role add|remove person role`: takes another person's approval, and acts at once."""

from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.permission import directory
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.event import Json
from bridge.store import people
from bridge.store.actions import Action
from bridge.store.engine import Tx

_HOW = "Write `role add` or `role remove`, a person and a role: `role add anna finance`."


async def propose(desk: Desk, ask: Ask) -> Proposal:
    match ask.command.rest.lower().split():
        case ["add" | "remove" as how, person, role]:
            pass
        case _:
            raise Refused(_HOW)
    if role not in desk.config.roles:
        raise Refused(f"There is no role {role}: {', '.join(desk.config.roles)}.")
    async with desk.store.read() as tx:
        known = await directory(tx, desk.config)
    if person not in known.names:
        raise Refused(
            f"I know nobody called {person}: {', '.join(known.names)}. "
            f"`person add {person} @{person}:{desk.config.matrix.server_name} {role}` brings them in."
        )
    roles = known.roles(person)
    if (role in roles) == (how == "add"):
        raise Refused(
            f"{person} {'has that role already' if role in roles else 'has no such role'}."
        )
    verbs = ", ".join(desk.config.roles[role].verbs) or "nothing"
    words = (
        f"Give {person} the role {role}" if how == "add" else f"Take the role {role} from {person}"
    )
    return Proposal(
        object_id=person,
        params={"person": person, "role": role, "given": how == "add"},
        question=f"{words}?",
        remarks=(f"Its people may ask for: {verbs}.",),
        before={"roles": list(roles)},
        others=1,
        barred=(person,),
    )


async def execute(desk: Desk, action: Action) -> Json:
    del desk, action  # it is written with the result
    return {}


def told(desk: Desk, action: Action, made: Json) -> Result:
    del made
    person, role, given = (action.params[name] for name in ("person", "role", "given"))

    async def write(tx: Tx) -> None:
        await people.set_role(tx, person, role, given, desk.clock.now())

    words = f"{person} {'has' if given else 'no longer has'} the role {role}."
    return Result(ActionState.SUCCEEDED, say(words), outcome="changed", write=write)
