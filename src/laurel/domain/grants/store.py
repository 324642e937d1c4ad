"""The SQL of grants, codes and tokens."""

from datetime import datetime

from laurel.database.pool import Transaction
from laurel.database.rows import add_row, add_row_once
from laurel.domain.grants.model import Application, Code, Consent, Grant, Token

_GRANT = ", ".join(Grant.__struct_fields__)
_CODE = ", ".join(Code.__struct_fields__)
_TOKEN = ", ".join(Token.__struct_fields__)


async def insert_grant(tx: Transaction, grant: Grant) -> None:
    """Keep a consent."""
    await add_row(tx, "oauth_grant", grant.columns())


async def lock_grant(tx: Transaction, uid: str) -> Grant | None:
    """The consent, locked: whatever is done with its codes and tokens happens one after the other."""
    row = await tx.fetchrow(
        f"SELECT {_GRANT} FROM oauth_grant WHERE organisation_id = $1 AND uid = $2 FOR UPDATE", tx.organisation_id, uid
    )
    return None if row is None else Grant.from_row(row)


_CONSENT = """
SELECT g.uid, p.uid AS person_uid, trim(concat_ws(' ', p.first_name, p.last_name)) AS person_name,
       encode(g.client_hash, 'hex') AS application, g.client_name, g.client_uri, g.scopes, g.created_at,
       (SELECT max(t.created_at) FROM oauth_token t
        WHERE t.organisation_id = $1 AND t.grant_uid = g.uid) AS used_at
FROM oauth_grant g JOIN person p ON p.organisation_id = $1 AND p.id = g.person_id
WHERE g.organisation_id = $1 AND g.revoked_at IS NULL
"""


async def consents(
    tx: Transaction, person_id: int | None, client_hash: bytes | None, before: tuple[datetime, str] | None, limit: int
) -> list[Consent]:
    """Consents that stand, the newest first."""
    rows = await tx.fetch(
        f"""
        {_CONSENT} AND ($2::bigint IS NULL OR g.person_id = $2) AND ($3::bytea IS NULL OR g.client_hash = $3)
          AND ($4::timestamptz IS NULL OR (g.created_at, g.uid) < ($4, $5::text))
        ORDER BY g.created_at DESC, g.uid DESC LIMIT $6
        """,
        tx.organisation_id,
        person_id,
        client_hash,
        *(before or (None, None)),
        limit,
    )
    return [Consent(**row) for row in rows]


async def consent(tx: Transaction, uid: str) -> Consent | None:
    """One that stands."""
    row = await tx.fetchrow(f"{_CONSENT} AND g.uid = $2", tx.organisation_id, uid)
    return None if row is None else Consent(**row)


async def applications(tx: Transaction, after: bytes, limit: int, *, only: bytes | None = None) -> list[Application]:
    """Applications that were ever consented to, by id; `consents` and `people` count what stands."""
    rows = await tx.fetch(
        """
        SELECT encode(g.client_hash, 'hex') AS id, max(g.client_name) AS name, max(g.client_uri) AS uri,
               count(*) FILTER (WHERE g.revoked_at IS NULL) AS consents,
               count(DISTINCT g.person_id) FILTER (WHERE g.revoked_at IS NULL) AS people,
               max(g.created_at) AS last_consent_at, max(b.barred_at) AS barred_at
        FROM oauth_grant g
        LEFT JOIN oauth_barred_application b ON b.organisation_id = $1 AND b.client_hash = g.client_hash
        WHERE g.organisation_id = $1 AND g.client_hash > $2 AND ($4::bytea IS NULL OR g.client_hash = $4)
        GROUP BY g.client_hash ORDER BY g.client_hash LIMIT $3
        """,
        tx.organisation_id,
        after,
        limit,
        only,
    )
    return [Application(**row) for row in rows]


async def bar(tx: Transaction, client_hash: bytes, now: datetime) -> None:
    """Take no consents to an application any more."""
    await add_row_once(tx, "oauth_barred_application", {"client_hash": client_hash, "barred_at": now})


async def admit(tx: Transaction, client_hash: bytes) -> None:
    """Undo `bar`."""
    await tx.execute(
        "DELETE FROM oauth_barred_application WHERE organisation_id = $1 AND client_hash = $2",
        tx.organisation_id,
        client_hash,
    )


async def is_barred(tx: Transaction, client_hash: bytes) -> bool:
    """Whether consents to an application are taken no more."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM oauth_barred_application WHERE organisation_id = $1 AND client_hash = $2)",
        tx.organisation_id,
        client_hash,
    )
    return found


async def revoke_grants_to(tx: Transaction, client_hash: bytes, now: datetime) -> int:
    """End all consents to an application and their tokens; how many consents."""
    rows = await tx.fetch(
        """
        UPDATE oauth_grant SET revoked_at = $3
        WHERE organisation_id = $1 AND client_hash = $2 AND revoked_at IS NULL RETURNING uid
        """,
        tx.organisation_id,
        client_hash,
        now,
    )
    await tx.execute(
        """
        UPDATE oauth_token SET ended_at = $3
        WHERE organisation_id = $1 AND grant_uid = ANY($2::text[]) AND ended_at IS NULL
        """,
        tx.organisation_id,
        [row["uid"] for row in rows],
        now,
    )
    return len(rows)


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
    await add_row(tx, "oauth_code", code.columns())


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
    await add_row(tx, "oauth_token", {**token.columns(), "created_at": now})


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
