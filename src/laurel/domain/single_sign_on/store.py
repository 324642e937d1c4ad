"""The SQL of identity providers, sign-ins under way and linked identities."""

from datetime import datetime
from typing import Any

from laurel.base.ids import AccountId, OrganisationId
from laurel.database.pool import Transaction, UniqueViolation
from laurel.database.rows import add_row, put_row
from laurel.domain.single_sign_on.model import Attempt, IdentityProvider, Link

_PROVIDER = ", ".join(IdentityProvider.__struct_fields__)
_ATTEMPT = ", ".join(Attempt.__struct_fields__)


# ----------------------------------------------------------------------------------------------------------- providers
async def provider(tx: Transaction) -> IdentityProvider | None:
    """The organisation's identity provider."""
    row = await tx.fetchrow(f"SELECT {_PROVIDER} FROM identity_provider WHERE organisation_id = $1", tx.organisation_id)
    return None if row is None else IdentityProvider.from_row(row)


async def put_provider(tx: Transaction, values: dict[str, Any], now: datetime) -> IdentityProvider:
    """Set the organisation's identity provider; `values` has every column but the times."""
    first = {"created_at": now}
    changed = {**values, "updated_at": now}
    row = await put_row(tx, "identity_provider", {}, changed, first=first, returning=_PROVIDER)
    return IdentityProvider.from_row(row)


async def delete_provider(tx: Transaction) -> bool:
    """Forget the provider and who was linked through it; False when there was none."""
    await tx.execute("DELETE FROM account_identity WHERE organisation_id = $1", tx.organisation_id)
    return bool(await tx.execute("DELETE FROM identity_provider WHERE organisation_id = $1", tx.organisation_id))


async def providers_for_domain(tx: Transaction, domain: str, limit: int) -> list[tuple[IdentityProvider, str, str]]:
    """(provider, slug and name of its organisation) that lead addresses of a domain to themselves (needs a transaction
    across organisations).
    """
    rows = await tx.fetch(
        f"""
        SELECT {", ".join(f"p.{name}" for name in IdentityProvider.__struct_fields__)}, o.slug, o.name AS organisation
        FROM identity_provider p JOIN organisation o USING (organisation_id)
        WHERE p.domains @> ARRAY[$1] AND o.deleted_at IS NULL ORDER BY o.organisation_id LIMIT $2
        """,
        domain,
        limit,
    )
    return [(IdentityProvider.from_row(row), row["slug"], row["organisation"]) for row in rows]


async def any_provider(tx: Transaction) -> bool:
    """Whether any organisation has a provider (needs a transaction across organisations)."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM identity_provider)"))


async def only_organisation(tx: Transaction) -> OrganisationId | None:
    """The one organisation of this server; None when there are several (needs a transaction across organisations)."""
    rows = await tx.fetch("SELECT organisation_id FROM organisation WHERE deleted_at IS NULL LIMIT 2")
    return rows[0]["organisation_id"] if len(rows) == 1 else None


# ------------------------------------------------------------------------------------------------------------ attempts
async def insert_attempt(tx: Transaction, attempt: Attempt) -> None:
    """A sign-in that begins."""
    await add_row(tx, "sign_in_attempt", attempt.columns())


async def find_attempt(tx: Transaction, uid: str) -> Attempt | None:
    """The attempt with this state; for a transaction of `Database.public_lookup`."""
    row = await tx.fetchrow(f"SELECT {_ATTEMPT} FROM sign_in_attempt WHERE uid = $1", uid)
    return None if row is None else Attempt.from_row(row)


async def take_attempt(tx: Transaction, uid: str) -> bool:
    """Use an attempt up; False when somebody has already. The deletion decides."""
    return bool(
        await tx.execute("DELETE FROM sign_in_attempt WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid)
    )


async def forget_attempts(tx: Transaction, before: datetime) -> int:
    """Forget attempts that were begun before, of every organisation; how many."""
    return await tx.execute("DELETE FROM sign_in_attempt WHERE created_at < $1", before)


# --------------------------------------------------------------------------------------------------------------- links
async def find_link(tx: Transaction, issuer: str, subject: str) -> Link | None:
    """Which account the provider's subject was linked to."""
    row = await tx.fetchrow(
        """
        SELECT i.account_id, a.deleted_at IS NULL AS living FROM account_identity i
        JOIN account a ON a.organisation_id = i.organisation_id AND a.id = i.account_id
        WHERE i.organisation_id = $1 AND i.issuer = $2 AND i.subject = $3
        """,
        tx.organisation_id,
        issuer,
        subject,
    )
    return None if row is None else Link(account_id=row["account_id"], living=row["living"])


async def insert_link(tx: Transaction, account_id: AccountId, issuer: str, subject: str, now: datetime) -> bool:
    """Link a subject to an account; False when the account is linked to another subject of the issuer."""
    key = {"issuer": issuer, "subject": subject}
    try:
        async with tx.savepoint():
            values = {"account_id": account_id, "used_at": now}
            await put_row(tx, "account_identity", key, values, first={"created_at": now})
    except UniqueViolation:
        return False
    return True


async def delete_links_of(tx: Transaction, account_id: AccountId) -> int:
    """Forget who an account is at the provider; how many links there were."""
    return await tx.execute(
        "DELETE FROM account_identity WHERE organisation_id = $1 AND account_id = $2", tx.organisation_id, account_id
    )


async def linked_accounts(tx: Transaction, issuer: str) -> dict[AccountId, datetime]:
    """The living accounts that have signed in through an issuer, and when they last did."""
    rows = await tx.fetch(
        """
        SELECT i.account_id, i.used_at FROM account_identity i
        JOIN account a ON a.organisation_id = i.organisation_id AND a.id = i.account_id AND a.deleted_at IS NULL
        WHERE i.organisation_id = $1 AND i.issuer = $2
        """,
        tx.organisation_id,
        issuer,
    )
    return {row["account_id"]: row["used_at"] for row in rows}


async def has_linked_owner(tx: Transaction, issuer: str) -> bool:
    """Whether an owner has signed in through this issuer."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (SELECT FROM account_identity i
                JOIN account a ON a.organisation_id = i.organisation_id AND a.id = i.account_id
                WHERE i.organisation_id = $1 AND i.issuer = $2 AND a.role = 'owner' AND a.deleted_at IS NULL)
            """,
            tx.organisation_id,
            issuer,
        )
    )


async def was_removed(tx: Transaction, email: str) -> bool:
    """Whether an account with this address was removed and none was made since."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM account WHERE organisation_id = $1 AND email = $2 AND deleted_at IS NOT NULL)",
            tx.organisation_id,
            email,
        )
    )
