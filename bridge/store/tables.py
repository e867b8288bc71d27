"""The tables. Migrations in `alembic/` must make exactly these; a test compares."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
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
    literal_column,
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
    Column("kind", String(16), nullable=False),  # events, chat, life, room, apprise, action
    Column("urgency", Integer, nullable=False),
    Column("due_at", Moment),  # null: nothing waits
    Column("lease_until", Moment),
    Column("lease_token", String(32)),
    Column("fails", Integer, nullable=False, server_default="0"),
    Column("paused_at", Moment),  # by an operator; null: it works
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
    Column("name", String(255), nullable=False),
    Column("topic", String(1000), nullable=False),
    Column("named_at", Moment),  # the newest event of Stripe that its name follows
    Column("shaped_at", Moment),  # … and the one that its archive and avatar follow
    Column("archived_at", Moment),
    Column("avatar", String(32)),  # null: it has none
    Column("customer", String(255), index=True),  # whose dispute it is about
    Column("trouble", String(16)),  # gone, encrypted
    Column("moved_at", Moment),  # when its subject got this room in place of another one
    Column("successor", String(255), index=True),  # the room it was upgraded to, until we are in
)

#: Pictures that were brought to the homeserver, by the hash of their bytes.
avatar = Table(
    "avatar",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("mxc", String(255), nullable=False),
    Column("uploaded_at", Moment, nullable=False),
)

#: How far a bot account's syncs have come.
matrix_session = Table(
    "matrix_session",
    metadata,
    Column("user_id", String(255), primary_key=True),
    Column("since", Text),
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
    Index(
        "ix_posted_action",
        "action_id",
        sqlite_where=text("action_id IS NOT NULL"),
        postgresql_where=text("action_id IS NOT NULL"),
    ),
)

#: What Stripe's events said of one money object; see `bridge/notices/cards.py`.
card = Table(
    "card",
    metadata,
    Column("account", String(80), primary_key=True),
    Column("kind", String(16), primary_key=True),  # payment, subscription, dispute, payout
    Column("key", String(255), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("version", Integer, nullable=False),  # counts what was new
    Column("updated_at", Moment, nullable=False),
    Column("settled", Boolean, nullable=False, server_default=text("false")),
    Index(
        "ix_card_settled",
        "updated_at",
        sqlite_where=text("settled"),
        postgresql_where=text("settled"),
    ),
)

#: Where a card stands: its message in one subject's room, and how much of it was told there.
card_place = Table(
    "card_place",
    metadata,
    Column("account", String(80), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("subject", String(512), primary_key=True),
    Column("room_id", String(255)),
    Column("root", String(255), index=True),  # null: not sent yet, or lost
    Column("shown", String(64)),  # hash of the message as it was last sent
    Column("told", JSON, nullable=False),  # the news that its thread has
    #: What one delivery is about to send, so that its repetition says the same.
    Column("trying", JSON),
    Column("waiting", String(32)),  # uid of a delivery that shows the card as it is by then
)

#: The pinned card of a subject in its room.
about = Table(
    "about",
    metadata,
    Column("subject", String(512), primary_key=True),
    Column("room_id", String(255)),
    Column("root", String(255), index=True),  # null: not sent yet, or lost
    Column("shown", String(64)),  # hash of the message as it was last sent
    Column("pinned", Boolean, nullable=False, server_default=text("false")),
    Column("read_at", Moment),  # when Stripe was asked for what it shows
)

#: How far a backfill has come: the last charge it has done with.
backfill = Table(
    "backfill",
    metadata,
    Column("account", String(80), primary_key=True),
    Column("scope", String(80), primary_key=True),
    Column("since", Moment, nullable=False),
    Column("after", String(255)),
    Column("updated_at", Moment, nullable=False),
)

#: The invoice that a PaymentIntent pays, as Stripe answered; null: none.
bill = Table(
    "bill",
    metadata,
    Column("account", String(80), primary_key=True),
    Column("payment_intent", String(255), primary_key=True),
    Column("invoice", String(255)),
    Column("learned_at", Moment, nullable=False),
)

appservice_transaction = Table(
    "appservice_transaction",
    metadata,
    Column("txn_id", String(255), primary_key=True),
    Column("received_at", Moment, nullable=False),
)

#: `params`, `amount`, `question` and who must approve are frozen at the proposal.
action = Table(
    "action",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(80), nullable=False),
    Column("verb", String(40), nullable=False),
    Column("object_id", String(255), nullable=False),
    Column("params", JSON, nullable=False),
    Column("params_hash", String(64), nullable=False),
    Column("moves_money", Boolean, nullable=False),
    Column("amount", BigInteger),
    Column("currency", String(3)),
    Column("state", String(16), nullable=False),
    Column("question", Text, nullable=False),
    Column("before", JSON, nullable=False),
    Column("asked_by", String(255), nullable=False),  # the person
    Column("identity", String(512), nullable=False),  # the one they asked with: `matrix:@anna:…`
    Column("asked_event", String(255), nullable=False, unique=True),
    Column("room_id", String(255), nullable=False),
    Column("thread", String(255)),
    Column("others", Integer, nullable=False),  # how many other people must approve
    Column("approvers", JSON, nullable=False),  # roles; empty: whoever may ask for the verb
    Column("barred", JSON, nullable=False),  # people who may not approve it
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("committed_at", Moment),  # when its money began to count against the limits
    Column("executing_at", Moment),  # when Stripe was asked first
    Column("called_at", Moment),  # when Stripe was asked last
    Column("stripe_id", String(255)),
    Column("outcome", String(40)),  # Stripe's own word for the result: succeeded, pending, failed
    Column("error", Text),
    Index("ix_action_stripe_id", "account", "stripe_id"),
    Index(
        "ix_action_waiting",
        "room_id",
        sqlite_where=text("state IN ('proposed', 'confirmed')"),
        postgresql_where=text("state IN ('proposed', 'confirmed')"),
    ),
    Index("ix_action_committed", "currency", "committed_at"),
)

#: One word of one person on one action, bound to its parameters and to the message that asked.
approval = Table(
    "approval",
    metadata,
    Column("action_id", String(32), ForeignKey("action.id"), primary_key=True),
    Column("person", String(255), primary_key=True),
    Column("identity", String(512), nullable=False),
    Column("params_hash", String(64), nullable=False),
    Column("question_event", String(255), nullable=False),
    Column("event_id", String(255), nullable=False, unique=True),
    Column("approved_at", Moment, nullable=False),
)

#: Accounts whose money actions are stopped.
frozen = Table(
    "frozen",
    metadata,
    Column("account", String(80), primary_key=True),
    Column("id", String(32), nullable=False),
    Column("person", String(255), nullable=False),
    Column("reason", Text, nullable=False),
    Column("frozen_at", Moment, nullable=False),
)

#: Identities that people have linked by a code; those of the configuration come first.
identity = Table(
    "identity",
    metadata,
    Column("identity", String(512), primary_key=True),
    Column("person", String(255), nullable=False),
    Column("linked_at", Moment, nullable=False),
)

#: Roles that were given or taken by command: they count more than the configuration.
person_role = Table(
    "person_role",
    metadata,
    Column("person", String(255), primary_key=True),
    Column("role", String(80), primary_key=True),
    Column("given", Boolean, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

#: One-time codes for linking, by their hash, and where each was given.
link_code = Table(
    "link_code",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("person", String(255), nullable=False),
    Column("identity", String(512), nullable=False),
    Column("account", String(80), nullable=False),
    Column("room_id", String(255), nullable=False),
    Column("thread", String(255), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used", Boolean, nullable=False, server_default=text("false")),
)

#: Append-only; see `bridge/model/audit.py` for the chain and docs/audit.md for the rights on it.
audit = Table(
    "audit",
    metadata,
    Column("account", String(80), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("action", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_audit_action", "action"),
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

#: Who takes care of an object: the newest row counts; without a person it is nobody any more.
assignment = Table(
    "assignment",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("account", String(80), nullable=False),
    Column("object_id", String(255), nullable=False),
    Column("customer", String(255)),
    Column("person", String(255)),
    Column("by", String(255), nullable=False),
    Column("source_event", String(255), nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    Index("ix_assignment_object", "account", "object_id"),
    Index("ix_assignment_customer", "account", "customer"),
)

#: Who has seen what, for each object that the message was about.
sighting = Table(
    "sighting",
    metadata,
    Column("source_event", String(255), primary_key=True),
    Column("object_id", String(255), primary_key=True),
    Column("account", String(80), nullable=False),
    Column("person", String(255), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_sighting_object", "account", "object_id"),
)

#: What comes back to somebody at its time.
snooze = Table(
    "snooze",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("account", String(80), nullable=False),
    Column("kind", String(16), nullable=False),  # of the room's subject, with the next
    Column("subject_id", String(255), nullable=False),
    Column("thread", String(255), nullable=False),
    Column("objects", JSON, nullable=False),
    Column("person", String(255), nullable=False),
    Column("identity", String(512), nullable=False),
    Column("text", Text, nullable=False),
    Column("source_event", String(255), nullable=False, unique=True),
    Column("asked_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),  # waiting, told, ended
    Index(
        "ix_snooze_waiting",
        "due_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

#: People whom a command has brought in or sent away: it counts more than the configuration.
person = Table(
    "person",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("identity", String(512)),  # what they are called first: `matrix:@anna:…`
    Column("given", Boolean, nullable=False),
    Column("changed_at", Moment, nullable=False),
)


def is_ready(queue: Table) -> ColumnElement[bool]:
    """What waits in it. A literal, not a parameter: only so do the databases see that the index fits."""
    return queue.c.state == literal_column("'ready'")
