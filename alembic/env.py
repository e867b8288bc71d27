"""How Alembic reaches the database: over the connection that `bridge.store.migrate` hands it."""

from alembic import context
from sqlalchemy import text

from bridge.store.tables import metadata

#: Any number; the same for everybody who migrates this database.
LOCK = 7_421_908_113

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # Two processes that start together: the second waits, and then finds nothing to do.
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
context.configure(connection=connection, target_metadata=metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
