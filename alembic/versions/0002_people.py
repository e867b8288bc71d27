"""who takes care of what, what was seen, what comes back, and people by command"""

import sqlalchemy as sa
from alembic import op

revision = "0002_people"
down_revision = "0001"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "assignment",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=False),
        sa.Column("customer", sa.String(length=255), nullable=True),
        sa.Column("person", sa.String(length=255), nullable=True),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("source_event", sa.String(length=255), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("source_event", name=op.f("uq_assignment_source_event")),
    )
    op.create_index("ix_assignment_object", "assignment", ["account", "object_id"])
    op.create_index("ix_assignment_customer", "assignment", ["account", "customer"])
    op.create_table(
        "sighting",
        sa.Column("source_event", sa.String(length=255), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("source_event", "object_id", name=op.f("pk_sighting")),
    )
    op.create_index("ix_sighting_object", "sighting", ["account", "object_id"])
    op.create_table(
        "snooze",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=255), nullable=False),
        sa.Column("thread", sa.String(length=255), nullable=False),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("identity", sa.String(length=512), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source_event", sa.String(length=255), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snooze")),
        sa.UniqueConstraint("source_event", name=op.f("uq_snooze_source_event")),
    )
    op.create_index(
        "ix_snooze_waiting",
        "snooze",
        ["due_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_table(
        "person",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("identity", sa.String(length=512), nullable=True),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_person")),
    )


def downgrade() -> None:
    for table in ("person", "snooze", "sighting", "assignment"):
        op.drop_table(table)
