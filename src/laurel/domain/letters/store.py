"""The SQL of letters: which were sent, and which credentials are about to expire."""

from datetime import datetime

from laurel.base.ids import CredentialId, OrganisationId
from laurel.database.pool import Transaction


async def note_sent(tx: Transaction, credential_id: CredentialId, kind: str, now: datetime) -> bool:
    """Note that a letter is sent; False when it was before. The table's key decides."""
    return bool(
        await tx.execute(
            """
            INSERT INTO letter (organisation_id, credential_id, kind, sent_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING
            """,
            tx.organisation_id,
            credential_id,
            kind,
            now,
        )
    )


async def expiring(
    tx: Transaction, kind: str, after: datetime, until: datetime, limit: int
) -> list[tuple[OrganisationId, CredentialId]]:
    """Credentials of every organisation that expire between two instants and have had no letter of this kind."""
    rows = await tx.fetch(
        """
        SELECT c.organisation_id, c.id FROM credential c
        WHERE c.expires_at >= $2 AND c.expires_at < $3 AND c.state <> 'revoked' AND c.deleted_at IS NULL
          AND c.published_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM letter l WHERE l.organisation_id = c.organisation_id
                          AND l.credential_id = c.id AND l.kind = $1)
        ORDER BY c.organisation_id, c.id LIMIT $4
        """,
        kind,
        after,
        until,
        limit,
    )
    return [(row["organisation_id"], row["id"]) for row in rows]
