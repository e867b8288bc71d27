"""A dispute and its room, with what people do there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.model.ports import Attachment
from bridge.sandbox.paper import paper

from .office import ACCOUNT, Office


@dataclass(frozen=True)
class DisputeRoom:
    office: Office
    room: str
    dispute: str
    charge: str

    async def say(self, who: str, text: str, **how: Any) -> str:
        return await self.office.say(who, f"!stripe {text}", room=self.room, **how)

    async def drop(self, who: str, content: bytes, name: str, caption: str = "", **how: Any) -> str:
        """A file, with what is written beside it; returns the answer."""
        address = f"mxc://test/{len(self.office.media.files)}"
        self.office.media.files[address] = content
        file = Attachment(address, name)
        return await self.office.say(who, caption, room=self.room, file=file, **how)

    async def approve(self, asker: str = "sam", by: str = "fin") -> str:
        """The asker's yes and another's word, to the newest question."""
        asked = self.office.question().event_id
        await self.office.say(asker, "yes", room=self.room, reply_to=asked)
        waits = self.office.question("Waits for another person").event_id
        return await self.office.say(by, "approve", room=self.room, reply_to=waits)

    async def found(self) -> Mapping[str, Any]:
        """As Stripe has it now."""
        return await self.office.readers[ACCOUNT].dispute(self.dispute)

    async def staged(self) -> dict[str, Any]:
        evidence = (await self.found())["evidence"]
        return {name: value for name, value in evidence.items() if value}


async def disputed(office: Office, **given: Any) -> DisputeRoom:
    made = office.stripe.happen("dispute_opens", **{"amount": 10_000, "currency": "eur", **given})
    room = f"!{made['dispute']}:test"
    await office.bind(room, "dispute", made["dispute"])
    return DisputeRoom(office, room, made["dispute"], made["charge"])


def pdf(pages: int = 2, padding: int = 0) -> bytes:
    return paper("Two lamps, brass", pages=pages) + b"%" + b"x" * padding + b"\n"
