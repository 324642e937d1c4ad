"""Exports of events since a time find their stretch of the table."""

from laurel.database.migrations.script import run

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add a block-range index, which costs next to nothing to keep."""
    run("CREATE INDEX event_recorded ON event USING brin (recorded_at) WITH (pages_per_range = 32)")
