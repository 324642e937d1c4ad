"""Accounts are invited by letter: the number of the one link that is open, and when it was made."""

from laurel.database.migrations.script import run

revision = "0039"
down_revision = "0038"

_INVITATIONS = """
ALTER TABLE account ADD COLUMN invitation text, ADD COLUMN invited_at timestamptz;
COMMENT ON COLUMN account.invitation IS 'the number of the link by which somebody may choose their password; null when there is none';
"""


def upgrade() -> None:
    """Add the columns."""
    run(_INVITATIONS)
