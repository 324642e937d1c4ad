"""The SQL of credentials."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from laurel.base import json_text
from laurel.base.ids import AchievementId, AwardId, CredentialId, PersonId, new_uids
from laurel.database.pool import Transaction, columns
from laurel.database.rows import update_row
from laurel.domain.credentials.model import Credential

COLUMNS = ", ".join(Credential.__struct_fields__)


class NewCredential(NamedTuple):
    """A credential about to be intended."""

    person_id: PersonId
    award_id: AwardId
    achievement_id: AchievementId
    fields: Any
    details: dict[str, Any]
    license_id: str | None
    private: bool
    access_key: str | None
    issued_on: date
    expires_at: datetime | None
    published_at: datetime | None
    facets: str | None


FACET_SEPARATOR = "\x1f"
TALLY_SLOTS = 64
"""Counters are spread over this many rows per achievement, so that concurrent writers do not wait for one another."""


async def insert(tx: Transaction, new: Sequence[NewCredential], now: datetime) -> list[Credential]:
    """Intend credentials, and count them. An award has at most one: a second is a unique violation."""
    rows = [
        (*n[:3], json_text.encode(n.fields), json_text.encode(n.details), *n[5:], uid)
        for n, uid in zip(new, new_uids(len(new)), strict=True)
    ]
    inserted = await tx.fetch(
        f"""
        WITH made AS (
            INSERT INTO credential (organisation_id, person_id, award_id, achievement_id, state, fields, details,
                                    license_id, private, access_key, issued_on, expires_at, published_at, facets, uid,
                                    created_at, updated_at)
            SELECT $1, c.person_id, c.award_id, c.achievement_id, 'intended', c.fields, c.details, c.license_id,
                   c.private, c.access_key, c.issued_on, c.expires_at, c.published_at,
                   string_to_array(c.facets, E'\\x1f'), c.uid, $2, $2
            FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::jsonb[], $7::jsonb[], $8::text[], $9::boolean[],
                        $10::text[], $11::date[], $12::timestamptz[], $13::timestamptz[], $14::text[], $15::text[])
                 AS c(person_id, award_id, achievement_id, fields, details, license_id, private, access_key, issued_on,
                      expires_at, published_at, facets, uid)
            RETURNING {COLUMNS}
        ), counted AS (
            INSERT INTO credential_tally AS t (organisation_id, achievement_id, slot, count)
            SELECT $1, a.id, pg_backend_pid() % {TALLY_SLOTS}, count(*)
            FROM made CROSS JOIN LATERAL (VALUES (made.achievement_id), (0)) AS a(id) GROUP BY a.id ORDER BY a.id
            ON CONFLICT (organisation_id, achievement_id, slot) DO UPDATE SET count = t.count + EXCLUDED.count
        )
        SELECT {COLUMNS} FROM made
        """,
        tx.organisation_id,
        now,
        *columns(rows, 13),
    )
    return [Credential.from_row(row) for row in inserted]


async def find_by_uid(tx: Transaction, uid: str) -> Credential | None:
    """The credential with this uid."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS} FROM credential
        WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL{tx.of_achievements_in_department()}
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None else Credential.from_row(row)


async def find_public(tx: Transaction, uid: str) -> Credential | None:
    """The published credential with this uid, whoever issued it; for a transaction of `Database.public_lookup`."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM credential WHERE uid = $1 AND deleted_at IS NULL AND published_at IS NOT NULL", uid
    )
    return None if row is None else Credential.from_row(row)


async def find_by_id(tx: Transaction, credential_id: CredentialId) -> Credential | None:
    """The credential with this integer id."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS} FROM credential
        WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL{tx.of_achievements_in_department()}
        """,
        tx.organisation_id,
        credential_id,
    )
    return None if row is None else Credential.from_row(row)


async def of_awards(tx: Transaction, award_ids: Sequence[AwardId]) -> dict[AwardId, Credential]:
    """The credentials of awards, deleted ones too."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM credential WHERE organisation_id = $1 AND award_id = ANY($2::bigint[])
        """,
        tx.organisation_id,
        award_ids,
    )
    return {row["award_id"]: Credential.from_row(row) for row in rows}


async def change(tx: Transaction, credential: Credential, values: dict[str, Any]) -> Credential:
    """Change columns of a credential."""
    key = {"person_id": credential.person_id, "id": credential.id}
    return Credential.from_row(await update_row(tx, "credential", key, values, COLUMNS))


async def publish(tx: Transaction, award_ids: Sequence[AwardId], now: datetime) -> None:
    """Note that the credentials of these awards may be signed and shown from now on."""
    await tx.execute(
        """
        UPDATE credential SET published_at = $3, updated_at = $3
        WHERE organisation_id = $1 AND award_id = ANY($2::bigint[]) AND published_at IS NULL
        """,
        tx.organisation_id,
        award_ids,
        now,
    )


async def count_differently(tx: Transaction, changes: dict[int, int]) -> None:
    """Correct the counters: achievement id to difference; 0 stands for the whole organisation."""
    await tx.execute(
        f"""
        INSERT INTO credential_tally AS t (organisation_id, achievement_id, slot, count)
        SELECT $1, c.id, pg_backend_pid() % {TALLY_SLOTS}, c.difference
        FROM unnest($2::bigint[], $3::bigint[]) AS c(id, difference) ORDER BY c.id
        ON CONFLICT (organisation_id, achievement_id, slot) DO UPDATE SET count = t.count + EXCLUDED.count
        """,
        tx.organisation_id,
        list(changes),
        list(changes.values()),
    )
