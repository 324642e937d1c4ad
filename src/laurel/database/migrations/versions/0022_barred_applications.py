"""Applications that an organisation does not admit any more, and a way to find the consents to one."""

from laurel.database.migrations.script import run

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Create them."""
    run(
        """
        CREATE TABLE oauth_barred_application (
            organisation_id bigint NOT NULL REFERENCES organisation,
            client_hash bytea NOT NULL,
            barred_at timestamptz NOT NULL,
            PRIMARY KEY (organisation_id, client_hash)
        );
        CREATE INDEX oauth_grant_application ON oauth_grant (organisation_id, client_hash);
        CREATE INDEX oauth_grant_newest ON oauth_grant (organisation_id, created_at, uid) WHERE revoked_at IS NULL;
        """
    )
