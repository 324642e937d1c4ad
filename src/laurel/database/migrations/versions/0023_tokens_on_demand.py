"""Tokens are made when they are first asked for; documents lie in their rows, where one read finds them."""

from laurel.database.migrations.script import run

revision = "0023"
down_revision = "0022"

_LAID_OUT = """
ALTER TABLE signed_credential ALTER token DROP NOT NULL, ALTER token_key_id DROP NOT NULL;
ALTER TABLE signed_credential SET (toast_tuple_target = 8160);
"""


def upgrade() -> None:
    """Tokens that were made stay."""
    run(_LAID_OUT)
