"""Signing a credential changes no index of its table: what waits stands in a table of its own, and conditions name other columns.

An update that touches no indexed column, with room left on the page, writes one row; one that does writes to every index.
"""

from laurel.database.migrations.script import run

revision = "0037"
down_revision = "0036"

_INDEXES = """
ALTER TABLE credential SET (fillfactor = 45);
ALTER TABLE credential ADD CONSTRAINT credential_revocation CHECK ((state = 'revoked') = (revoked_at IS NOT NULL));
DROP INDEX credential_waiting, credential_listed_as_revoked, credential_running_out, credential_expiry, credential_suspended;
CREATE INDEX credential_revoked ON credential (organisation_id, revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX credential_suspended ON credential (organisation_id, suspended_until) WHERE suspended_at IS NOT NULL;
CREATE INDEX credential_running_out ON credential (organisation_id, expires_at)
    WHERE expires_at IS NOT NULL AND expiry_told_at IS NULL AND revoked_at IS NULL AND deleted_at IS NULL;
CREATE INDEX credential_expiry ON credential (expires_at) WHERE expires_at IS NOT NULL AND revoked_at IS NULL;
"""

_QUEUE = """
CREATE TABLE waiting_credential (
    organisation_id bigint NOT NULL,
    credential_id bigint NOT NULL,
    has_place boolean NOT NULL,
    PRIMARY KEY (organisation_id, credential_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE waiting_credential IS 'What is to be signed. Kept by the triggers of credential alone';

CREATE FUNCTION waits_to_be_signed(c credential) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT c.state = 'intended' AND c.published_at IS NOT NULL AND c.deleted_at IS NULL AND c.refusal IS NULL
$$;

CREATE FUNCTION queue_new_credentials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO waiting_credential (organisation_id, credential_id, has_place)
    SELECT n.organisation_id, n.id, n.status_list_id IS NOT NULL FROM new_credentials n WHERE waits_to_be_signed(n);
    RETURN NULL;
END $$;
CREATE TRIGGER queue_new_credentials AFTER INSERT ON credential REFERENCING NEW TABLE AS new_credentials
FOR EACH STATEMENT EXECUTE FUNCTION queue_new_credentials();

CREATE FUNCTION queue_credential() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF waits_to_be_signed(NEW) THEN
        INSERT INTO waiting_credential (organisation_id, credential_id, has_place)
        VALUES (NEW.organisation_id, NEW.id, NEW.status_list_id IS NOT NULL);
    ELSE
        DELETE FROM waiting_credential WHERE organisation_id = NEW.organisation_id AND credential_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER queue_credential AFTER UPDATE OF state, published_at, deleted_at, refusal ON credential
FOR EACH ROW WHEN (waits_to_be_signed(OLD) IS DISTINCT FROM waits_to_be_signed(NEW)) EXECUTE FUNCTION queue_credential();

INSERT INTO waiting_credential (organisation_id, credential_id, has_place)
SELECT c.organisation_id, c.id, c.status_list_id IS NOT NULL FROM credential c WHERE waits_to_be_signed(c);
"""


def upgrade() -> None:
    """Change the indexes and fill the queue."""
    run(_INDEXES + _QUEUE)
