"""`link` gives a one-time code; `link code`, said with another identity, makes it the same person.

Whoever reads the code could try it, so the person who asked for it is shown the identity that used
it, and says yes to it where the code was given.
"""

import secrets
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256

from bridge.commands import proposing
from bridge.commands.desk import Ask, Deed, Desk, Proposal, Reply, Result, Verb, say, who_of
from bridge.commands.permission import directory
from bridge.commands.rules import Need
from bridge.model.action import ActionState
from bridge.model.command import Actor, Command
from bridge.model.errors import Denied, Refused
from bridge.model.event import Json
from bridge.model.message import Message
from bridge.model.signal import Objects, Subject, SubjectKind
from bridge.store import people, rooms
from bridge.store.actions import Action
from bridge.store.engine import Tx
from bridge.store.people import LinkCode

CODE_LIFE = timedelta(minutes=10)
#: Without letters and digits that are read for one another.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 10


async def propose(desk: Desk, ask: Ask) -> Reply:
    typed = ask.command.rest.strip().upper()
    if typed:
        return Reply(None, write=partial(_claim, desk, ask, _hash(typed)))
    if not ask.actor.known:
        raise Denied("I don't know you. Ask for the code where I do, and write it here.")
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    kept = LinkCode(
        _hash(code),
        ask.actor.name,
        ask.actor.identity,
        ask.subject.account,
        ask.said.room_id,
        ask.thread,
        desk.clock.now() + CODE_LIFE,
    )
    return Reply(
        say(
            f"Write `link {code}` within {proposing.span(CODE_LIFE)}, as the other one you are.",
            "Then say yes here to what I ask.",
        ),
        write=partial(_keep, kept),
    )


async def _keep(code: LinkCode, tx: Tx) -> None:
    await people.add_code(tx, code)


async def _claim(desk: Desk, ask: Ask, code_hash: str, tx: Tx) -> Message:
    code = await people.code(tx, code_hash)
    if code is None or desk.clock.now() >= code.expires_at:
        raise Denied("That is no code of mine, or it is too old. Ask for a new one with `link`.")
    owner = (await directory(tx, desk.config)).actor(ask.actor.identity)
    if owner.known:
        raise Denied(f"You are {owner.name} here already.")
    room = await rooms.of_id(tx, code.room_id)
    if room is None or not await people.use_code(tx, code_hash):
        raise Denied("That is no code of mine, or it is too old. Ask for a new one with `link`.")
    await _ask_the_owner(
        desk, ask, code, Subject(room.account, SubjectKind(room.kind), room.subject_id), tx
    )
    return say(f"Now say yes where you got the code, as {code.identity}.")


async def _ask_the_owner(desk: Desk, ask: Ask, code: LinkCode, subject: Subject, tx: Tx) -> None:
    """A question in the thread where the code was given, which only the person of the code can answer."""
    claimed = ask.actor.identity
    proposal = Proposal(
        object_id=claimed,
        params={"identity": claimed, "person": code.person},
        question=f"Are you {claimed}, too?",
        remarks=("It has your rights then. Say no if it was not you who just wrote the code.",),
    )
    there = Ask(
        Command("link"),
        Actor(code.person, code.identity),
        subject,
        Objects(),
        ask.said,
        code.thread,
        replied=False,
    )
    action = proposing.action_of(desk, VERB, there, proposal, Need(0))
    asked = replace(action, room_id=code.room_id)
    await proposing.keep(tx, desk, asked, there, proposal, who_of(ask.actor, ask.said))


async def execute(desk: Desk, action: Action) -> Json:
    async with desk.store.read() as tx:
        owner = (await directory(tx, desk.config)).actor(action.object_id)
    if owner.known:
        raise Refused(f"{action.object_id} is {owner.name} already.")
    return {}


def told(desk: Desk, action: Action, made: Json) -> Result:
    del made
    identity, person = action.params["identity"], action.params["person"]

    async def write(tx: Tx) -> None:
        await people.link(tx, identity, person, desk.clock.now())

    words = say(f"{identity} is {person} from now on.")
    return Result(ActionState.SUCCEEDED, words, outcome="linked", write=write)


def _hash(code: str) -> str:
    return sha256(code.encode()).hexdigest()


VERB = Verb(
    "link",
    "link [code]",
    "makes another identity of yours, on this or another platform, the same person",
    Deed(propose, execute, told, moves_money=False),
    examples=("link", "link ABCDEFGHJK"),
)
