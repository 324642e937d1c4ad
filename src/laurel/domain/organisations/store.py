"""The SQL of organisations, departments, accounts, API keys and the audit trail. Decides nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from laurel.base.errors import Conflict
from laurel.base.ids import AccountId, ApiKeyId, DepartmentId, PersonId, new_uid
from laurel.database.pool import Row, Transaction
from laurel.database.rows import add_row, add_row_once, insert_row, update_row, update_rows
from laurel.database.slices import Slice, page_of
from laurel.domain.organisations.model import Account, ApiKey, AuditEntry, Department, Organisation

_ORGANISATION = """organisation_id AS id, uid, slug, name, description, url, email, image, time_zone, language, settings,
    created_at, updated_at"""
_DEPARTMENT = "id, uid, name, slug, description, url, image, is_default, details, created_at, updated_at"
_ACCOUNT = """id, uid, email, name, role, password_hash IS NOT NULL AS has_password, details,
    created_at, updated_at"""
_KEY = """organisation_id, id, uid, name, scopes, department_id, acting_person_id, account_id, expires_at, revoked_at,
    replaced_by, last_used_at, created_at"""
_BOOTSTRAP_LOCK = 0x1A0E_E2  # any constant: one first start at a time per database


def _key(row: Row) -> ApiKey:
    return ApiKey(**{**dict(row), "scopes": tuple(row["scopes"])})


# ------------------------------------------------------------------------------------------------------ organisations
async def lock_first_start(tx: Transaction) -> None:
    """Wait until no other process prepares this database; held until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _BOOTSTRAP_LOCK)


async def oldest_organisation(tx: Transaction) -> Organisation | None:
    """The first organisation of the database, for start-up."""
    row = await tx.fetchrow(
        f"SELECT {_ORGANISATION} FROM organisation WHERE deleted_at IS NULL ORDER BY organisation_id LIMIT 1"
    )
    return Organisation(**row) if row else None


async def organisations(tx: Transaction) -> list[Organisation]:
    """All organisations, for the command line (needs a transaction across organisations)."""
    rows = await tx.fetch(f"SELECT {_ORGANISATION} FROM organisation WHERE deleted_at IS NULL ORDER BY organisation_id")
    return [Organisation(**row) for row in rows]


async def organisation_by_slug_or_uid(tx: Transaction, text: str) -> Organisation | None:
    """For the command line (needs a transaction across organisations)."""
    row = await tx.fetchrow(
        f"SELECT {_ORGANISATION} FROM organisation WHERE (slug = $1 OR uid = $1) AND deleted_at IS NULL", text
    )
    return Organisation(**row) if row else None


async def insert_organisation(
    tx: Transaction, *, slug: str, name: str, time_zone: str, language: str, email: str | None, now: datetime
) -> Organisation:
    """Needs a transaction across organisations. Raises Conflict when the slug is taken."""
    try:
        row = await tx.fetchrow(
            f"""
            INSERT INTO organisation (uid, slug, name, time_zone, language, email, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING {_ORGANISATION}
            """,
            new_uid(),
            slug,
            name,
            time_zone,
            language,
            email,
            now,
        )
    except asyncpg.UniqueViolationError as taken:
        raise Conflict(f"there is an organisation with the slug {slug} already", field="slug", value=slug) from taken
    return Organisation(**_found(row))


async def organisation(tx: Transaction) -> Organisation:
    """The transaction's own organisation."""
    row = await tx.fetchrow(f"SELECT {_ORGANISATION} FROM organisation WHERE organisation_id = $1", tx.organisation_id)
    return Organisation(**_found(row))


async def organisation_by_uid(tx: Transaction, uid: str) -> Organisation | None:
    """By uid; in a public lookup, whichever it is."""
    row = await tx.fetchrow(f"SELECT {_ORGANISATION} FROM organisation WHERE uid = $1 AND deleted_at IS NULL", uid)
    return Organisation(**row) if row else None


async def lock_organisation(tx: Transaction) -> Organisation:
    """The transaction's own organisation, locked until the transaction ends."""
    row = await tx.fetchrow(
        f"SELECT {_ORGANISATION} FROM organisation WHERE organisation_id = $1 FOR UPDATE", tx.organisation_id
    )
    return Organisation(**_found(row))


async def update_organisation(tx: Transaction, changes: dict[str, Any], now: datetime) -> Organisation:
    """Set the columns named in `changes` (names come from our own wire types, never from outside)."""
    return Organisation(**await update_row(tx, "organisation", {}, {**changes, "updated_at": now}, _ORGANISATION))


def _found(row: Row | None) -> Row:
    if row is None:
        raise AssertionError("a statement that returns its row returned none")
    return row


# -------------------------------------------------------------------------------------------------------- departments
async def insert_department(
    tx: Transaction,
    *,
    name: str,
    slug: str,
    now: datetime,
    description: str = "",
    url: str | None = None,
    image: str | None = None,
    is_default: bool = False,
    details: dict[str, Any] | None = None,
) -> Department:
    """Raises Conflict when the slug is taken (or a default department exists)."""
    values = {
        "uid": new_uid(), "name": name, "slug": slug, "description": description, "url": url, "image": image,
        "is_default": is_default, "details": details or {}, "created_at": now, "updated_at": now,
    }  # fmt: skip
    try:
        async with tx.savepoint():
            row = await insert_row(tx, "department", values, _DEPARTMENT)
    except asyncpg.UniqueViolationError as taken:
        raise Conflict(f"there is a department with the slug {slug} already", field="slug", value=slug) from taken
    return Department(**row)


async def department(tx: Transaction, uid: str) -> Department | None:
    """By uid, or by its integer id written in digits."""
    row = await tx.fetchrow(
        f"""
        SELECT {_DEPARTMENT} FROM department
        WHERE organisation_id = $1 AND (uid = $2 OR id::text = $2) AND deleted_at IS NULL
        """,
        tx.organisation_id,
        uid,
    )
    return Department(**row) if row else None


async def department_by_slug(tx: Transaction, slug: str) -> Department | None:
    """By slug."""
    row = await tx.fetchrow(
        f"SELECT {_DEPARTMENT} FROM department WHERE organisation_id = $1 AND slug = $2 AND deleted_at IS NULL",
        tx.organisation_id,
        slug,
    )
    return Department(**row) if row else None


async def department_by_id(tx: Transaction, department_id: DepartmentId) -> Department | None:
    """By integer id."""
    return await department(tx, str(department_id))


async def default_department(tx: Transaction) -> Department:
    """The department that owns what names none."""
    row = await tx.fetchrow(
        f"SELECT {_DEPARTMENT} FROM department WHERE organisation_id = $1 AND is_default AND deleted_at IS NULL",
        tx.organisation_id,
    )
    return Department(**_found(row))


async def departments(tx: Transaction, *, after: int, limit: int, only: DepartmentId | None = None) -> list[Department]:
    """In the order they were made; `only` for a caller that is bound to one."""
    rows = await tx.fetch(
        f"""
        SELECT {_DEPARTMENT} FROM department
        WHERE organisation_id = $1 AND id > $2 AND deleted_at IS NULL AND ($4::bigint IS NULL OR id = $4)
        ORDER BY id LIMIT $3
        """,
        tx.organisation_id,
        after,
        limit,
        only,
    )
    return [Department(**row) for row in rows]


async def department_slugs(tx: Transaction, start: str) -> set[str]:
    """The slugs of departments that begin so."""
    rows = await tx.fetch(
        "SELECT slug FROM department WHERE organisation_id = $1 AND starts_with(slug, $2) AND deleted_at IS NULL",
        tx.organisation_id,
        start[:80],
    )
    return {row["slug"] for row in rows}


async def search_departments(
    tx: Transaction,
    details: list[tuple[list[str], str]],
    *,
    only: DepartmentId | None,
    limit: int,
    offset: int,
) -> tuple[list[Department], int]:
    """(a page in the order they were made, how many in all); `details` are paths and the text that must stand there."""
    parameters: list[Any] = [tx.organisation_id, only]
    where = "organisation_id = $1 AND deleted_at IS NULL AND ($2::bigint IS NULL OR id = $2)"
    for path, text in details:
        parameters += [path, text]
        where += f" AND details #>> ${len(parameters) - 1}::text[] = ${len(parameters)}"
    total = await tx.fetchval(f"SELECT count(*) FROM department WHERE {where}", *parameters)
    rows = await tx.fetch(
        f"SELECT {_DEPARTMENT} FROM department WHERE {where} ORDER BY id LIMIT {int(limit)} OFFSET {int(offset)}",
        *parameters,
    )
    return [Department(**row) for row in rows], int(total)


async def page_departments(
    tx: Transaction, wanted: Slice, *, only: DepartmentId | None
) -> tuple[int, list[Department]]:
    """(how many in all, the slice); searched by name."""
    where = "organisation_id = $1 AND deleted_at IS NULL AND ($2::bigint IS NULL OR id = $2)"
    searched = "strpos(lower(name), ${}) > 0"
    total, rows = await page_of(
        tx, "department", _DEPARTMENT, where, (tx.organisation_id, only), wanted, searched=searched
    )
    return total, [Department(**row) for row in rows]


async def update_department(
    tx: Transaction, department_id: DepartmentId, changes: dict[str, Any], now: datetime
) -> Department:
    """Set the columns named in `changes`. Raises Conflict when the slug is taken."""
    values = {**changes, "updated_at": now}
    try:
        async with tx.savepoint():
            row = await update_row(tx, "department", {"id": department_id}, values, _DEPARTMENT)
    except asyncpg.UniqueViolationError as taken:
        raise Conflict("there is a department with this slug already", field="slug") from taken
    return Department(**row)


async def delete_department(tx: Transaction, department_id: DepartmentId, now: datetime) -> None:
    """Mark as deleted; what refers to it keeps its reference."""
    await update_rows(tx, "department", {"id": department_id}, {"deleted_at": now, "updated_at": now})


# ----------------------------------------------------------------------------------------------------------- accounts
async def insert_account(
    tx: Transaction, *, email: str, name: str, role: str, password_hash: str | None, now: datetime
) -> Account:
    """Raises Conflict when the e-mail address is taken."""
    values = {
        "uid": new_uid(), "email": email, "name": name, "role": role, "password_hash": password_hash,
        "created_at": now, "updated_at": now,
    }  # fmt: skip
    try:
        async with tx.savepoint():
            row = await insert_row(tx, "account", values, _ACCOUNT)
    except asyncpg.UniqueViolationError as taken:
        raise Conflict("there is an account with this e-mail address already", field="email", value=email) from taken
    return Account(**row)


async def account(tx: Transaction, uid: str) -> Account | None:
    """By uid."""
    row = await tx.fetchrow(
        f"SELECT {_ACCOUNT} FROM account WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL",
        tx.organisation_id,
        uid,
    )
    return Account(**row) if row else None


async def account_by_id(tx: Transaction, account_id: AccountId) -> Account | None:
    """By integer id."""
    row = await tx.fetchrow(
        f"SELECT {_ACCOUNT} FROM account WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL",
        tx.organisation_id,
        account_id,
    )
    return Account(**row) if row else None


async def account_and_hash_by_email(tx: Transaction, email: str) -> tuple[Account, str | None] | None:
    """The account and its password hash, for signing in."""
    row = await tx.fetchrow(
        f"""
        SELECT {_ACCOUNT}, password_hash FROM account
        WHERE organisation_id = $1 AND email = $2 AND deleted_at IS NULL
        """,
        tx.organisation_id,
        email,
    )
    if row is None:
        return None
    values = dict(row)
    password_hash = values.pop("password_hash")
    return Account(**values), password_hash


async def accounts(tx: Transaction, *, after: int, limit: int) -> list[Account]:
    """In the order they were made."""
    rows = await tx.fetch(
        f"""
        SELECT {_ACCOUNT} FROM account
        WHERE organisation_id = $1 AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT $3
        """,
        tx.organisation_id,
        after,
        limit,
    )
    return [Account(**row) for row in rows]


async def first_owner(tx: Transaction) -> Account | None:
    """The oldest owner."""
    row = await tx.fetchrow(
        f"""
        SELECT {_ACCOUNT} FROM account
        WHERE organisation_id = $1 AND role = 'owner' AND deleted_at IS NULL ORDER BY id LIMIT 1
        """,
        tx.organisation_id,
    )
    return Account(**row) if row else None


async def lock_owners(tx: Transaction) -> list[AccountId]:
    """The ids of all owners, locked, so that two requests cannot each remove one of the last two."""
    rows = await tx.fetch(
        """
        SELECT id FROM account WHERE organisation_id = $1 AND role = 'owner' AND deleted_at IS NULL
        ORDER BY id FOR UPDATE
        """,
        tx.organisation_id,
    )
    return [AccountId(row["id"]) for row in rows]


async def update_account(tx: Transaction, account_id: AccountId, changes: dict[str, Any], now: datetime) -> Account:
    """Set the columns named in `changes`. Raises Conflict when the e-mail address is taken."""
    values = {**changes, "updated_at": now}
    try:
        async with tx.savepoint():
            row = await update_row(tx, "account", {"id": account_id}, values, _ACCOUNT)
    except asyncpg.UniqueViolationError as taken:
        raise Conflict("there is an account with this e-mail address already", field="email") from taken
    return Account(**row)


# ----------------------------------------------------------------------------------------------------------- API keys
async def insert_key(
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
    try:
        async with tx.savepoint():
            row = await insert_row(tx, "api_key", values, _KEY)
    except asyncpg.UniqueViolationError as taken:
        raise Conflict("there is a key with this id already", field="id", value=uid) from taken
    return _key(row)


async def key_and_secret(tx: Transaction, uid: str) -> tuple[ApiKey, bytes] | None:
    """The key of this uid and the HMAC of its secret; in a public lookup, whoever owns it."""
    row = await tx.fetchrow(f"SELECT {_KEY}, secret_hmac FROM api_key WHERE uid = $1", uid)
    if row is None:
        return None
    values = dict(row)
    secret_hmac = values.pop("secret_hmac")
    return ApiKey(**{**values, "scopes": tuple(values["scopes"])}), secret_hmac


async def key(tx: Transaction, uid: str) -> ApiKey | None:
    """By uid."""
    row = await tx.fetchrow(
        f"SELECT {_KEY} FROM api_key WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid
    )
    return _key(row) if row else None


async def keys(tx: Transaction, *, after: int, limit: int, department_id: DepartmentId | None = None) -> list[ApiKey]:
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


async def revoke_key(tx: Transaction, key_id: ApiKeyId, now: datetime) -> ApiKey:
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
    return _key(_found(row))


async def replace_key(tx: Transaction, key_id: ApiKeyId, *, replaced_by: str, expires_at: datetime) -> bool:
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


async def touch_key(tx: Transaction, key_id: ApiKeyId, now: datetime, *, at_most_every: timedelta) -> None:
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


# --------------------------------------------------------------------------------------------------------- app tokens
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


# -------------------------------------------------------------------------------------------------------------- audit
async def insert_audit(
    tx: Transaction,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject_kind: str,
    subject_uid: str,
    details: dict[str, Any],
) -> None:
    """One entry, in the transaction of what it tells."""
    values = {
        "at": at, "actor": actor, "action": action, "subject_kind": subject_kind, "subject_uid": subject_uid,
        "details": details,
    }  # fmt: skip
    await add_row(tx, "audit", values)


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list of the audit trail; None means any. until: not included."""

    actor: str | None = None
    action: str | None = None
    subject_kind: str | None = None
    subject_uid: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def audit_entries(tx: Transaction, wanted: AuditFilter, *, before: int | None, limit: int) -> list[AuditEntry]:
    """Newest first."""
    rows = await tx.fetch(
        """
        SELECT id, at, actor, action, subject_kind, subject_uid, details FROM audit
        WHERE organisation_id = $1 AND ($2::bigint IS NULL OR id < $2)
          AND ($4::text IS NULL OR actor = $4) AND ($5::text IS NULL OR action = $5)
          AND ($6::text IS NULL OR subject_kind = $6) AND ($7::text IS NULL OR subject_uid = $7)
          AND ($8::timestamptz IS NULL OR at >= $8) AND ($9::timestamptz IS NULL OR at < $9)
        ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        before,
        limit,
        wanted.actor,
        wanted.action,
        wanted.subject_kind,
        wanted.subject_uid,
        wanted.since,
        wanted.until,
    )
    return [AuditEntry(**row) for row in rows]


async def department_uids(tx: Transaction, ids: Sequence[DepartmentId]) -> dict[DepartmentId, str]:
    """Public ids of departments, removed ones too."""
    if not ids:
        return {}
    rows = await tx.fetch(
        "SELECT id, uid FROM department WHERE organisation_id = $1 AND id = ANY($2::bigint[])", tx.organisation_id, ids
    )
    return {row["id"]: row["uid"] for row in rows}
