"""The participations in a challenge are listed, newest first."""

from laurel.database.migrations.script import run

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Create the index that the list is read by."""
    run("CREATE INDEX challenge_participation_newest ON challenge_participation (organisation_id, challenge_id, uid);")
