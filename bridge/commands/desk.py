"""What the verbs work with, what one of them answers, and the shape of a verb.

A verb that answers at once is one function, `perform`. A verb that changes something is a `Deed`:

    async def propose(desk, ask) -> Proposal     what exactly would be done, and the question for it
    async def execute(desk, action) -> Written   the call to Stripe, with `action.id` as its key
    def told(desk, action, made) -> Result       Stripe's object in words
    async def find(desk, action) -> Json | None  the object that an unanswered call has made
    async def undo(desk, action) -> Json | None  for several calls: what cannot be taken back of them

Everything between them is the engine's: the question and its yes, other people's approval, limits,
freezing, exactly once, what is unclear, the audit trail, the words in the thread. Without a `find`,
Stripe's events tell what the call with the action's id has made (`events`, `makes`).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.config.schema import Config
from bridge.model.action import ActionState
from bridge.model.audit import Who
from bridge.model.clock import Clock
from bridge.model.command import Actor, Command
from bridge.model.errors import BridgeError, Refused
from bridge.model.event import Json
from bridge.model.explained import Explained
from bridge.model.message import Link, Message
from bridge.model.money import Money
from bridge.model.ports import Attachment, ChatMessage, Media, StripeReader, StripeWriter
from bridge.model.room_message import RoomMessage
from bridge.model.signal import Objects, SignalClass, Subject
from bridge.model.text import safe
from bridge.model.verbs import FREE
from bridge.model.words import Words
from bridge.store.actions import Action
from bridge.store.engine import Store, Tx
from bridge.store.outbox import Delivery, to_room

_PAGE = re.compile(r"https?://[^\s<>\"']{1,2000}", re.ASCII)


@dataclass(frozen=True)
class Desk:
    """Everything outside that a verb may need. An account without a writer moves no money."""

    config: Config
    store: Store
    clock: Clock
    words: Words
    readers: Mapping[str, StripeReader]
    writers: Mapping[str, StripeWriter]
    #: A link to a message, or to a room: room id, event id.
    permalink: Callable[[str, str | None], str]
    media: Media
    #: What becomes of an event by the configuration: account, and its body as Stripe sent it.
    explain: Callable[[str, Json], Explained]


@dataclass(frozen=True)
class Ask:
    """One command in its place: who, about what, in which room and thread."""

    command: Command
    actor: Actor
    subject: Subject
    #: What the message that was replied to is about; what the room is about if it was none.
    objects: Objects
    said: ChatMessage
    #: The thread the answer belongs into: its root's event id.
    thread: str
    #: Whether it replied to a message of the bridge (else only the room tells what is meant).
    replied: bool
    #: The file it came with, or that it answers to.
    file: Attachment | None = None


Write = Callable[[Tx], Awaitable[Message | None]]


@dataclass(frozen=True)
class Reply:
    """The answer (none if it comes later), and what is to be written and sent in the same commit.

    `write` may return the answer, when only the commit can know it.
    """

    message: Message | None
    write: Write | None = None
    also: tuple[Delivery, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What would be done, complete: from here on nothing is read from the typed words again.

    `params` are JSON, frozen and hashed; `object_id` is what it is done to, and actions on one
    object wait for each other. `question` is one line; `remarks` stand below it.
    """

    object_id: str
    params: Json
    question: str
    remarks: tuple[str, ...] = ()
    #: What counts against limits and decides about approvals.
    money: Money | None = None
    #: What the object is like now, as far as it matters: for the audit trail.
    before: Json = field(default_factory=dict)
    #: At least so many other people must approve, whatever the configuration says.
    others: int = 0
    #: People who may not approve it, besides the asker.
    barred: tuple[str, ...] = ()
    #: What the question is about, if it was asked for by words and not by a reply.
    objects: Objects | None = None
    #: What else belongs into the commit.
    write: Callable[[Tx], Awaitable[None]] | None = None


@dataclass(frozen=True)
class Result:
    """What became of an action: Stripe's id and own word for the state, and words for people.

    `write` is committed together with it; `after` goes to the audit trail. `objects` are what a reply
    to the message then is about.
    """

    state: ActionState
    message: Message
    stripe_id: str | None = None
    outcome: str | None = None
    after: Json = field(default_factory=dict)
    write: Callable[[Tx], Awaitable[None]] | None = None
    objects: Objects = Objects()


Perform = Callable[[Desk, Ask], Awaitable[Reply]]
Propose = Callable[[Desk, Ask], Awaitable[Proposal | Reply]]
Execute = Callable[[Desk, Action], Awaitable[Json]]
Tell = Callable[[Desk, Action, Json], Result]
Find = Callable[[Desk, Action], Awaitable[Json | None]]


@dataclass(frozen=True)
class Deed:
    """What a verb does to change something; see this file's beginning.

    `asks` says whether the asker must say yes first; one that does not ask needs no approval either.
    `events` are the types of event that the call causes, and `makes` the object to look for in them.
    A deed of several calls has its `find` tell only what is whole, and its `execute` go on where it
    was cut off. If it ends without being whole, `undo` takes back what it can; what then remains is `told`.
    """

    propose: Propose
    execute: Execute
    told: Tell
    find: Find | None = None
    undo: Find | None = None
    moves_money: bool = True
    asks: bool = True
    events: tuple[str, ...] = ()
    makes: str = ""


@dataclass(frozen=True)
class Verb:
    """A row of the table of verbs. `needs` are Stripe's permissions: `charge_read`, `charge_write`.

    What is read is read with the reader's key, what is written is written with the writer's.
    `guarded` verbs are those whose refusals belong into the audit trail. `examples` and `about` (what
    it is done to, and how that is named) are for `help verb`.
    """

    name: str
    usage: str
    help: str
    does: Perform | Deed
    needs: tuple[str, ...] = ()
    guarded: bool = False
    examples: tuple[str, ...] = ()
    about: str = ""

    @property
    def free(self) -> bool:
        """Whether everybody may ask for it."""
        return self.name in FREE

    @property
    def deed(self) -> Deed | None:
        return self.does if isinstance(self.does, Deed) else None

    @property
    def moves_money(self) -> bool:
        return self.deed is not None and self.deed.moves_money

    @property
    def is_guarded(self) -> bool:
        return self.guarded or (self.deed is not None and self.deed.asks)


def say(title: str, text: str = "", *, mention: tuple[str, ...] = ()) -> Message:
    """An answer in words; `title` and `text` may hold what people and Stripe wrote."""
    return Message(
        title=safe(title, cap=400),
        text=safe(text, cap=2000, lines=True) if text else None,
        mentions=mention,
    )


def page_link(label: str, url: object) -> tuple[Link, ...]:
    """To a page that Stripe has made; none if what it names is no plain web address."""
    return (Link(safe(label), url),) if isinstance(url, str) and _PAGE.fullmatch(url) else ()


def refusal(error: BridgeError) -> Message:
    """Its sentence, and what can be chosen from."""
    lines = error.lines if isinstance(error, Refused) else ()
    return replace(say(str(error)), lines=tuple(map(safe, lines)))


def who_of(actor: Actor | None, said: ChatMessage) -> Who:
    """For the audit trail."""
    name = actor.name if actor else ""
    return Who(name, said.identity, said.platform, said.room_id, said.event_id)


def to_thread(
    subject: Subject, thread: str | None, message: Message, key: str, **more: Any
) -> Delivery:
    """A message for a thread of the subject's room; `key` makes it impossible to say it twice."""
    wanted = RoomMessage(subject=subject, message=message, thread=thread, **more)
    return to_room(wanted, SignalClass.PAGE.urgency, key)
