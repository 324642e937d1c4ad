"""Endorsements of our own have a place in a status list, are kept wherever they were signed for, and can be revoked."""

from laurel.database.migrations.script import run

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Add what that takes; those that were signed before have no place."""
    run(
        """
        ALTER TABLE endorsement
            ADD COLUMN subject text NOT NULL DEFAULT '',
            ADD COLUMN status_list_id bigint,
            ADD COLUMN status_index integer,
            ADD COLUMN revoked_at timestamptz,
            ADD COLUMN revoke_reason text,
            ADD COLUMN removed_at timestamptz,
            ADD CONSTRAINT endorsement_place CHECK ((status_list_id IS NULL) = (status_index IS NULL)),
            DROP CONSTRAINT endorsement_kind_check,
            ADD CONSTRAINT endorsement_kind_check CHECK (kind IN ('issuer', 'achievement', 'credential', 'elsewhere')),
            DROP CONSTRAINT endorsement_check,
            ADD CONSTRAINT endorsement_check CHECK ((subject_id IS NULL) = (kind IN ('issuer', 'elsewhere'))),
            DROP CONSTRAINT endorsement_organisation_id_kind_subject_id_identity_key;
        CREATE UNIQUE INDEX endorsement_once ON endorsement (organisation_id, kind, subject_id, identity)
            NULLS NOT DISTINCT WHERE removed_at IS NULL;
        CREATE INDEX endorsement_revoked ON endorsement (organisation_id, status_list_id) WHERE revoked_at IS NOT NULL;
        COMMENT ON COLUMN endorsement.subject IS 'What it is of, by the id that the signed document names';
        COMMENT ON COLUMN endorsement.removed_at IS 'Put into nothing and shown to nobody any more; its place in the status list stays taken';
        """
    )
