"""Looking a credential up by its uid reads the index of uids alone, also before there are statistics of the table."""

from laurel.database.migrations.script import run

revision = "0031"
down_revision = "0030"

_FUNCTION = """
CREATE OR REPLACE FUNCTION public_credential(wanted text) RETURNS TABLE (
    organisation_id bigint, uid text, private boolean, access_key text, state text, expires_at timestamptz,
    revoke_reason text, log_number bigint, document text, token text, signed_at timestamptz)
LANGUAGE plpgsql AS $read$
BEGIN
    PERFORM set_config('laurel.public_uid', wanted, true);
    RETURN QUERY
        SELECT c.organisation_id, c.uid, c.private, c.access_key, c.state, c.expires_at, c.revoke_reason,
               c.log_number, s.document, s.token, s.signed_at
        FROM (SELECT * FROM credential k WHERE k.uid = wanted OFFSET 0) c
        LEFT JOIN signed_credential s
          ON s.organisation_id = c.organisation_id AND s.credential_id = c.id AND s.uid = wanted
        WHERE c.deleted_at IS NULL;
END $read$;
"""
"""OFFSET 0 keeps the last condition out of the choice of an index."""


def upgrade() -> None:
    """Replace it."""
    run(_FUNCTION)
