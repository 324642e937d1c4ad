"""A revision of every design, so that two editors notice each other."""

from laurel.database.migrations.script import run

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Add the column."""
    run("ALTER TABLE design ADD COLUMN revision bigint NOT NULL DEFAULT 1")
