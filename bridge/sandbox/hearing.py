"""What a person sees the bridge say: anywhere in a room, or in answer to something."""

from bridge.sandbox.person import Person
from bridge.sandbox.seen import RoomEvent

_BRIDGE = "@stripe:"
_SECONDS = 30.0


def by_the_bridge(event: RoomEvent) -> bool:
    return event.sender.startswith(_BRIDGE)


async def sees(person: Person, room: str, *words: str, within: float = _SECONDS) -> RoomEvent:
    """The bridge's first message there that has all the words."""

    def told(event: RoomEvent) -> bool:
        return by_the_bridge(event) and _has(event, words)

    return await person.sees(room=room, where=told, within=within, what=" and ".join(words))


async def hears_back(
    person: Person, room: str, said: str, *words: str, thread: str | None = None
) -> RoomEvent:
    """The bridge's first message with the words after the one that was `said`; only in `thread`, if named."""
    await person.catches_up(said, room=room)
    timeline = person.timeline(room)
    end = next(place for place, event in enumerate(timeline) if event.event_id == said)
    before = {event.event_id for event in timeline[: end + 1]}

    def answer(event: RoomEvent) -> bool:
        fresh = by_the_bridge(event) and event.event_id not in before
        return fresh and thread in {None, event.thread} and _has(event, words)

    what = f"an answer with {' and '.join(words)}"
    return await person.sees(room=room, where=answer, within=_SECONDS, what=what)


def _has(event: RoomEvent, words: tuple[str, ...]) -> bool:
    return all(word in event.body for word in words)
