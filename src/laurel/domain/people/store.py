"""The SQL of people and their identifiers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from laurel.base.ids import PersonId, new_uids
from laurel.database.pool import Transaction
from laurel.database.rows import insert_row, update_row
from laurel.database.slices import Slice, page_of
from laurel.domain.people.model import Person

COLUMNS = ", ".join(Person.__struct_fields__)


async def find_by_id(tx: Transaction, person_id: PersonId) -> Person | None:
    """The person with this integer id, also a deleted one; None when there is none."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM person WHERE organisation_id = $1 AND id = $2", tx.organisation_id, person_id
    )
    return None if row is None else Person.from_row(row)


async def find_many(tx: Transaction, person_ids: Sequence[PersonId], *, lock: bool = False) -> dict[PersonId, Person]:
    """People by integer id, deleted ones too; absent ids are absent. `lock` holds the rows until the transaction ends,
    taken in the order of ids.
    """
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM person WHERE organisation_id = $1 AND id = ANY($2::bigint[])
        {"ORDER BY id FOR UPDATE" if lock else ""}
        """,
        tx.organisation_id,
        person_ids,
    )
    return {row["id"]: Person.from_row(row) for row in rows}


async def find_uids(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, str]:
    """The uids of people by integer id, of deleted ones too; absent ids are absent."""
    rows = await tx.fetch(
        "SELECT id, uid FROM person WHERE organisation_id = $1 AND id = ANY($2::bigint[])",
        tx.organisation_id,
        person_ids,
    )
    return {row["id"]: row["uid"] for row in rows}


async def find_by_uid(tx: Transaction, uid: str, *, lock: bool = False) -> Person | None:
    """The living person with this uid; `lock` holds the row until the transaction ends."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS} FROM person WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL
        {"FOR UPDATE" if lock else ""}
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None else Person.from_row(row)


async def ids_by_email(tx: Transaction, emails: Sequence[str]) -> dict[str, PersonId]:
    """Living people's ids by e-mail address (lower case)."""
    rows = await tx.fetch(
        "SELECT email, id FROM person WHERE organisation_id = $1 AND email = ANY($2::text[]) AND deleted_at IS NULL",
        tx.organisation_id,
        emails,
    )
    return {row["email"]: row["id"] for row in rows}


async def gone_among(tx: Transaction, person_ids: Sequence[PersonId]) -> set[PersonId]:
    """Those of the people that are deleted."""
    rows = await tx.fetch(
        "SELECT id FROM person WHERE organisation_id = $1 AND id = ANY($2::bigint[]) AND deleted_at IS NOT NULL",
        tx.organisation_id,
        person_ids,
    )
    return {row["id"] for row in rows}


async def ids_by_uid(tx: Transaction, uids: Sequence[str]) -> dict[str, PersonId]:
    """Living people's ids by uid."""
    rows = await tx.fetch(
        "SELECT uid, id FROM person WHERE organisation_id = $1 AND uid = ANY($2::text[]) AND deleted_at IS NULL",
        tx.organisation_id,
        uids,
    )
    return {row["uid"]: row["id"] for row in rows}


async def create_by_email(tx: Transaction, emails: Sequence[str], now: datetime) -> dict[str, PersonId]:
    """People for those of `emails` that nobody has yet; only the ones created here are answered."""
    rows = await tx.fetch(
        """
        INSERT INTO person (organisation_id, uid, email, created_at, updated_at)
        SELECT $1, uid, email, $4, $4 FROM unnest($2::text[], $3::text[]) AS w(email, uid) ORDER BY email
        ON CONFLICT DO NOTHING RETURNING email, id
        """,
        tx.organisation_id,
        emails,
        new_uids(len(emails)),
        now,
    )
    return {row["email"]: row["id"] for row in rows}


async def insert(tx: Transaction, values: dict[str, Any]) -> Person:
    """A new person from column values; a unique violation means that the address is taken."""
    return Person.from_row(await insert_row(tx, "person", values, COLUMNS))


async def update(tx: Transaction, person_id: PersonId, values: dict[str, Any]) -> Person:
    """Change columns of a person."""
    return Person.from_row(await update_row(tx, "person", {"id": person_id}, values, COLUMNS))


async def list_newest(tx: Transaction, before_id: int | None, limit: int) -> list[Person]:
    """Living people, newest first, from below `before_id`."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM person
        WHERE organisation_id = $1 AND deleted_at IS NULL AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        before_id,
        limit,
    )
    return [Person.from_row(row) for row in rows]


Order = Literal["id", "first_name", "last_name"]
"""What people may be listed by; every one has an index. By id is in the order they were made."""


async def list_sorted(
    tx: Transaction,
    order: Order,
    *,
    descending: bool,
    archived: bool | None,
    after: Person | None,
    offset: int,
    limit: int,
) -> list[Person]:
    """Living people in the order of a column (and their id), from behind `after`, leaving out the first `offset`."""
    way, beyond = ("DESC", "<") if descending else ("ASC", ">")
    start = f"AND ({order}, id) {beyond} ($5, $6)" if after else "AND $5::text IS NULL AND $6::bigint IS NULL"
    if order == "id":
        start = f"AND $5::text IS NULL AND ($6::bigint IS NULL OR id {beyond} $6)"
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM person
        WHERE organisation_id = $1 AND deleted_at IS NULL AND ($2::boolean IS NULL OR (archived_at IS NOT NULL) = $2)
        {start} ORDER BY {order} {way}, id {way} OFFSET $3 LIMIT $4
        """,
        tx.organisation_id,
        archived,
        offset,
        limit,
        getattr(after, order) if after and order != "id" else None,
        after and after.id,
    )
    return [Person.from_row(row) for row in rows]


async def count_living(tx: Transaction, *, archived: bool | None) -> int:
    """How many people there are."""
    count: int = await tx.fetchval(
        """
        SELECT count(*) FROM person
        WHERE organisation_id = $1 AND deleted_at IS NULL AND ($2::boolean IS NULL OR (archived_at IS NOT NULL) = $2)
        """,
        tx.organisation_id,
        archived,
    )
    return count


async def find_by_first_name(tx: Transaction, first_name: str, limit: int) -> list[Person]:
    """Living people of exactly this first name, newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM person
        WHERE organisation_id = $1 AND first_name = $2 AND deleted_at IS NULL ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        first_name,
        limit,
    )
    return [Person.from_row(row) for row in rows]


async def find_by_uid_or_deleted(tx: Transaction, uid: str) -> Person | None:
    """The person with this uid, also a deleted one: the place of somebody in a list."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM person WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid
    )
    return None if row is None else Person.from_row(row)


async def bump_people(tx: Transaction) -> None:
    """Say that a name may mean somebody else now: remembered names are forgotten everywhere."""
    await tx.execute(
        "UPDATE organisation SET people_version = people_version + 1 WHERE organisation_id = $1", tx.organisation_id
    )


async def find_by_emails(tx: Transaction, emails: Sequence[str]) -> dict[str, Person]:
    """Living people by e-mail address (lower case)."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM person WHERE organisation_id = $1 AND email = ANY($2::text[]) AND deleted_at IS NULL",
        tx.organisation_id,
        emails,
    )
    return {row["email"]: Person.from_row(row) for row in rows}


async def find_or_create_named(tx: Transaction, names: Mapping[str, str], now: datetime) -> dict[str, Person]:
    """The people with these addresses, made where there is nobody yet and then called as `names` says.

    Somebody whom another transaction is just making is absent.
    """
    rows = await tx.fetch(
        f"""
        WITH made AS (
            INSERT INTO person (organisation_id, uid, email, display_name, created_at, updated_at)
            SELECT $1, uid, email, name, $5, $5 FROM unnest($2::text[], $3::text[], $4::text[]) AS w(email, name, uid)
            WHERE NOT EXISTS (SELECT FROM person p
                              WHERE p.organisation_id = $1 AND p.email = w.email AND p.deleted_at IS NULL)
            ORDER BY email ON CONFLICT DO NOTHING RETURNING {COLUMNS}
        )
        SELECT {COLUMNS} FROM made
        UNION ALL
        SELECT {COLUMNS} FROM person WHERE organisation_id = $1 AND email = ANY($2::text[]) AND deleted_at IS NULL
        """,
        tx.organisation_id,
        list(names),
        list(names.values()),
        new_uids(len(names)),
        now,
    )
    return {row["email"]: Person.from_row(row) for row in rows}


async def page(tx: Transaction, wanted: Slice) -> tuple[int, list[Person]]:
    """(how many in all, the slice) of living people; searched in names and addresses."""
    total, rows = await page_of(
        tx,
        "person",
        COLUMNS,
        "organisation_id = $1 AND deleted_at IS NULL",
        (tx.organisation_id,),
        wanted,
        searched="strpos(lower(concat_ws(' ', display_name, first_name, last_name, email)), ${}) > 0",
    )
    return total, [Person.from_row(row) for row in rows]


async def search(tx: Transaction, text: str, before_id: int | None, limit: int) -> list[Person]:
    """Living people whose name or address holds `text` (in any case), newest first, from below `before_id`."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM person
        WHERE organisation_id = $1 AND deleted_at IS NULL AND ($2::bigint IS NULL OR id < $2)
          AND (email ILIKE $4 OR display_name ILIKE $4 OR first_name || ' ' || last_name ILIKE $4)
        ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        before_id,
        limit,
        "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%",
    )
    return [Person.from_row(row) for row in rows]


async def everywhere_by_email(tx: Transaction, email: str, limit: int) -> list[Person]:
    """The living people with this address, at most one an organisation; needs a transaction across organisations."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM person WHERE email = $1 AND deleted_at IS NULL ORDER BY organisation_id LIMIT $2
        """,
        email,
        limit,
    )
    return [Person.from_row(row) for row in rows]
