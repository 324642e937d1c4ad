"""Which credentials of other products were taken over."""

from laurel.database.migrations.script import run

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the table."""
    run(
        """
        CREATE TABLE imported_credential (
            organisation_id bigint NOT NULL,
            origin text NOT NULL,
            origin_id text NOT NULL,
            imported_at timestamptz NOT NULL,
            PRIMARY KEY (organisation_id, origin, origin_id)
        )
        """
    )
