"""The SQL of API keys and of revoked app tokens. Decides nothing."""

from datetime import datetime, timedelta

from laurel.base.errors import Conflict
from laurel.base.ids import AccountId, ApiKeyId, DepartmentId, PersonId
from laurel.database.pool import Row, Transaction
from laurel.database.rows import add_row_once, insert_row_once
from laurel.domain.organisations.model import ApiKey

_KEY = """organisation_id, id, uid, name, scopes, department_id, acting_person_id, account_id, expires_at, revoked_at,
    replaced_by, last_used_at, created_at"""


def _key(row: Row) -> ApiKey:
    return ApiKey(**{**dict(row), "scopes": tuple(row["scopes"])})


async def insert(
    tx: Transaction,
    *,
    uid: str,
    name: str,
    secret_hmac: bytes,
    scopes: tuple[str, ...],
    department_id: DepartmentId | None,
    acting_person_id: PersonId | None,
    account_id: AccountId | None,
    expires_at: datetime | None,
    now: datetime,
) -> ApiKey:
    """Raises Conflict when a key with this uid exists."""
    values = {
        "uid": uid, "name": name, "secret_hmac": secret_hmac, "scopes": list(scopes), "department_id": department_id,
        "acting_person_id": acting_person_id, "account_id": account_id, "expires_at": expires_at, "created_at": now,
    }  # fmt: skip
    row = await insert_row_once(tx, "api_key", values, _KEY)
    if row is None:
        raise Conflict("there is a key with this id already", field="id", value=uid)
    return _key(row)


async def find_with_secret(tx: Transaction, uid: str) -> tuple[ApiKey, bytes] | None:
    """The key of this uid and the HMAC of its secret; in a public lookup, whoever owns it."""
    row = await tx.fetchrow(f"SELECT {_KEY}, secret_hmac FROM api_key WHERE uid = $1", uid)
    if row is None:
        return None
    values = dict(row)
    secret_hmac = values.pop("secret_hmac")
    return ApiKey(**{**values, "scopes": tuple(values["scopes"])}), secret_hmac


async def find(tx: Transaction, uid: str) -> ApiKey | None:
    """By uid."""
    row = await tx.fetchrow(
        f"SELECT {_KEY} FROM api_key WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid
    )
    return _key(row) if row else None


async def page(tx: Transaction, *, after: int, limit: int, department_id: DepartmentId | None = None) -> list[ApiKey]:
    """In the order they were made, revoked ones too; `department_id` for a caller that is bound to one."""
    rows = await tx.fetch(
        f"""
        SELECT {_KEY} FROM api_key
        WHERE organisation_id = $1 AND id > $2 AND ($4::bigint IS NULL OR department_id = $4) ORDER BY id LIMIT $3
        """,
        tx.organisation_id,
        after,
        limit,
        department_id,
    )
    return [_key(row) for row in rows]


async def revoke(tx: Transaction, key_id: ApiKeyId, now: datetime) -> ApiKey:
    """Idempotent: the first time stays."""
    row = await tx.fetchrow(
        f"""
        UPDATE api_key SET revoked_at = coalesce(revoked_at, $3)
        WHERE organisation_id = $1 AND id = $2 RETURNING {_KEY}
        """,
        tx.organisation_id,
        key_id,
        now,
    )
    assert row is not None  # noqa: S101 - the caller has found the key, and keys stay
    return _key(row)


async def replace(tx: Transaction, key_id: ApiKeyId, *, replaced_by: str, expires_at: datetime) -> bool:
    """Let a key run out at `expires_at` at the latest and name its successor; False when it has one already."""
    changed = await tx.execute(
        """
        UPDATE api_key SET replaced_by = $3, expires_at = least(coalesce(expires_at, $4), $4)
        WHERE organisation_id = $1 AND id = $2 AND replaced_by IS NULL AND revoked_at IS NULL
        """,
        tx.organisation_id,
        key_id,
        replaced_by,
        expires_at,
    )
    return changed == 1


async def touch(tx: Transaction, key_id: ApiKeyId, now: datetime, *, at_most_every: timedelta) -> None:
    """Note that the key is in use, unless that was noted within `at_most_every`."""
    await tx.execute(
        """
        UPDATE api_key SET last_used_at = $3
        WHERE organisation_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at <= $4)
        """,
        tx.organisation_id,
        key_id,
        now,
        now - at_most_every,
    )


async def insert_revoked_token(tx: Transaction, token_id: str, now: datetime) -> bool:
    """Note a token as revoked; False when it was already."""
    return await add_row_once(tx, "revoked_token", {"token_id": token_id, "revoked_at": now})


async def is_token_revoked(tx: Transaction, token_id: str) -> bool:
    """Whether a token was revoked."""
    return bool(
        await tx.fetchval(
            "SELECT true FROM revoked_token WHERE organisation_id = $1 AND token_id = $2", tx.organisation_id, token_id
        )
    )
