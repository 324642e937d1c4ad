"""The SQL of grants, codes and tokens."""

from datetime import datetime

from laurel.database.pool import Transaction
from laurel.domain.grants.model import Code, Grant, Token

_GRANT = ", ".join(Grant.__struct_fields__)
_CODE = ", ".join(Code.__struct_fields__)
_TOKEN = ", ".join(Token.__struct_fields__)


async def insert_grant(tx: Transaction, grant: Grant) -> None:
    """Keep a consent."""
    await tx.execute(
        """
        INSERT INTO oauth_grant (organisation_id, uid, person_id, client_hash, client_name, client_uri, scopes, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        tx.organisation_id,
        grant.uid,
        grant.person_id,
        grant.client_hash,
        grant.client_name,
        grant.client_uri,
        grant.scopes,
        grant.created_at,
    )


async def lock_grant(tx: Transaction, uid: str) -> Grant | None:
    """The consent, locked: whatever is done with its codes and tokens happens one after the other."""
    row = await tx.fetchrow(
        f"SELECT {_GRANT} FROM oauth_grant WHERE organisation_id = $1 AND uid = $2 FOR UPDATE", tx.organisation_id, uid
    )
    return None if row is None else Grant.from_row(row)


async def grants_of_person(tx: Transaction, person_id: int, limit: int) -> list[Grant]:
    """The consents of a person that stand, the newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {_GRANT} FROM oauth_grant
        WHERE organisation_id = $1 AND person_id = $2 AND revoked_at IS NULL ORDER BY uid DESC LIMIT $3
        """,
        tx.organisation_id,
        person_id,
        limit,
    )
    return [Grant.from_row(row) for row in rows]


async def revoke_grant(tx: Transaction, uid: str, now: datetime) -> None:
    """End a consent and all its tokens."""
    await tx.execute(
        "UPDATE oauth_grant SET revoked_at = $3 WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid, now
    )
    await tx.execute(
        """
        UPDATE oauth_token SET ended_at = $3 WHERE organisation_id = $1 AND grant_uid = $2 AND ended_at IS NULL
        """,
        tx.organisation_id,
        uid,
        now,
    )


async def insert_code(tx: Transaction, code: Code) -> None:
    """Keep a code, and forget the person's old ones."""
    await tx.execute(
        """
        INSERT INTO oauth_code (organisation_id, uid, grant_uid, secret_hash, redirect_uri, challenge, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        tx.organisation_id,
        code.uid,
        code.grant_uid,
        code.secret_hash,
        code.redirect_uri,
        code.challenge,
        code.expires_at,
    )


async def find_code(tx: Transaction, uid: str) -> Code | None:
    """A code by its uid; also for a transaction of `Database.public_lookup`."""
    row = await tx.fetchrow(f"SELECT {_CODE} FROM oauth_code WHERE uid = $1", uid)
    return None if row is None else Code.from_row(row)


async def use_code(tx: Transaction, uid: str, now: datetime) -> None:
    """Note that a code was used."""
    await tx.execute(
        "UPDATE oauth_code SET used_at = $3 WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid, now
    )


async def insert_token(tx: Transaction, token: Token, now: datetime) -> None:
    """Keep a token."""
    await tx.execute(
        """
        INSERT INTO oauth_token
            (organisation_id, uid, grant_uid, person_id, kind, secret_hash, scopes, expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        tx.organisation_id,
        token.uid,
        token.grant_uid,
        token.person_id,
        token.kind,
        token.secret_hash,
        token.scopes,
        token.expires_at,
        now,
    )


async def find_token(tx: Transaction, uid: str) -> Token | None:
    """A token by its uid; also for a transaction of `Database.public_lookup`."""
    row = await tx.fetchrow(f"SELECT {_TOKEN} FROM oauth_token WHERE uid = $1", uid)
    return None if row is None else Token.from_row(row)


async def end_token(tx: Transaction, uid: str, now: datetime) -> None:
    """End one token."""
    await tx.execute(
        "UPDATE oauth_token SET ended_at = $3 WHERE organisation_id = $1 AND uid = $2 AND ended_at IS NULL",
        tx.organisation_id,
        uid,
        now,
    )


async def forget_tokens(tx: Transaction, grant_uid: str, before: datetime) -> None:
    """Remove tokens of a grant that ran out before."""
    await tx.execute(
        "DELETE FROM oauth_token WHERE organisation_id = $1 AND grant_uid = $2 AND expires_at < $3",
        tx.organisation_id,
        grant_uid,
        before,
    )
