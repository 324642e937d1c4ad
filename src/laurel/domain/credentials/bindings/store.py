"""The SQL of exchanges in which a credential is bound to a wallet. Decides nothing."""

from datetime import datetime

from laurel.base.ids import CredentialId
from laurel.base.limits import HOLDER_BINDINGS_OPEN_MAX
from laurel.database.pool import Transaction
from laurel.database.rows import add_row
from laurel.domain.credentials.model import HolderBinding

_BINDING = ", ".join(HolderBinding.__struct_fields__)


async def insert(tx: Transaction, binding: HolderBinding, now: datetime) -> None:
    """Keep an exchange; forget those of the organisation that ran out, and of too many for one credential those that
    would end first.
    """
    await tx.execute(
        "DELETE FROM holder_binding WHERE organisation_id = $1 AND expires_at < $2", tx.organisation_id, now
    )
    await add_row(tx, "holder_binding", binding.columns())
    await tx.execute(
        """
        DELETE FROM holder_binding WHERE organisation_id = $1 AND uid IN (
            SELECT uid FROM holder_binding WHERE organisation_id = $1 AND credential_id = $2
            ORDER BY expires_at DESC, uid DESC OFFSET $3)
        """,
        tx.organisation_id,
        binding.credential_id,
        HOLDER_BINDINGS_OPEN_MAX,
    )


async def find_own(tx: Transaction, credential_id: CredentialId, uid: str) -> HolderBinding | None:
    """An exchange of one credential."""
    row = await tx.fetchrow(
        f"SELECT {_BINDING} FROM holder_binding WHERE organisation_id = $1 AND credential_id = $2 AND uid = $3",
        tx.organisation_id,
        credential_id,
        uid,
    )
    return None if row is None else HolderBinding.from_row(row)


async def end_all(tx: Transaction, credential_id: CredentialId) -> None:
    """End every exchange of a credential."""
    await tx.execute(
        "DELETE FROM holder_binding WHERE organisation_id = $1 AND credential_id = $2",
        tx.organisation_id,
        credential_id,
    )


async def find(tx: Transaction, uid: str) -> HolderBinding | None:
    """An exchange by its uid, whoever offers it; for a transaction of `Database.public_lookup`."""
    row = await tx.fetchrow(f"SELECT {_BINDING} FROM holder_binding WHERE uid = $1", uid)
    return None if row is None else HolderBinding.from_row(row)


async def use(tx: Transaction, uid: str, now: datetime) -> bool:
    """Spend an exchange; of two at once one wins."""
    return bool(
        await tx.execute(
            """
            UPDATE holder_binding SET bound_at = $3
            WHERE organisation_id = $1 AND uid = $2 AND bound_at IS NULL AND expires_at > $3
            """,
            tx.organisation_id,
            uid,
            now,
        )
    )
