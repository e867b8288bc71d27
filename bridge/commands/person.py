"""`person add|remove name [identity] [role]`: who is known, without a change of the configuration.

Both take another person's approval, and act at once.
"""

from collections.abc import Iterator, Sequence

from pydantic import TypeAdapter, ValidationError

from bridge.commands.arguments import read
from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.permission import Directory, directory
from bridge.config.kinds import Identity, MatrixId, Name
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.event import Json
from bridge.store import people
from bridge.store.actions import Action
from bridge.store.engine import Tx

_HOW = (
    "Write `person add anna @anna:example.org support`, `person add ben slack:U123`, "
    "or `person remove anna`."
)
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_MATRIX_ID: TypeAdapter[str] = TypeAdapter(MatrixId)
_IDENTITY: TypeAdapter[str] = TypeAdapter(Identity)


async def propose(desk: Desk, ask: Ask) -> Proposal:
    async with desk.store.read() as tx:
        known = await directory(tx, desk.config)
    match read(ask.command.rest).words:
        case ["add", name, identity]:
            return _add(known, _checked(_NAME, name.lower()), _identity(known, identity), None)
        case ["add", name, identity, role]:
            return _add(known, _checked(_NAME, name.lower()), _identity(known, identity), role)
        case ["add", name] if name.lower() in known.away:
            return _add(known, name.lower(), None, None)
        case ["remove", name]:
            return _remove(known, name.lower())
    raise Refused(_HOW)


def _add(known: Directory, name: str, identity: str | None, role: str | None) -> Proposal:
    if name in known.names:
        raise Refused(f"{name} is known already. `role add {name} …` gives them a role.")
    if name in known.away and identity:
        raise Refused(f"{name} is in the configuration. `person add {name}` brings them back.")
    role = role.lower() if role else None
    if role and role not in known.config.roles:
        raise Refused(f"There is no role {role}: {', '.join(known.config.roles)}.")
    if identity and (owner := known.actor(identity)).known:
        raise Refused(f"{identity} is {owner.name} already.")
    verbs = ", ".join(known.config.roles[role].verbs) if role else ""
    remarks = f"They may ask for: {verbs}." if verbs else "Without a role they may do nothing yet."
    as_who = f", who is {identity}" if identity else ""
    with_what = f", as {role}" if role else ""
    return Proposal(
        object_id=name,
        params={"person": name, "identity": identity, "role": role, "given": True},
        question=f"Let me know {name}{as_who}{with_what}?",
        remarks=(remarks,),
        before={"known": False},
        others=1,
        barred=(name,),
    )


def _remove(known: Directory, name: str) -> Proposal:
    if name not in known.names:
        raise Refused(f"I know nobody called {name[:80]}: {', '.join(known.names)}.")
    roles = known.roles(name)
    return Proposal(
        object_id=name,
        params={"person": name, "identity": None, "role": None, "given": False},
        question=f"Forget {name}, who then may do nothing any more?",
        remarks=tuple(_left(known, roles)),
        before={"known": True, "roles": list(roles)},
        others=1,
        barred=(name,),
    )


def _left(known: Directory, roles: Sequence[str]) -> Iterator[str]:
    if roles:
        yield f"They have the roles {', '.join(roles)}."
    if not known.config.matrix.remove_people:
        yield "They stay in the rooms they are in, and can read there, until somebody removes them."


async def execute(desk: Desk, action: Action) -> Json:
    """It is written with the result; what was free to take when it was asked must be so still."""
    async with desk.store.read() as tx:
        known = await directory(tx, desk.config)
    name, identity = action.params["person"], action.params["identity"]
    if (name in known.names) == action.params["given"]:
        raise Refused(f"{name} is {'known' if name in known.names else 'not known'} already.")
    if identity and (owner := known.actor(identity)).known:
        raise Refused(f"{identity} is {owner.name} by now.")
    return {}


def told(desk: Desk, action: Action, made: Json) -> Result:
    del made
    name, identity, role, given = (
        action.params[one] for one in ("person", "identity", "role", "given")
    )

    async def write(tx: Tx) -> None:
        now = desk.clock.now()
        await people.set_person(tx, name, identity, given, now)
        if role:
            await people.set_role(tx, name, role, given, now)

    words = f"I know {name} from now on." if given else f"{name} may do nothing any more."
    return Result(
        ActionState.SUCCEEDED, say(words), outcome="changed", after={"known": given}, write=write
    )


def _identity(known: Directory, typed: str) -> str:
    """`@anna:example.org`, or another platform's; raises `Refused`."""
    if not typed.startswith("@"):
        return _checked(_IDENTITY, typed)
    user, matrix = _checked(_MATRIX_ID, typed), known.config.matrix
    if user.partition(":")[2] != matrix.server_name and not matrix.federate:
        raise Refused(f"{user} is not on {matrix.server_name}, and rooms are not federated.")
    return f"matrix:{user}"


def _checked(kind: TypeAdapter[str], typed: str) -> str:
    try:
        return kind.validate_python(typed)
    except ValidationError as odd:
        raise Refused(
            f"{typed[:80]} {odd.errors()[0]['msg'].removeprefix('Value error, ')}."
        ) from None
