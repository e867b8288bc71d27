"""What a room is called, and whether it is in use: both follow the object at Stripe."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

from bridge.model.event import Event, id_of
from bridge.model.outcome import Delivered, Outcome, Retry
from bridge.model.ports import Homeserver
from bridge.model.room_message import room_lane
from bridge.model.signal import SignalClass, Subject, SubjectKind
from bridge.model.text import safe
from bridge.notices.avatars import Avatar, dispute_avatar
from bridge.store import outbox, rooms
from bridge.store.engine import Tx
from bridge.store.outbox import Delivery
from bridge.store.rooms import BoundRoom

_OVER = {
    "won": "Closed: won.",
    "lost": "Closed: lost.",
    "warning_closed": "Closed.",
    "prevented": "Closed: prevented.",
}
_DELETED = "Deleted at Stripe."
_ARCHIVED = "✓ "
_LONGEST_NAME, _LONGEST_TOPIC = 120, 600


@dataclass(frozen=True)
class Shape:
    """What Stripe said at `at`. `closed` says in words why the room is archived; empty: it is in use.

    What is None stays as it is.
    """

    subject: Subject
    at: datetime
    name: str | None = None
    closed: str | None = None
    avatar: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"shape": {**asdict(self), "at": self.at.isoformat()}}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        shape = data["shape"]
        subject = shape["subject"]
        return cls(
            Subject(subject["account"], SubjectKind(subject["kind"]), subject["id"]),
            datetime.fromisoformat(shape["at"]),
            shape["name"],
            shape["closed"],
            shape.get("avatar"),
        )


def shape_of(event: Event) -> Shape | None:
    """Pure. A customer's name and end, and whether a dispute is still open."""
    if (object_id := id_of(event.object)) is None:
        return None
    if event.type in {"customer.created", "customer.updated"}:
        subject = Subject(event.account, SubjectKind.CUSTOMER, object_id)
        name = safe(event.object.get("name") or "", cap=_LONGEST_NAME)
        return Shape(subject, event.created, name=name) if name else None
    if event.type == "customer.deleted":
        subject = Subject(event.account, SubjectKind.CUSTOMER, object_id)
        return Shape(subject, event.created, closed=_DELETED, avatar=Avatar.CUSTOMER_DELETED)
    if event.type.startswith("charge.dispute."):
        subject = Subject(event.account, SubjectKind.DISPUTE, object_id)
        status = str(event.object.get("status"))
        return Shape(
            subject, event.created, closed=_OVER.get(status, ""), avatar=dispute_avatar(status)
        )
    return None


async def reshaping(tx: Tx, event: Event, told: Collection[Delivery]) -> list[Delivery]:
    """The change on its way to the subject's room, if it has one or is about to get one.

    In the room's own lane: what was said before it closes is in the room by then.
    """
    if (shape := shape_of(event)) is None:
        return []
    lane = room_lane(shape.subject)
    awaited = any(one.lane == lane for one in told) or await outbox.expected(tx, lane)
    shapes = [shape] if awaited else []
    if shape.subject.kind is SubjectKind.CUSTOMER and shape.name:
        shapes += await _of_disputes(tx, shape)
    return [_delivery(one, f"{event.account}/{event.id}") for one in shapes]


async def _of_disputes(tx: Tx, shape: Shape) -> list[Shape]:
    """Their rooms are called after the customer."""
    found = await rooms.disputes_of(tx, shape.subject.account, shape.subject.id)
    named = dispute_name(shape.name or "")
    return [
        Shape(Subject(one.account, SubjectKind.DISPUTE, one.subject_id), shape.at, name=named)
        for one in found
    ]


def _delivery(shape: Shape, event: str) -> Delivery:
    lane, urgency = room_lane(shape.subject), SignalClass.DIGEST.urgency
    return Delivery(lane, "room", shape.to_json(), urgency, f"shape:{event}|{shape.subject.id}")


def dispute_name(who: str) -> str:
    return f"Dispute · {who}"


def reopened(bound: BoundRoom) -> BoundRoom:
    return replace(bound, archived_at=None)


def reshaped(bound: BoundRoom, shape: Shape) -> BoundRoom:
    """Pure. What the room should be after that; an older event changes nothing."""
    wanted = bound
    if shape.name and not (bound.named_at and shape.at < bound.named_at):
        wanted = replace(wanted, name=shape.name, named_at=shape.at)
    if shape.closed is None or (bound.shaped_at and shape.at < bound.shaped_at):
        return wanted
    wanted = replace(wanted, shaped_at=shape.at, avatar=shape.avatar or bound.avatar)
    return (
        replace(wanted, archived_at=bound.archived_at or shape.at)
        if shape.closed
        else reopened(wanted)
    )


async def show(
    homeserver: Homeserver,
    was: BoundRoom,
    wanted: BoundRoom,
    *,
    picture: Mapping[str, Any] | None,
    space: str | None,
    via: str,
    closed: str = "",
) -> Outcome:
    """Bring the room from what it was to what it should be; repeating it does no harm."""
    turned = bool(was.archived_at) is not bool(wanted.archived_at)
    mark, closed = (_ARCHIVED, closed) if wanted.archived_at else ("", "")
    steps: list[tuple[str, str, Mapping[str, Any], str]] = []
    if turned or was.name != wanted.name:
        steps.append((wanted.room_id, "m.room.name", {"name": f"{mark}{wanted.name}"}, ""))
    if turned:
        topic = f"{closed} {wanted.topic}".strip()[:_LONGEST_TOPIC]
        steps.append((wanted.room_id, "m.room.topic", {"topic": topic}, ""))
    if picture:
        steps.append((wanted.room_id, "m.room.avatar", picture, ""))
    if turned and space:
        child = {} if wanted.archived_at else {"via": [via]}
        steps.append((space, "m.space.child", child, wanted.room_id))
    for room_id, kind, content, key in steps:
        outcome = await homeserver.set_state(room_id, kind, content, key)
        if isinstance(outcome, Retry) or (room_id != space and not isinstance(outcome, Delivered)):
            return outcome
    return Delivered()
