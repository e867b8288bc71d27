"""a bot's token is not kept in the store"""

from alembic import op

revision = "0005_no_token"
down_revision = "0004_waiting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A session that is still there is replaced by the next log-in, with the same device.
    op.execute("DELETE FROM matrix_session WHERE since IS NULL")
    op.drop_column("matrix_session", "token")
    op.drop_column("matrix_session", "device")
