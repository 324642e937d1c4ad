"""The SQL of letters: which were sent, in whose words, what is about to expire, and which addresses take none."""

from datetime import datetime

from laurel.base.ids import CredentialId, OrganisationId
from laurel.database.pool import Transaction
from laurel.database.rows import add_row, add_row_once, put_row
from laurel.domain.letters.model import Bounce, LetterTemplate, SentLetter

_TEMPLATE = ", ".join(LetterTemplate.__struct_fields__)
_SENT = ", ".join(SentLetter.__struct_fields__)
_BOUNCE = ", ".join(Bounce.__struct_fields__)


async def note_sent(tx: Transaction, credential_id: CredentialId, kind: str, now: datetime) -> bool:
    """Note that a letter is sent; False when it was before. The table's key decides."""
    return await add_row_once(tx, "letter", {"credential_id": credential_id, "kind": kind, "sent_at": now})


async def expiring(
    tx: Transaction, kind: str, after: datetime, until: datetime, limit: int
) -> list[tuple[OrganisationId, CredentialId]]:
    """Credentials of every organisation that expire between two instants and have had no letter of this kind."""
    rows = await tx.fetch(
        """
        SELECT c.organisation_id, c.id FROM credential c
        WHERE c.expires_at >= $2 AND c.expires_at < $3 AND c.revoked_at IS NULL AND c.deleted_at IS NULL
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


# ----------------------------------------------------------------------------------------------------------- templates
async def template(tx: Transaction, kind: str, language: str) -> LetterTemplate | None:
    """The organisation's own words for a kind in a language."""
    row = await tx.fetchrow(
        f"SELECT {_TEMPLATE} FROM letter_template WHERE organisation_id = $1 AND kind = $2 AND language = $3",
        tx.organisation_id,
        kind,
        language,
    )
    return None if row is None else LetterTemplate.from_row(row)


async def templates(tx: Transaction) -> list[LetterTemplate]:
    """All of the organisation's own words: at most one a kind and language."""
    rows = await tx.fetch(
        f"SELECT {_TEMPLATE} FROM letter_template WHERE organisation_id = $1 ORDER BY kind, language",
        tx.organisation_id,
    )
    return [LetterTemplate.from_row(row) for row in rows]


async def put_template(tx: Transaction, one: LetterTemplate) -> None:
    """Set the words of a kind in a language."""
    values = one.columns()
    key = {name: values.pop(name) for name in ("kind", "language")}
    await put_row(tx, "letter_template", key, values)


async def delete_template(tx: Transaction, kind: str, language: str) -> bool:
    """Forget the words of a kind in a language; False when there were none."""
    return bool(
        await tx.execute(
            "DELETE FROM letter_template WHERE organisation_id = $1 AND kind = $2 AND language = $3",
            tx.organisation_id,
            kind,
            language,
        )
    )


# ------------------------------------------------------------------------------------------------------------- bounces
async def insert_sent(tx: Transaction, sent: SentLetter) -> None:
    """Note the number of a letter that is sent."""
    await add_row(tx, "sent_letter", sent.columns())


async def find_sent(tx: Transaction, uid: str) -> SentLetter | None:
    """The letter with this number; in a public lookup, whichever organisation sent it."""
    row = await tx.fetchrow(f"SELECT {_SENT} FROM sent_letter WHERE uid = $1", uid)
    return None if row is None else SentLetter.from_row(row)


async def forget_sent(tx: Transaction, before: datetime) -> int:
    """Forget the numbers of letters sent before, of every organisation; how many."""
    return await tx.execute("DELETE FROM sent_letter WHERE sent_at < $1", before)


async def put_bounce(tx: Transaction, bounce: Bounce) -> None:
    """Note that an address takes no letters; the newest reason stands."""
    values = bounce.columns()
    await put_row(tx, "bounce", {"address": values.pop("address")}, values)


async def find_bounce(tx: Transaction, address: str) -> Bounce | None:
    """Why an address takes no letters; None when it does."""
    row = await tx.fetchrow(
        f"SELECT {_BOUNCE} FROM bounce WHERE organisation_id = $1 AND address = $2", tx.organisation_id, address
    )
    return None if row is None else Bounce.from_row(row)


async def bounces(tx: Transaction, *, after: str, limit: int) -> list[Bounce]:
    """Addresses that take no letters, in the order of the alphabet."""
    rows = await tx.fetch(
        f"SELECT {_BOUNCE} FROM bounce WHERE organisation_id = $1 AND address > $2 ORDER BY address LIMIT $3",
        tx.organisation_id,
        after,
        limit,
    )
    return [Bounce.from_row(row) for row in rows]


async def delete_bounce(tx: Transaction, address: str) -> bool:
    """Let letters go to an address again; False when they did."""
    return bool(
        await tx.execute("DELETE FROM bounce WHERE organisation_id = $1 AND address = $2", tx.organisation_id, address)
    )
