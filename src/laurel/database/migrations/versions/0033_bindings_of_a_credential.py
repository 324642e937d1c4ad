"""Exchanges with wallets are found by their credential, to end them."""

from laurel.database.migrations.script import run

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Index them."""
    run("CREATE INDEX holder_binding_credential ON holder_binding (organisation_id, credential_id)")
