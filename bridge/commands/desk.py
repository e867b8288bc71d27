"""What the verbs work with, and what one of them answers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bridge.config.schema import Config
from bridge.model.action import ActionState
from bridge.model.clock import Clock
from bridge.model.command import Actor, Command
from bridge.model.message import Message
from bridge.model.ports import ChatMessage, StripeReader, StripeWriter
from bridge.model.room_message import RoomMessage
from bridge.model.signal import Objects, SignalClass, Subject
from bridge.model.text import safe
from bridge.model.words import Words
from bridge.store.actions import Action
from bridge.store.engine import Store, Tx
from bridge.store.outbox import Delivery, to_room


@dataclass(frozen=True)
class Desk:
    """Everything outside that a verb may need. An account without a writer moves no money."""

    config: Config
    store: Store
    clock: Clock
    words: Words
    readers: Mapping[str, StripeReader]
    writers: Mapping[str, StripeWriter]
    #: A link to a message: room id, event id.
    permalink: Callable[[str, str], str]


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


@dataclass(frozen=True)
class Reply:
    """The answer (none if it comes later), and what is to be written and sent in the same commit."""

    message: Message | None
    action_id: str | None = None
    write: Callable[[Tx], Awaitable[None]] | None = None
    also: tuple[Delivery, ...] = ()


@dataclass(frozen=True)
class Result:
    """What Stripe made of an action: its object's id, its own word for the state, and words for people."""

    state: ActionState
    message: Message
    stripe_id: str | None = None
    outcome: str | None = None


Perform = Callable[[Desk, Ask], Awaitable[Reply]]
Execute = Callable[[Desk, Action], Awaitable[Result]]
Find = Callable[[Desk, Action], Awaitable[Result | None]]


@dataclass(frozen=True)
class Verb:
    """A row of the table of verbs: what `help` shows, and the functions that do it.

    `perform` answers at once and may propose an action; then `execute` calls Stripe for it, and
    `find` looks whether an earlier call that was cut off has done it.
    """

    name: str
    usage: str
    help: str
    moves_money: bool
    perform: Perform
    execute: Execute | None = None
    find: Find | None = None


def say(title: str, text: str = "", *, mention: str | None = None) -> Message:
    """An answer in words; `title` and `text` may hold what people and Stripe wrote."""
    return Message(
        title=safe(title, cap=400),
        text=safe(text, cap=2000, lines=True) if text else None,
        mentions=(mention,) if mention else (),
    )


def to_thread(
    subject: Subject, thread: str | None, message: Message, key: str, **more: Any
) -> Delivery:
    """A message for a thread of the subject's room; `key` makes it impossible to say it twice."""
    wanted = RoomMessage(subject=subject, message=message, thread=thread, **more)
    return to_room(wanted, SignalClass.PAGE.urgency, key)


def action_delivery(action: Action, subject: Subject) -> Delivery:
    """The confirmed action on its way to Stripe, after all others for the same object."""
    payload = {"action": action.id, "subject": asdict(subject)}
    lane = f"action:{action.account}/{action.object_id}"
    return Delivery(lane, "action", payload, SignalClass.PAGE.urgency, f"action:{action.id}")
