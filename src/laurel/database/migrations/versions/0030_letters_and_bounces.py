"""An organisation's own words for its letters, numbers of letters on their way, and addresses that take none."""

from laurel.database.migrations.script import run

revision = "0030"
down_revision = "0029"

_LETTERS = """
CREATE TABLE letter_template (
    organisation_id bigint NOT NULL REFERENCES organisation,
    kind text NOT NULL CHECK (kind IN ('issued', 'expiring', 'link')),
    language text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, kind, language)
);

CREATE TABLE sent_letter (
    organisation_id bigint NOT NULL REFERENCES organisation,
    uid text NOT NULL,
    person_id bigint NOT NULL,
    address_hmac bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, uid)
);
CREATE UNIQUE INDEX sent_letter_number ON sent_letter (uid);
CREATE INDEX sent_letter_person ON sent_letter (organisation_id, person_id);
CREATE INDEX sent_letter_age ON sent_letter (sent_at);

CREATE TABLE bounce (
    organisation_id bigint NOT NULL REFERENCES organisation,
    address text NOT NULL,
    source text NOT NULL CHECK (source IN ('refused', 'reported')),
    status text NOT NULL,
    diagnostic text NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, address)
);
"""


def upgrade() -> None:
    """Create the tables."""
    run(_LETTERS)
