"""How a migration runs SQL: several plain statements in one go, on the driver's own connection."""

from alembic import context
from sqlalchemy import text
from sqlalchemy.util import await_only


def run(sql: str) -> None:
    """Run `sql` (any number of statements) inside the migration's transaction."""
    bind = context.config.attributes["connection"]
    bind.execute(text("SELECT 1"))  # opens the transaction that the next line joins
    await_only(bind.connection.driver_connection.execute(sql))
