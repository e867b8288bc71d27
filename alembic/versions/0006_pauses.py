"""pauses of lanes"""

import sqlalchemy as sa
from alembic import op

revision = "0006_pauses"
down_revision = "0005_no_token"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lane", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("lane", "paused_at")
