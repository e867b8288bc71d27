"""Events that were stored, and are to be handled once more."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, select

from bridge.store import inbox as intake
from bridge.store.engine import Tx
from bridge.store.inbox import Arrival
from bridge.store.patterns import like
from bridge.store.tables import inbox

_FROM_STRIPE, _AGAIN = "stripe:", "replay:"
#: Whoever runs an operator's command waits for it; nothing that happens now must wait behind it.
_CALM = 3


@dataclass(frozen=True)
class Wanted:
    """Which events: by id, or since when; `type_like` may have `*`, `account` None is any."""

    ids: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    type_like: str | None = None
    account: str | None = None


@dataclass(frozen=True)
class Stored:
    """`state` is `handled`, `dead`, or `ready` while it waits; `body` is the JSON text as it came."""

    id: int
    account: str
    event_id: str
    type: str
    state: str
    lane: str
    body: str
    received_at: datetime


@dataclass(frozen=True)
class Again:
    """What a replay asks for: `destinations` are told again, whatever they were told before.

    `mark` tells one replay from another.
    """

    body: str
    destinations: tuple[str, ...] = ()
    mark: str = ""

    @classmethod
    def of(cls, source: str, payload: str) -> Self:
        """From what waits in the inbox, be it a replay or what Stripe sent."""
        return cls(**json.loads(payload)) if source.startswith(_AGAIN) else cls(payload)


def account_of(uid: str) -> tuple[str, str]:
    """Source and account of an arrival's uid: `stripe:acme:evt_1`."""
    kind, _, rest = uid.partition(":")
    account = rest.partition(":")[0]
    return f"{kind}:{account}", account


async def stored(tx: Tx, wanted: Wanted, after: int, limit: int) -> list[Stored]:
    """In the order in which they came, a page at a time: those behind the row `after`."""
    chosen = select(inbox).where(inbox.c.id > after, *_filters(wanted))
    rows = await tx.run(chosen.order_by(inbox.c.id).limit(limit))
    return [_stored(row) for row in rows]


async def replay(
    tx: Tx, events: Sequence[Stored], destinations: tuple[str, ...], mark: str, now: datetime
) -> None:
    """Put them into their lanes once more, behind what waits there."""
    arrivals = [
        Arrival(
            f"{_AGAIN}{one.account}",
            f"{one.event_id}:{mark}",
            one.type,
            json.dumps({"body": one.body, "destinations": destinations, "mark": mark}),
            one.lane,
            "events",
            _CALM,
        )
        for one in events
    ]
    await intake.accept(tx, arrivals, now)


def _filters(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.account:
        yield inbox.c.source == f"{_FROM_STRIPE}{wanted.account}"
    else:
        yield inbox.c.source.startswith(_FROM_STRIPE, autoescape=True)
    if wanted.ids:
        yield inbox.c.event_id.in_(list(wanted.ids))
    if wanted.since:
        yield inbox.c.received_at >= wanted.since
    if wanted.until:
        yield inbox.c.received_at < wanted.until
    if wanted.type_like:
        yield like(inbox.c.type, wanted.type_like)


def _stored(row: Row[Any]) -> Stored:
    return Stored(
        row.id,
        row.source.removeprefix(_FROM_STRIPE),
        row.event_id,
        row.type,
        row.state,
        row.lane,
        row.body,
        row.received_at,
    )
