"""The tables. Migrations in `alembic/` must make exactly these; a test compares."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

#: SQLite counts rows up by itself only for INTEGER keys.
Serial = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """Aware UTC datetimes on every database; SQLite itself forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


#: What came in and was acknowledged: Stripe's events and people's messages, whole.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False),  # `stripe:{account}`, `matrix`
    Column("event_id", String(255), nullable=False),
    Column("type", String(255), nullable=False),
    Column("lane", String(512), nullable=False),
    Column("body", Text, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # ready, handled, dead
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("received_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("error", Text),
    UniqueConstraint("source", "event_id"),
    Index(
        "ix_inbox_ready",
        "lane",
        "id",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
)

#: The ordered queue of one target (or of one source's events): lease, fence, back-off.
lane = Table(
    "lane",
    metadata,
    Column("key", String(512), primary_key=True),
    Column("kind", String(16), nullable=False),  # events, chat, room, apprise, action
    Column("urgency", Integer, nullable=False),
    Column("due_at", Moment),  # null: nothing waits
    Column("lease_until", Moment),
    Column("lease_token", String(32)),
    Column("fails", Integer, nullable=False, server_default="0"),
    Index(
        "ix_lane_due",
        "urgency",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

#: What must leave the house: one message for one target, or one action for Stripe.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    #: Random, so that a rebuilt database never repeats one: the transaction id towards the other side.
    Column("uid", String(32), nullable=False, unique=True),
    Column("lane", String(512), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("dedup_key", String(512), unique=True),
    Column("state", String(16), nullable=False),  # ready, delivered, unknown, dead
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("repeated", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("ref", String(255)),
    Column("error", Text),
    Index(
        "ix_outbox_ready",
        "lane",
        "id",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
)

#: Every try of a delivery that did not go well: the history of a dead letter.
attempt = Table(
    "attempt",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column(
        "outbox_id", Serial, ForeignKey("outbox.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("at", Moment, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", Text, nullable=False),
)

room = Table(
    "room",
    metadata,
    Column("subject", String(512), primary_key=True),
    Column("room_id", String(255), nullable=False, unique=True),
    Column("account", String(80), nullable=False),
    Column("kind", String(16), nullable=False),  # space, channel, customer, dispute
    Column("subject_id", String(255), nullable=False),
    Column("invited", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
)

#: Which Matrix message says what: how a reply finds its object and a story its thread.
posted = Table(
    "posted",
    metadata,
    Column("event_id", String(255), primary_key=True),
    Column("room_id", String(255), nullable=False),
    Column("account", String(80), nullable=False),
    Column("story", String(512)),
    Column("objects", JSON, nullable=False),
    Column("action_id", String(32)),
    Column("thread", String(255)),  # the thread's root, when the message is not a root itself
    Column("posted_at", Moment, nullable=False),
    Index("ix_posted_story", "room_id", "story"),
)

appservice_transaction = Table(
    "appservice_transaction",
    metadata,
    Column("txn_id", String(255), primary_key=True),
    Column("received_at", Moment, nullable=False),
)

action = Table(
    "action",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(80), nullable=False),
    Column("verb", String(40), nullable=False),
    Column("object_id", String(255), nullable=False),
    Column("params", JSON, nullable=False),
    Column("params_hash", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_by", String(255), nullable=False),
    Column("asked_event", String(255), nullable=False, unique=True),
    Column("room_id", String(255), nullable=False),
    Column("thread", String(255)),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("stripe_id", String(255)),
    Column("outcome", String(40)),  # Stripe's own word for the result: succeeded, pending, failed
    Column("error", Text),
    Index("ix_action_stripe_id", "account", "stripe_id"),
    Index(
        "ix_action_waiting",
        "room_id",
        sqlite_where=text("state = 'proposed'"),
        postgresql_where=text("state = 'proposed'"),
    ),
)

note = Table(
    "note",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("account", String(80), nullable=False),
    Column("object_id", String(255), nullable=False),
    Column("customer", String(255)),
    Column("author", String(255), nullable=False),
    Column("text", Text, nullable=False),
    Column("source_event", String(255), nullable=False, unique=True),
    Column("written_at", Moment, nullable=False),
    Index("ix_note_object", "account", "object_id"),
    Index("ix_note_customer", "account", "customer"),
)
