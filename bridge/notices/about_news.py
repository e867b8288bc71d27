"""Whatever is told in a customer's or dispute's room may have changed what its pinned card says."""

from collections.abc import Iterable

from bridge.model.signal import Subject, SubjectKind
from bridge.store.about import to_about
from bridge.store.outbox import Delivery

_HAVE_ONE = {SubjectKind.CUSTOMER, SubjectKind.DISPUTE}


def abouts(told: Iterable[Delivery], covered: Iterable[Subject] = ()) -> list[Delivery]:
    """Once per room; `covered` are those in which it is told by what waits there already."""
    subjects = set(covered) | {
        Subject(one["account"], SubjectKind(one["kind"]), one["id"])
        for delivery in told
        if delivery.lane_kind == "room" and (one := _subject(delivery))
    }
    return [
        to_about(one) for one in sorted(subjects, key=lambda one: one.key) if one.kind in _HAVE_ONE
    ]


def _subject(delivery: Delivery) -> dict[str, str]:
    payload = delivery.payload
    found: dict[str, str] = (payload.get("shape") or payload).get("subject") or {}
    return found
