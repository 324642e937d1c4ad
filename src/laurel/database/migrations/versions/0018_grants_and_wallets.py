"""OAuth consents with their codes and tokens, credentials of others that people keep here, two more kinds of signature."""

from laurel.database.migrations.script import run

revision = "0018"
down_revision = "0017"

_GRANTS = """
CREATE TABLE oauth_grant (
    organisation_id bigint NOT NULL REFERENCES organisation,
    uid text NOT NULL,
    person_id bigint NOT NULL,
    client_hash bytea NOT NULL,
    client_name text NOT NULL,
    client_uri text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (organisation_id, uid)
);
CREATE INDEX oauth_grant_person ON oauth_grant (organisation_id, person_id);

CREATE TABLE oauth_code (
    organisation_id bigint NOT NULL,
    uid text NOT NULL,
    grant_uid text NOT NULL,
    secret_hash bytea NOT NULL,
    redirect_uri text NOT NULL,
    challenge text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (organisation_id, uid),
    FOREIGN KEY (organisation_id, grant_uid) REFERENCES oauth_grant ON DELETE CASCADE
);
CREATE UNIQUE INDEX oauth_code_public ON oauth_code (uid);

CREATE TABLE oauth_token (
    organisation_id bigint NOT NULL,
    uid text NOT NULL,
    grant_uid text NOT NULL,
    person_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('access', 'refresh')),
    secret_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, uid),
    FOREIGN KEY (organisation_id, grant_uid) REFERENCES oauth_grant ON DELETE CASCADE
);
CREATE UNIQUE INDEX oauth_token_public ON oauth_token (uid);
CREATE INDEX oauth_token_grant ON oauth_token (organisation_id, grant_uid, expires_at);
"""

_WALLETS = """
CREATE TABLE held_credential (
    organisation_id bigint NOT NULL REFERENCES organisation,
    person_id bigint NOT NULL,
    uid text NOT NULL,
    identity bytea NOT NULL,
    name text NOT NULL,
    issuer text NOT NULL,
    standard text NOT NULL,
    token boolean NOT NULL,
    content text NOT NULL,
    valid_from timestamptz NOT NULL,
    verified_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, person_id, uid),
    UNIQUE (organisation_id, person_id, identity)
);
COMMENT ON COLUMN held_credential.identity IS 'SHA-256 of id and issuer, which together name a credential';
"""

_SIGNATURES = """
ALTER TABLE signature DROP CONSTRAINT signature_kind_check;
ALTER TABLE signature ADD CONSTRAINT signature_kind_check
    CHECK (kind IN ('credential', 'token', 'status-list', 'checkpoint', 'endorsement', 'record', 'given'));
"""


def upgrade() -> None:
    """Create them."""
    run(_GRANTS)
    run(_WALLETS)
    run(_SIGNATURES)
