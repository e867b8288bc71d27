"""A dispute and its room, with what people do there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.model.ports import Attachment

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
    """A small but whole PDF."""
    kids = " ".join(f"{number} 0 R" for number in range(3, pages + 3))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>",
    ]
    objects += ["<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>"] * pages
    body, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{one}\nendobj\n".encode()
    body += b"%" + b"x" * padding + b"\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
    return body + f"{end}startxref\n{len(body)}\n%%EOF\n".encode()
