"""Levels inside achievements: each is an award of its own."""

from laurel.database.migrations.script import run

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Add them."""
    run("ALTER TABLE achievement ADD COLUMN levels jsonb; ALTER TABLE award ADD COLUMN level smallint;")
