"""One event for one endpoint: its body, its signature, and the tries to bring it."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal

from .shapes import Json

State = Literal["held", "waiting", "delivered", "failed", "dropped"]


@dataclass(frozen=True)
class Try:
    at: datetime
    status: int | None
    answer: str

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass
class Delivery:
    event: str
    type: str
    endpoint: str
    url: str
    body: bytes
    copies: int = 1
    state: State = "waiting"
    tries: list[Try] = field(default_factory=list)

    def as_json(self) -> Json:
        return {
            "event": self.event,
            "type": self.type,
            "endpoint": self.endpoint,
            "url": self.url,
            "state": self.state,
            "tries": [
                {"at": t.at.isoformat(), "status": t.status, "answer": t.answer} for t in self.tries
            ],
        }


def signature(body: bytes, secrets: Sequence[str], at: datetime) -> str:
    moment = int(at.timestamp())
    signed = b"%d." % moment + body
    marks = (f"v1={hmac.new(s.encode(), signed, sha256).hexdigest()}" for s in secrets)
    return ",".join((f"t={moment}", *marks))
