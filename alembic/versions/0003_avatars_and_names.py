"""avatars, and what a room's name follows"""

import sqlalchemy as sa
from alembic import op

revision = "0003_avatars"
down_revision = "0002_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "avatar",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("mxc", sa.String(length=255), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_avatar")),
    )
    op.add_column("room", sa.Column("avatar", sa.String(length=32), nullable=True))
    op.add_column("room", sa.Column("customer", sa.String(length=255), nullable=True))
    op.add_column("room", sa.Column("named_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_room_customer"), "room", ["customer"])
