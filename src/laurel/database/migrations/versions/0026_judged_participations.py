"""Whether a participation met its action's criteria, what was said about it, and which round of the challenge it was in."""

from laurel.database.migrations.script import run

revision = "0026"
down_revision = "0025"

_JUDGED = """
ALTER TABLE challenge_participation
    ADD COLUMN round integer NOT NULL DEFAULT 0,
    ADD COLUMN met boolean NOT NULL DEFAULT true,
    ADD COLUMN remark text NOT NULL DEFAULT '';
COMMENT ON COLUMN challenge_participation.round IS 'how often the person had completed the challenge by then';
"""


def upgrade() -> None:
    """Add the columns."""
    run(_JUDGED)
