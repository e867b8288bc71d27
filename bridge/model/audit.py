"""The audit trail's form: who did what from where, as canonical JSON in a chain of hashes.

Each entry's hash covers the hash before it, so a change, a gap or another order shows. That the end
was cut off shows only against a head that was kept elsewhere: one is posted every day.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

GENESIS = "0" * 64
#: The chain of what is done on the machine itself and belongs to no account.
HOUSE = "_house"


@dataclass(frozen=True)
class Who:
    """`person` is empty for a stranger; the bridge itself acts as `bridge`, with no identity."""

    person: str
    identity: str = ""
    platform: str = ""
    room: str = ""
    #: The message that said it.
    message: str = ""


BRIDGE = Who("bridge")


@dataclass(frozen=True)
class Record:
    """What happened. `what` is an action's new state, or a word of its own (`refused`, `frozen`)."""

    account: str
    at: datetime
    what: str
    who: Who
    verb: str = ""
    action: str = ""
    object: str = ""
    amount: int | None = None
    currency: str = ""
    #: The hash of the frozen parameters.
    params: str = ""
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    #: Stripe's name for the call that did it.
    request: str = ""
    outcome: str = ""
    reason: str = ""

    def text(self, seq: int) -> str:
        """Canonical: one record has one text. ASCII, so that no database can change it."""
        told = {**asdict(self), "at": self.at.astimezone(UTC).isoformat(), "seq": seq}
        return json.dumps(told, sort_keys=True, separators=(",", ":"), default=str)


@dataclass(frozen=True)
class Link:
    """One row of a chain, as it is stored."""

    account: str
    seq: int
    action: str
    at: datetime
    text: str
    previous: str
    hash: str


@dataclass(frozen=True)
class Head:
    """The end of a chain: enough to know later that nothing before it was changed or cut off."""

    account: str
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.account}/{self.seq}/{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Back from `str`; raises `ValueError`."""
        account, seq, digest = text.strip().split("/")
        if len(digest) != len(GENESIS):
            raise ValueError(text)
        return cls(account, int(seq), digest)


def chained(previous: str, text: str) -> str:
    return hashlib.sha256(f"{previous}{text}".encode()).hexdigest()


def next_link(head: Head, record: Record) -> Link:
    text = record.text(head.seq + 1)
    return Link(
        record.account,
        head.seq + 1,
        record.action,
        record.at,
        text,
        head.hash,
        chained(head.hash, text),
    )


def faults(account: str, links: Iterable[Link], kept: Iterable[Head] = ()) -> Iterator[str]:
    """What is wrong with a chain, told from its beginning; `kept` are heads noted elsewhere."""
    expected = {head.seq: head.hash for head in kept if head.account == account}
    head = Head(account, 0, GENESIS)
    for link in links:
        yield from _faults_of(head, link)
        if expected.pop(link.seq, link.hash) != link.hash:
            yield f"{account} {link.seq}: is not what was posted as the chain's head"
        head = Head(account, link.seq, link.hash)
    for seq in sorted(expected):
        yield f"{account} {seq}: is missing, although it was posted as the chain's head"


def _faults_of(head: Head, link: Link) -> Iterator[str]:
    where = f"{link.account} {link.seq}:"
    if link.seq != head.seq + 1:
        yield f"{where} follows {head.seq}: something was taken out or put in"
    if link.previous != head.hash:
        yield f"{where} does not follow what stands before it"
    if chained(link.previous, link.text) != link.hash:
        yield f"{where} was changed"
    told = _told(link.text)
    stands = (link.account, link.seq, link.action, link.at.astimezone(UTC).isoformat())
    if tuple(told.get(name) for name in ("account", "seq", "action", "at")) != stands:
        yield f"{where} stands where it does not belong"


def _told(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
