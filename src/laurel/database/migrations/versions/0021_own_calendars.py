"""Achievements may count periods in each person's own time zone; the zones that people were in before."""

from laurel.database.migrations.script import run

revision = "0021"
down_revision = "0020"

_CALENDAR = """
ALTER TABLE achievement ADD COLUMN calendar text NOT NULL DEFAULT 'organisation'
    CHECK (calendar IN ('organisation', 'person'));
"""

_PAST_ZONES = """
CREATE TABLE past_time_zone (
    organisation_id bigint NOT NULL REFERENCES organisation,
    person_id bigint NOT NULL,
    until timestamptz NOT NULL,
    time_zone text,
    PRIMARY KEY (organisation_id, person_id, until)
);
COMMENT ON COLUMN past_time_zone.until IS 'the first instant of the next zone; NULL as zone means that of the organisation';
"""


def upgrade() -> None:
    """Create them."""
    run(_CALENDAR)
    run(_PAST_ZONES)
