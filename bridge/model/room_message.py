"""A message on its way to a room: the payload of a room's lane."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from bridge.model.message import Message
from bridge.model.signal import Objects, Subject, SubjectKind


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

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "message": self.message.to_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        subject = data["subject"]
        return cls(
            **{
                **data,
                "subject": Subject(subject["account"], SubjectKind(subject["kind"]), subject["id"]),
                "message": Message.from_json(data["message"]),
                "objects": Objects(**data["objects"]),
            }
        )


def room_lane(subject: Subject) -> str:
    return f"room:{subject.key}"
