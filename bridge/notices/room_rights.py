"""What somebody may do in a room, and why the bridge cannot write in one."""

from collections.abc import Mapping
from typing import Any

from bridge.model.outcome import Delivered, Outcome, Refused, Retry
from bridge.model.ports import Homeserver


async def why_not(homeserver: Homeserver, room_id: str) -> str | Retry | None:
    """Why the bridge cannot write there, in words; None if it can. An invitation is accepted."""
    member = await homeserver.state(room_id, "m.room.member", homeserver.user_id)
    if isinstance(member, Retry):
        return member
    if isinstance(member, Outcome):
        return "The room is not there any more, or has forgotten the bridge."
    match member.get("membership"):
        case "join":
            pass
        case "invite" if isinstance(await homeserver.join(room_id), Delivered):
            pass
        case "ban":
            return "The bridge was banned from the room."
        case _:
            return "The bridge was removed from the room."
    may = await allowed(homeserver, room_id, homeserver.user_id, "m.room.message", state=False)
    if isinstance(may, Retry):
        return may
    return None if may else "The bridge may not write in the room any more."


async def allowed(
    homeserver: Homeserver, room_id: str, user_id: str, kind: str, *, state: bool = True
) -> bool | Retry:
    """Whether the user's power is enough to send an event of that kind."""
    levels = await homeserver.state(room_id, "m.room.power_levels")
    creators = await homeserver.creators(room_id)
    for answer in (levels, creators):
        if isinstance(answer, Retry):
            return answer
    if isinstance(creators, tuple) and user_id in creators:
        return True
    if not isinstance(levels, Mapping):
        return isinstance(levels, Refused) and not state
    otherwise = levels.get("state_default", 50) if state else levels.get("events_default", 0)
    return _power(levels, user_id) >= _number(_mapping(levels.get("events")).get(kind, otherwise))


def _power(levels: Mapping[str, Any], user_id: str) -> int:
    return _number(_mapping(levels.get("users")).get(user_id, levels.get("users_default", 0)))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
