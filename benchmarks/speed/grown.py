"""A store as it is after years: rooms, events that were handled, messages that were posted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bridge.sandbox.cast import ACCOUNT
from bridge.sandbox.homeserver import SERVER_NAME
from bridge.store.engine import open_store

_CUSTOMER = "cus_grown"
_BODY = "x" * 400


def customers(number: int) -> list[str]:
    return [f"{_CUSTOMER}{n}" for n in range(number)]


async def grow(url: str, *, rooms: int, events: int, people: str) -> None:
    """`people` is the Matrix id that was invited into every room."""
    store = open_store(url)
    sqlite = store.dialect == "sqlite"
    try:
        for statement in _statements(rooms, events, people, sqlite=sqlite):
            async with store.begin() as tx:
                await tx.run(text(statement.replace(":", r"\:")))
        async with store.begin() as tx:
            await tx.run(text("ANALYZE"))
    finally:
        await store.close()


def _statements(rooms: int, events: int, people: str, *, sqlite: bool) -> Iterator[str]:
    """SQL that both databases read alike, but for how they count."""
    # Long ago, but not so long that it would be forgotten.
    then = f"'{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d %H:%M:%S.%f}'"
    some, many = _numbers(rooms, sqlite=sqlite), _numbers(events, sqlite=sqlite)
    subject = f"'{ACCOUNT}/customer/{_CUSTOMER}'"
    lane = f"'room:{ACCOUNT}/customer/{_CUSTOMER}' || (i % {rooms})"
    room = f"'!' || (i % {rooms}) || ':{SERVER_NAME}'"
    false = "0" if sqlite else "false"
    yield (
        "INSERT INTO room (subject, room_id, account, kind, subject_id, invited, created_at, name, topic) "
        f"SELECT {subject} || i, '!' || i || ':{SERVER_NAME}', '{ACCOUNT}', 'customer', '{_CUSTOMER}' || i, "
        f"'[\"{people}\"]', {then}, 'Somebody', 'customer' FROM {some}"
    )
    yield (
        "INSERT INTO lane (key, kind, urgency, fails) "
        f"SELECT 'room:{ACCOUNT}/customer/{_CUSTOMER}' || i, 'room', 9, 0 FROM {some}"
    )
    yield (
        "INSERT INTO inbox (source, event_id, type, lane, body, urgency, state, attempts, received_at, settled_at) "
        f"SELECT 'stripe:{ACCOUNT}', 'evt_grown' || i, 'invoice.payment_failed', 'events:{ACCOUNT}:' || (i % 16), "
        f"'{_BODY}', 1, 'handled', 1, {then}, {then} FROM {many}"
    )
    yield (
        "INSERT INTO outbox (uid, lane, payload, urgency, dedup_key, state, attempts, repeated, created_at, settled_at, ref) "
        f"SELECT 'grown' || i, {lane}, '{{}}', 1, 'grown|' || i, 'delivered', 1, {false}, {then}, {then}, '$grown' || i "
        f"FROM {many}"
    )
    yield (
        "INSERT INTO posted (event_id, room_id, account, story, objects, posted_at) "
        f"SELECT '$grown' || i, {room}, '{ACCOUNT}', '{ACCOUNT}:card:payment:in_grown' || i, '{{}}', {then} FROM {many}"
    )


def _numbers(many: int, *, sqlite: bool) -> str:
    if not sqlite:
        return f"generate_series(0, {many - 1}) AS i"
    counted = f"SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < {many - 1}"
    return f"(WITH RECURSIVE n(i) AS ({counted}) SELECT i FROM n)"
