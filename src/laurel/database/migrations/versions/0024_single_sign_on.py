"""Identity providers of organisations, sign-ins under way, and who an account is at the provider."""

from laurel.database.migrations.script import run

revision = "0024"
down_revision = "0023"

_SINGLE_SIGN_ON = """
CREATE TABLE identity_provider (
    organisation_id bigint PRIMARY KEY REFERENCES organisation,
    name text NOT NULL DEFAULT '',
    issuer text NOT NULL,
    client_id text NOT NULL,
    client_secret bytea,
    domains text[] NOT NULL DEFAULT '{}',
    creates_accounts boolean NOT NULL DEFAULT false,
    default_role text NOT NULL DEFAULT 'viewer' CHECK (default_role IN ('viewer', 'moderator', 'manager', 'admin')),
    trusts_addresses boolean NOT NULL DEFAULT false,
    leave_address text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX identity_provider_domains ON identity_provider USING gin (domains);
COMMENT ON COLUMN identity_provider.client_secret IS 'sealed with the master key';

CREATE TABLE sign_in_attempt (
    organisation_id bigint NOT NULL REFERENCES organisation,
    uid text NOT NULL,
    browser_hmac bytea NOT NULL,
    issuer text NOT NULL,
    next_address text NOT NULL,
    kept text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, uid)
);
CREATE UNIQUE INDEX sign_in_attempt_state ON sign_in_attempt (uid);

CREATE TABLE account_identity (
    organisation_id bigint NOT NULL REFERENCES organisation,
    issuer text NOT NULL,
    subject text NOT NULL,
    account_id bigint NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, issuer, subject),
    UNIQUE (organisation_id, account_id, issuer),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account
);
"""


def upgrade() -> None:
    """Create the tables."""
    run(_SINGLE_SIGN_ON)
