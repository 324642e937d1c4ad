"""What was given of a reward is listed newest first."""

from laurel.database.migrations.script import run

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the index that the list follows."""
    run("CREATE INDEX reward_grant_newest ON reward_grant (organisation_id, reward_id, id)")
