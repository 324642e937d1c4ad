"""Which letters were sent about which credential."""

from laurel.database.migrations.script import run

revision = "0017"
down_revision = "0016"

_LETTERS = """
CREATE TABLE letter (
    organisation_id bigint NOT NULL REFERENCES organisation,
    credential_id bigint NOT NULL,
    kind text NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, credential_id, kind)
);
CREATE INDEX credential_expiry ON credential (expires_at) WHERE expires_at IS NOT NULL AND state <> 'revoked';
"""


def upgrade() -> None:
    """Create the table, and the index that reminders read."""
    run(_LETTERS)
