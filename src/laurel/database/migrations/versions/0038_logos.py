"""Logos of organisations: the pictures themselves, in two sizes, and what became of fetching one."""

from laurel.database.migrations.script import run

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Add them."""
    run(
        """
        ALTER TABLE organisation ADD COLUMN logo text;
        COMMENT ON COLUMN organisation.logo IS 'Hash of its logo, which stands in the table of that name; null: there is none';

        CREATE TABLE logo (
            organisation_id bigint PRIMARY KEY REFERENCES organisation ON DELETE CASCADE,
            name text,
            content bytea,
            media_type text,
            width integer,
            height integer,
            small bytea,
            small_media_type text,
            address text,
            wanted text,
            refusal text,
            updated_at timestamptz NOT NULL,
            CHECK ((name IS NULL) = (content IS NULL) AND (name IS NULL) = (small IS NULL))
        );
        """
    )
