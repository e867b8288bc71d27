"""A message on its way to a room: the payload of a room's lane."""

from dataclasses import dataclass
from typing import Any, Self

from bridge.model.message import Message
from bridge.model.signal import Objects, Subject, SubjectKind


@dataclass(frozen=True)
class CardNews:
    """A card has moved: its message in the room is to be brought up to date, as it is by then.

    `news` is what made it move. `hushed`: the room knows it already, so its thread is not told.
    """

    kind: str
    key: str
    news: str
    hushed: bool = False


@dataclass(frozen=True)
class RoomMessage:
    """`name` and `topic` are for the room if it must be made; `thread` and `reply_to` are Matrix event ids."""

    subject: Subject
    message: Message
    objects: Objects = Objects()
    name: str = ""
    topic: str = ""
    #: The signal's dedup key: later messages of the story go to the thread of the first.
    story: str | None = None
    thread: str | None = None
    reply_to: str | None = None
    #: The action whose confirmation this message asks for.
    action_id: str | None = None
    #: `message` then is what is said aloud if this must interrupt although the card is there already.
    card: CardNews | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            **vars(self),
            "subject": dict(vars(self.subject)),
            "message": self.message.to_json(),
            "objects": dict(vars(self.objects)),
            "card": dict(vars(self.card)) if self.card else None,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        subject, card = data["subject"], data.get("card")
        return cls(
            **{
                **data,
                "subject": Subject(subject["account"], SubjectKind(subject["kind"]), subject["id"]),
                "message": Message.from_json(data["message"]),
                "objects": Objects(**data["objects"]),
                "card": CardNews(**card) if card else None,
            }
        )


def room_lane(subject: Subject) -> str:
    return f"room:{subject.key}"
