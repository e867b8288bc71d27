"""which cards may be forgotten after their time"""

import sqlalchemy as sa
from alembic import op

revision = "0007_settled"
down_revision = "0006_pauses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "card",
        sa.Column("settled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(
        "ix_card_settled",
        "card",
        ["updated_at"],
        sqlite_where=sa.text("settled"),
        postgresql_where=sa.text("settled"),
    )
