"""The SQL of credentials: intended, issued, found, bound to a wallet."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from laurel.base import json_text
from laurel.base.ids import AchievementId, AwardId, CredentialId, OrganisationId, PersonId, new_uids
from laurel.database.pool import Database, Row, Transaction, columns
from laurel.database.rows import update_row
from laurel.domain.credentials.model import Credential, CredentialFields, Signed, Waiting

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


# Conditions like "not deleted" stay out of what looks one up by its uid: partial indexes have them too, and PostgreSQL reads
# such an index from end to end for the sake of one row as long as it has no statistics of the table.
async def find_by_uid(tx: Transaction, uid: str) -> Credential | None:
    """The credential with this uid."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS} FROM credential
        WHERE organisation_id = $1 AND uid = $2{tx.of_achievements_in_department()}
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None or row["deleted_at"] is not None else Credential.from_row(row)


async def find_public(tx: Transaction, uid: str) -> Credential | None:
    """The published credential with this uid, whoever issued it; for a transaction of `Database.public_lookup`."""
    row = await tx.fetchrow(f"SELECT {COLUMNS} FROM credential WHERE uid = $1", uid)
    if row is None or row["deleted_at"] is not None or row["published_at"] is None:
        return None
    return Credential.from_row(row)


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


# ------------------------------------------------------------------------------------------------------------- issuing
# What waits to be signed (intended, published, not refused, not deleted) stands in waiting_credential as well: triggers
# keep it in step. A partial index would do, but then signing would change a column that an index looks at, and PostgreSQL
# would write to every index of the table.


async def count_waiting(tx: Transaction) -> int:
    """How many credentials are to be signed."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM waiting_credential WHERE organisation_id = $1", tx.organisation_id
    )
    return found


async def count_refused(tx: Transaction) -> int:
    """How many credentials cannot be signed as they are."""
    found: int = await tx.fetchval(
        """
        SELECT count(*) FROM credential
        WHERE organisation_id = $1 AND state = 'intended' AND refusal IS NOT NULL AND deleted_at IS NULL
        """,
        tx.organisation_id,
    )
    return found


async def waiting(tx: Transaction, limit: int) -> tuple[int, int]:
    """Up to `limit`: how many credentials nobody is signing yet, and how many of them have no place in a status list."""
    row = await tx.fetchrow(
        """
        SELECT count(*) AS all_, count(*) FILTER (WHERE NOT has_place) AS without FROM (
            SELECT has_place FROM waiting_credential WHERE organisation_id = $1
            ORDER BY credential_id LIMIT $2 FOR UPDATE SKIP LOCKED) AS w
        """,
        tx.organisation_id,
        limit,
    )
    assert row is not None  # noqa: S101 - an aggregate has one row
    return row["all_"], row["without"]


_TO_SIGN = ", ".join("fields::text" if name == "fields" else name for name in Waiting.__struct_fields__)
_FIELDS_AT = Waiting.__struct_fields__.index("fields")
_READ_FIELDS = msgspec.json.Decoder(CredentialFields, float_hook=Decimal).decode


async def take_waiting(tx: Transaction, limit: int) -> list[Waiting]:
    """Credentials to be signed, the oldest first, locked; those that somebody else is signing or changing are passed over."""
    waiting = await tx.fetch(
        """
        SELECT credential_id FROM waiting_credential WHERE organisation_id = $1
        ORDER BY credential_id LIMIT $2 FOR UPDATE SKIP LOCKED
        """,
        tx.organisation_id,
        limit,
    )
    rows = await tx.fetch(
        f"""
        SELECT {_TO_SIGN} FROM credential c
        WHERE organisation_id = $1 AND id = ANY($2::bigint[]) AND waits_to_be_signed(c)
        ORDER BY id FOR UPDATE SKIP LOCKED
        """,
        tx.organisation_id,
        [row["credential_id"] for row in waiting],
    )
    return [_waiting(row) for row in rows]


def _waiting(row: Row) -> Waiting:
    values = list(row)
    values[_FIELDS_AT] = _READ_FIELDS(values[_FIELDS_AT])
    return Waiting(*values)


class NewlySigned(NamedTuple):
    """A credential that was signed."""

    person_id: PersonId
    credential_id: CredentialId
    status_list_id: int
    status_index: int
    log_number: int
    uid: str
    document: str


async def set_issued(tx: Transaction, signed: Sequence[NewlySigned], key_id: int, now: datetime) -> None:
    """Store what a key has signed; an earlier document of the same credential is replaced, and its token forgotten.

    `updated_at` stays: what the credential says was changed when it was intended. Nothing that an index looks at changes.
    """
    turned = columns(signed, len(NewlySigned._fields))
    await tx.execute(
        """
        UPDATE credential AS c
        SET state = 'issued', issued_at = coalesce(c.issued_at, $2), status_list_id = s.status_list_id,
            status_index = s.status_index, log_number = s.log_number,
            expiry_told_at = CASE WHEN c.expires_at <= $2 THEN coalesce(c.expiry_told_at, $2) END
        FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::integer[], $7::bigint[])
             AS s(person_id, credential_id, status_list_id, status_index, log_number)
        WHERE c.organisation_id = $1 AND c.person_id = s.person_id AND c.id = s.credential_id AND c.id = ANY($4::bigint[])
        """,
        tx.organisation_id,
        now,
        *turned[:5],
    )
    await tx.execute(
        """
        INSERT INTO signed_credential AS o
            (organisation_id, credential_id, uid, document, key_id, signed_at)
        SELECT $1, s.credential_id, s.uid, s.document, $3, $2
        FROM unnest($4::bigint[], $5::text[], $6::text[]) AS s(credential_id, uid, document)
        ON CONFLICT (organisation_id, credential_id) DO UPDATE
        SET document = EXCLUDED.document, token = NULL, key_id = EXCLUDED.key_id, token_key_id = NULL,
            signed_at = EXCLUDED.signed_at
        """,
        tx.organisation_id,
        now,
        key_id,
        turned[1],
        *turned[5:],
    )


class StoredDocument(NamedTuple):
    """What was signed of a credential, with the key that did; its token if somebody has asked for it."""

    credential_id: CredentialId
    document: str
    token: str | None
    key_id: int


async def lock_document(tx: Transaction, uid: str) -> StoredDocument | None:
    """What was signed under this uid, locked until the transaction ends."""
    row = await tx.fetchrow(
        """
        SELECT s.credential_id, s.document, s.token, s.key_id
        FROM credential c JOIN signed_credential s ON s.organisation_id = $1 AND s.credential_id = c.id
        WHERE c.organisation_id = $1 AND c.uid = $2 AND c.deleted_at IS NULL FOR UPDATE OF s
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None else StoredDocument(**row)


async def set_token(tx: Transaction, credential_id: CredentialId, token: str, key_id: int) -> None:
    """Keep the token of a document that the transaction has locked."""
    await tx.execute(
        """
        UPDATE signed_credential SET token = $3, token_key_id = $4
        WHERE organisation_id = $1 AND credential_id = $2
        """,
        tx.organisation_id,
        credential_id,
        token,
        key_id,
    )


async def set_refused(tx: Transaction, refusals: dict[CredentialId, str], now: datetime) -> None:
    """Note why credentials cannot be signed as they are, so that they wait for no job."""
    await tx.execute(
        """
        UPDATE credential c SET refusal = r.refusal, updated_at = $2
        FROM unnest($3::bigint[], $4::text[]) AS r(id, refusal)
        WHERE c.organisation_id = $1 AND c.id = r.id AND c.id = ANY($3::bigint[])
        """,
        tx.organisation_id,
        now,
        list(refusals),
        list(refusals.values()),
    )


async def issue_again(tx: Transaction, key_id: int, now: datetime, *, naming: str | None = None) -> int:
    """Intend anew what a key has signed and what still stands; with `naming` also what holds that text inside, such as an
    endorsement by the key, for which every document is read. How many.
    """
    return await tx.execute(
        """
        UPDATE credential c SET state = 'intended', updated_at = $3
        FROM signed_credential s
        WHERE c.organisation_id = $1 AND s.organisation_id = $1 AND s.credential_id = c.id AND c.state = 'issued'
          AND c.deleted_at IS NULL
          AND (s.key_id = $2 OR s.token_key_id = $2 OR ($4::text IS NOT NULL AND position($4 in s.document) > 0))
        """,
        tx.organisation_id,
        key_id,
        now,
        naming,
    )


async def signed_with(tx: Transaction, key_id: int, limit: int) -> list[str]:
    """The uids of credentials whose newest document or token a key has signed."""
    rows = await tx.fetch(
        """
        SELECT s.uid FROM signed_credential s
        WHERE s.organisation_id = $1 AND (s.key_id = $2 OR s.token_key_id = $2) ORDER BY s.credential_id LIMIT $3
        """,
        tx.organisation_id,
        key_id,
        limit,
    )
    return [row["uid"] for row in rows]


_SIGNED = """
SELECT c.organisation_id, c.uid, c.private, c.access_key, c.state, c.expires_at, c.revoke_reason, c.log_number,
       s.document, s.token, s.signed_at
FROM credential c LEFT JOIN signed_credential s ON s.organisation_id = c.organisation_id AND s.credential_id = c.id
WHERE c.deleted_at IS NULL
"""


async def find_signed_public(database: Database, uid: str) -> Signed | None:
    """What was signed under this uid, whoever issued it; one round trip."""
    row = await database.public_row("SELECT * FROM public_credential($1)", uid)
    return None if row is None else Signed.from_row(row)


async def find_signed(tx: Transaction, credential_ids: Sequence[CredentialId]) -> dict[CredentialId, Signed]:
    """What was signed of these credentials of the organisation."""
    rows = await tx.fetch(
        f"{_SIGNED.replace('SELECT', 'SELECT c.id,', 1)} AND c.organisation_id = $1 AND c.id = ANY($2::bigint[])",
        tx.organisation_id,
        credential_ids,
    )
    return {row["id"]: Signed.from_row(row) for row in rows}


async def delete_signed(tx: Transaction, credential_id: CredentialId) -> None:
    """Erase what was signed."""
    await tx.execute(
        "DELETE FROM signed_credential WHERE organisation_id = $1 AND credential_id = $2",
        tx.organisation_id,
        credential_id,
    )


async def take_expired(tx: Transaction, now: datetime, limit: int) -> list[Credential]:
    """Credentials that have run out and of which nobody was told, marked as told."""
    rows = await tx.fetch(
        f"""
        UPDATE credential SET expiry_told_at = $2
        WHERE organisation_id = $1 AND id IN (
            SELECT id FROM credential
            WHERE organisation_id = $1 AND state = 'issued' AND expires_at <= $2 AND expiry_told_at IS NULL
              AND revoked_at IS NULL AND deleted_at IS NULL
            ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)
        RETURNING {COLUMNS}
        """,
        tx.organisation_id,
        now,
        limit,
    )
    return [Credential.from_row(row) for row in rows]


async def organisations_with(tx: Transaction, *, waiting: bool, now: datetime) -> list[OrganisationId]:
    """Organisations with credentials to be signed, or with ones that ran out unnoticed; needs a transaction across
    organisations.
    """
    some = (
        "waiting_credential c WHERE true"
        if waiting
        else """credential c WHERE state = 'issued' AND expires_at <= $1 AND expiry_told_at IS NULL
                AND revoked_at IS NULL AND deleted_at IS NULL"""
    )
    rows = await tx.fetch(
        f"""
        SELECT o.organisation_id FROM organisation o
        WHERE o.created_at <= $1 AND EXISTS (SELECT FROM {some} AND c.organisation_id = o.organisation_id)
        ORDER BY o.organisation_id
        """,
        now,
    )
    return [row["organisation_id"] for row in rows]
