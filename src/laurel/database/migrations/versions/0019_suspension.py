"""Credentials that are suspended for a while, and the signed lists that say which."""

from laurel.database.migrations.script import run

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add them."""
    run(
        """
        ALTER TABLE credential
            ADD COLUMN suspended_at timestamptz, ADD COLUMN suspended_until timestamptz, ADD COLUMN suspend_reason text,
            ADD CONSTRAINT credential_suspension CHECK (
                suspended_at IS NOT NULL OR (suspended_until IS NULL AND suspend_reason IS NULL));
        CREATE INDEX credential_suspended ON credential (organisation_id, status_list_id, suspended_until)
            WHERE suspended_at IS NOT NULL;

        CREATE TABLE suspension_list (
            organisation_id bigint NOT NULL,
            status_list_id bigint NOT NULL,
            version bigint NOT NULL DEFAULT 1,
            signed_version bigint NOT NULL DEFAULT 0,
            valid_until timestamptz,
            changes_at timestamptz,
            document text,
            PRIMARY KEY (organisation_id, status_list_id),
            FOREIGN KEY (organisation_id, status_list_id) REFERENCES status_list
        );
        COMMENT ON TABLE suspension_list IS 'The same places as in the status list it belongs to, for another purpose';
        """
    )
