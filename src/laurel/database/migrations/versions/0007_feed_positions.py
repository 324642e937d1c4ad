"""The award feed: its index holds the active awards alone, and readers' positions in it are remembered."""

from laurel.database.migrations.script import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Narrow the index; create the table (unlogged: losing positions costs time only)."""
    run(
        """
        DROP INDEX award_feed;
        CREATE INDEX award_feed ON award (organisation_id, awarded_at DESC, id DESC) WHERE state = 'active';
        CREATE UNLOGGED TABLE feed_position (
            organisation_id bigint NOT NULL,
            reader text NOT NULL,
            start bigint NOT NULL,
            at timestamptz,
            award_id bigint,
            reached_at timestamptz NOT NULL,
            PRIMARY KEY (organisation_id, reader, start)
        );
        """
    )
