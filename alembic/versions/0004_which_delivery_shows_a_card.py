"""which delivery shows a card"""

import sqlalchemy as sa
from alembic import op

revision = "0004_waiting"
down_revision = "0003_avatars"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("card_place", sa.Column("waiting", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("card_place", "waiting")
