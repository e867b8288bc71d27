"""Lanes: who works on which queue, until when, and under which fencing token."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Integer,
    Table,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    update,
)

from bridge.model.errors import BridgeError
from bridge.store.engine import Bulk, Tx, Upsert
from bridge.store.often import Often
from bridge.store.tables import inbox, is_ready, lane, outbox

#: Lanes of these kinds are queues of the inbox; all others of the outbox.
INBOX_KINDS = frozenset({"events", "chat", "life"})
URGENT, CALM = 0, 9
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class LeaseLost(BridgeError):
    """Another worker owns the lane by now: what was about to be written is theirs to decide."""


@dataclass(frozen=True)
class Lane:
    key: str
    kind: str
    token: str
    fails: int
    urgency: int = CALM
    #: Whoever had it before did not let go of it: what it had begun may be done or not.
    abandoned: bool = False

    @property
    def inward(self) -> bool:
        return self.kind in INBOX_KINDS

    @property
    def queue(self) -> Table:
        return inbox if self.kind in INBOX_KINDS else outbox


@dataclass(frozen=True, order=True)
class Wake:
    """Something waits in this lane from now on."""

    key: str
    kind: str
    urgency: int


async def wake(tx: Tx, wakes: Iterable[Wake], now: datetime) -> None:
    """Mark lanes as due. Sorted, so that two transactions never wait for each other in a circle."""
    most = each_once(wakes)
    if not most:
        return
    at = tx.moment(now)
    await tx.run_many(_WAKE, [(one.key, one.kind, one.urgency, at) for one in most])
    tx.wakes.update(one.key for one in most)
    tx.urgent = tx.urgent or is_urgent(most)


def each_once(wakes: Iterable[Wake]) -> list[Wake]:
    """Each lane with the most urgent of what waits in it, in the order in which lanes are taken."""
    most: dict[str, Wake] = {}
    for one in sorted(wakes, key=lambda one: (one.key, one.urgency)):
        most.setdefault(one.key, one)
    return list(most.values())


def is_urgent(wakes: Iterable[Wake]) -> bool:
    return any(one.urgency == URGENT for one in wakes)


async def claim(
    tx: Tx,
    now: datetime,
    lease: timedelta,
    limit: int,
    *,
    inward: bool | None = None,
    calmest: int = CALM,
) -> list[Lane]:
    """Up to `limit` due lanes nobody works on, the most urgent first, now ours; none calmer than `calmest`.

    `inward`: only queues of the inbox, or only those of the outbox.
    """
    found = (await tx.run(_FREE[inward], {"now": now, "most": limit, "calmest": calmest})).all()
    if not found:
        return []
    token = uuid4().hex
    leased = {"lease_until": now + lease, "lease_token": token}
    await tx.run(_LEASE, {"keys": [row.key for row in found], **leased})
    return [
        Lane(row.key, row.kind, token, row.fails, row.urgency, abandoned=bool(row.lease_token))
        for row in found
    ]


async def hold(tx: Tx, owned: Lane, now: datetime, lease: timedelta, **values: object) -> None:
    """Renew the lease; raises `LeaseLost` if the lane has gone to somebody else."""
    await _fenced(tx, owned, lease_until=now + lease, **values)


async def urgency_of(tx: Tx, key: str) -> int:
    """The most urgent of what waits in it."""
    found = (await tx.run(select(lane.c.urgency).where(lane.c.key == key))).scalar_one_or_none()
    return CALM if found is None else int(found)


async def release(tx: Tx, owned: Lane, now: datetime, *, pause: timedelta | None = None) -> None:
    """Let go. The lane is locked first, then looked into: a row added meanwhile is never overlooked."""
    await hold(tx, owned, now, timedelta(0))
    await let_go(tx, owned, now, pause=pause)


async def let_go(tx: Tx, held: Lane, now: datetime, *, pause: timedelta | None = None) -> None:
    """`release` for who has held the lane in this very transaction."""
    urgency = (await tx.run(_MOST_URGENT[held.queue.name], {"of_lane": held.key})).scalar_one()
    due_at = None if urgency is None else now + (pause or timedelta(0))
    await _fenced(
        tx,
        held,
        lease_until=None,
        lease_token=None,
        due_at=due_at,
        urgency=CALM if urgency is None else urgency,
    )
    if due_at is not None and not pause:
        tx.wakes.add(held.key)
        tx.urgent = tx.urgent or urgency == URGENT


async def take_over(tx: Tx) -> int:
    """Free every lane: only for a process that knows that nobody else works on this store."""
    leased = lane.c.lease_until.is_not(None)
    done = await tx.run(update(lane).where(leased).values(lease_until=_LONG_AGO))
    return int(done.rowcount)


async def unattended(tx: Tx, keys: Collection[str]) -> set[str]:
    """Those in which something waits that nobody has begun."""
    return set((await tx.run(_UNATTENDED, {"keys": list(keys)})).scalars()) if keys else set()


async def rearm(tx: Tx, now: datetime) -> int:
    """Wake lanes that sleep although something waits in them; how many there were.

    There should be none. A wake-up that was lost all the same must not lose a message.
    """
    waiting = or_(*(_waits_in(queue) for queue in (inbox, outbox)))
    done = await tx.run(update(lane).where(lane.c.due_at.is_(None), waiting).values(due_at=now))
    return int(done.rowcount)


async def realign(tx: Tx, now: datetime, lease: timedelta, longest: timedelta) -> int:
    """After a clock was wrong: no lane is leased or rests for longer than that from now on."""
    leased = update(lane).where(lane.c.lease_until > now + lease)
    await tx.run(leased.values(lease_until=now + lease))
    resting = update(lane).where(lane.c.due_at > now + longest)
    return int((await tx.run(resting.values(due_at=now + longest))).rowcount)


async def revive(tx: Tx, kind: str, now: datetime) -> int:
    """The other side of all lanes of this kind is back: those that rest after a failure are due now."""
    resting = (lane.c.kind == kind, lane.c.fails > 0, lane.c.due_at > now)
    done = await tx.run(update(lane).where(*resting).values(due_at=now))
    return int(done.rowcount)


def _waits_in(queue: Table) -> ColumnElement[bool]:
    return lane.c.key.in_(select(queue.c.lane).where(is_ready(queue)).distinct())


async def _fenced(tx: Tx, owned: Lane, **values: object) -> None:
    done = await tx.run(_OWNED, {"of_key": owned.key, "of_token": owned.token, **values})
    if done.rowcount != 1:
        raise LeaseLost(f"The lane {owned.key} is worked on by another process.")


def _least(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return case((one < other, one), else_=other)


_WAKE = Bulk.of_upsert(
    Upsert.into(
        lane,
        lambda insert: insert.on_conflict_do_update(
            index_elements=[lane.c.key],
            set_={
                # A lane that backs off keeps its pause; one that sleeps is due now.
                "due_at": func.coalesce(lane.c.due_at, insert.excluded.due_at),
                "urgency": _least(lane.c.urgency, insert.excluded.urgency),
            },
        ),
    ),
    ["key", "kind", "urgency", "due_at"],
)
_INWARD = or_(*(lane.c.kind == kind for kind in sorted(INBOX_KINDS)))
_FREE = {
    inward: Often(
        select(lane.c.key, lane.c.kind, lane.c.fails, lane.c.urgency, lane.c.lease_token)
        .where(
            *which,
            lane.c.paused_at.is_(None),
            lane.c.urgency <= bindparam("calmest"),
            lane.c.due_at <= bindparam("now"),
            or_(lane.c.lease_until.is_(None), lane.c.lease_until <= bindparam("now")),
        )
        .order_by(lane.c.urgency, lane.c.due_at)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )
    for inward, which in {None: (), True: (_INWARD,), False: (not_(_INWARD),)}.items()
}
_UNATTENDED = select(lane.c.key).where(
    lane.c.key.in_(bindparam("keys", expanding=True)),
    lane.c.due_at.is_not(None),
    lane.c.lease_until.is_(None),
)
_LEASE = update(lane).where(lane.c.key.in_(bindparam("keys", expanding=True)))
_OWNED = Often(
    update(lane).where(
        lane.c.key == bindparam("of_key"), lane.c.lease_token == bindparam("of_token")
    )
)
_MOST_URGENT = {
    queue.name: Often(
        select(func.min(queue.c.urgency)).where(
            queue.c.lane == bindparam("of_lane"), is_ready(queue)
        )
    )
    for queue in (inbox, outbox)
}
