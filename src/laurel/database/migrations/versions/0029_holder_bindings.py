"""The DID to which a credential is bound, and the exchanges in which wallets prove theirs."""

from laurel.database.migrations.script import run

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Add them."""
    run(
        """
        ALTER TABLE credential ADD COLUMN holder text;
        COMMENT ON COLUMN credential.holder IS 'The DID of its subject, where a wallet has proved that it is the person''s';

        CREATE TABLE holder_binding (
            organisation_id bigint NOT NULL REFERENCES organisation,
            uid text NOT NULL,
            credential_id bigint NOT NULL,
            secret_hash bytea NOT NULL,
            challenge text NOT NULL,
            expires_at timestamptz NOT NULL,
            bound_at timestamptz,
            PRIMARY KEY (organisation_id, uid)
        );
        CREATE UNIQUE INDEX holder_binding_public ON holder_binding (uid);
        CREATE INDEX holder_binding_end ON holder_binding (organisation_id, expires_at);
        """
    )
