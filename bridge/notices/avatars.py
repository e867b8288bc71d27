"""What rooms look like in a list: an avatar by kind and state, brought to the homeserver once each."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import structlog

from bridge.model.clock import Clock
from bridge.model.outcome import Outcome, Refused
from bridge.model.ports import Homeserver
from bridge.model.signal import SubjectKind
from bridge.notices.drawing import SIDE, Oval, Sign, box, disc, of, png, stroke
from bridge.store import avatars
from bridge.store.engine import Store

log = structlog.get_logger(__name__)

_PNG = "image/png"
#: The channel of what cannot wait, by its standing name.
_CRITICAL = "payments-critical"


class Avatar(StrEnum):
    BRIDGE = "bridge"
    SPACE = "space"
    SPACE_TEST = "space-test"
    CHANNEL = "channel"
    CRITICAL = "channel-critical"
    CUSTOMER = "customer"
    CUSTOMER_DELETED = "customer-deleted"
    DISPUTE_WAITS = "dispute-waits"
    DISPUTE_ANSWERED = "dispute-answered"
    DISPUTE_WON = "dispute-won"
    DISPUTE_LOST = "dispute-lost"
    DISPUTE_CLOSED = "dispute-closed"


_INDIGO, _AMBER, _SLATE, _GREY = 0x4338CA, 0xB45309, 0x475569, 0x6B7280
_TEAL, _ORANGE, _BLUE, _GREEN, _RED = 0x0F766E, 0xC2410C, 0x1D4ED8, 0x15803D, 0xB91C1C
_CARD = of(
    box(0.2, 0.31, 0.8, 0.69), holes=(box(0.2, 0.41, 0.8, 0.49), box(0.27, 0.58, 0.44, 0.62))
)
_HASH = of(
    stroke((0.45, 0.27), (0.38, 0.73), 0.065),
    stroke((0.62, 0.27), (0.55, 0.73), 0.065),
    stroke((0.29, 0.42), (0.73, 0.42), 0.065),
    stroke((0.27, 0.58), (0.71, 0.58), 0.065),
)
_PERSON = of(disc(0.5, 0.37, 0.13), Oval(0.5, 0.76, 0.24, 0.2), holes=(box(0.2, 0.73, 0.8, 1.0),))
_CALL = of(stroke((0.5, 0.25), (0.5, 0.58), 0.1), disc(0.5, 0.71, 0.065))
_DOTS = of(disc(0.3, 0.5, 0.065), disc(0.5, 0.5, 0.065), disc(0.7, 0.5, 0.065))
_TICK = of(stroke((0.29, 0.52), (0.46, 0.69), 0.09), stroke((0.42, 0.68), (0.73, 0.34), 0.09))
_CROSS = of(stroke((0.33, 0.33), (0.67, 0.67), 0.09), stroke((0.67, 0.33), (0.33, 0.67), 0.09))
_BAR = of(box(0.3, 0.455, 0.7, 0.545))
_LOOKS: Mapping[Avatar, tuple[Sign, int]] = {
    Avatar.BRIDGE: (_CARD, _INDIGO),
    Avatar.SPACE: (_CARD, _TEAL),
    Avatar.SPACE_TEST: (_CARD, _AMBER),
    Avatar.CHANNEL: (_HASH, _SLATE),
    Avatar.CRITICAL: (_HASH, _RED),
    Avatar.CUSTOMER: (_PERSON, _TEAL),
    Avatar.CUSTOMER_DELETED: (_PERSON, _GREY),
    Avatar.DISPUTE_WAITS: (_CALL, _ORANGE),
    Avatar.DISPUTE_ANSWERED: (_DOTS, _BLUE),
    Avatar.DISPUTE_WON: (_TICK, _GREEN),
    Avatar.DISPUTE_LOST: (_CROSS, _RED),
    Avatar.DISPUTE_CLOSED: (_BAR, _GREY),
}


def first_avatar(kind: str, subject_id: str, *, livemode: bool) -> Avatar:
    """Of a room that is just being made; what its object became since is told by its events."""
    match kind:
        case SubjectKind.CUSTOMER:
            return Avatar.CUSTOMER
        case SubjectKind.DISPUTE:
            return Avatar.DISPUTE_WAITS
        case SubjectKind.CHANNEL:
            return Avatar.CRITICAL if subject_id == _CRITICAL else Avatar.CHANNEL
        case _:
            return Avatar.SPACE if livemode else Avatar.SPACE_TEST


def dispute_avatar(status: str) -> Avatar:
    match status:
        case "won":
            return Avatar.DISPUTE_WON
        case "lost":
            return Avatar.DISPUTE_LOST
        case "warning_closed" | "prevented" | "charge_refunded":
            return Avatar.DISPUTE_CLOSED
        case _ if status.endswith("under_review"):
            return Avatar.DISPUTE_ANSWERED
        case _:
            return Avatar.DISPUTE_WAITS


@lru_cache(len(Avatar))
def picture(avatar: Avatar) -> bytes:
    return png(*_LOOKS[avatar])


@dataclass(frozen=True)
class Avatars:
    """`known` are the addresses (`mxc://…`) of this process; None where the homeserver took none."""

    store: Store
    clock: Clock
    homeserver: Homeserver
    server_name: str
    known: dict[str, str | None]

    async def content(self, avatar: str | None) -> Mapping[str, Any] | None:
        """Of a room's `m.room.avatar`; None if there is no picture: a room does without."""
        if avatar is None or avatar not in set(Avatar):
            return None
        drawn = picture(Avatar(avatar))
        address = await self.address(Avatar(avatar))
        info = {"mimetype": _PNG, "w": SIDE, "h": SIDE, "size": len(drawn)}
        return {"url": address, "info": info} if address else None

    async def address(self, avatar: Avatar) -> str | None:
        if avatar not in self.known:
            found = await self._address(avatar)
            if isinstance(found, Outcome):
                self._not_taken(avatar, found)
                return None
            self.known[avatar] = found
        return self.known[avatar]

    async def _address(self, avatar: Avatar) -> str | Outcome:
        drawn = picture(avatar)
        digest = hashlib.sha256(drawn).hexdigest()
        async with self.store.read() as tx:
            address = await avatars.find(tx, digest)
        # One of another homeserver would be shown only as long as that one is there.
        if address and address.startswith(f"mxc://{self.server_name}/"):
            return address
        made = await self.homeserver.upload(drawn, _PNG, f"{avatar}.png")
        if isinstance(made, str):
            async with self.store.begin() as tx:
                await avatars.keep(tx, digest, made, self.clock.now())
        return made

    def _not_taken(self, avatar: Avatar, why: Outcome) -> None:
        """A refusal is for good; one that is busy or away is asked again with the next room."""
        if isinstance(why, Refused):
            self.known.update(dict.fromkeys(Avatar))
            log.warning("avatars_refused", reason=why.reason)
        else:
            log.info("avatar_not_taken", avatar=avatar, reason=getattr(why, "reason", ""))
