"""The time zones that an organisation has left: what happened then belongs to the days of then."""

from laurel.database.migrations.script import run

revision = "0040"
down_revision = "0039"

_PAST_ZONES = """
CREATE TABLE organisation_past_zone (
    organisation_id bigint NOT NULL REFERENCES organisation,
    until timestamptz NOT NULL,
    time_zone text NOT NULL,
    PRIMARY KEY (organisation_id, until)
);
COMMENT ON COLUMN organisation_past_zone.until IS 'the first instant of the next zone';
"""


def upgrade() -> None:
    """Create the table."""
    run(_PAST_ZONES)
