"""The SQL of people and their identifiers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from laurel.base.ids import PersonId, new_uids
from laurel.database.pool import Row, Transaction
from laurel.database.rows import add_row, add_row_once, insert_row, update_row
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


async def ids_by_identifier(tx: Transaction, kind: str, values: Sequence[str]) -> dict[str, PersonId]:
    """Living people's ids by an identifier of `kind`."""
    rows = await tx.fetch(
        """
        SELECT i.value, i.person_id FROM person_identifier i
        WHERE i.organisation_id = $1 AND i.kind = $2 AND i.value = ANY($3::text[])
        """,
        tx.organisation_id,
        kind,
        values,
    )
    return {row["value"]: row["person_id"] for row in rows}


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


async def create_by_identifier(tx: Transaction, kind: str, values: Sequence[str], now: datetime) -> dict[str, PersonId]:
    """People for those of `values` that nobody has yet; only the ones created here are answered.

    The identifier's constraint decides races: a loser's value is absent and must be looked up again.
    """
    rows = await tx.fetch(
        """
        WITH wanted AS (
            SELECT value, uid, nextval(pg_get_serial_sequence('person', 'id')) AS id
            FROM unnest($3::text[], $4::text[]) AS w(value, uid) ORDER BY value
        ), won AS (
            INSERT INTO person_identifier (organisation_id, kind, value, person_id)
            SELECT $1, $2, value, id FROM wanted ON CONFLICT DO NOTHING RETURNING value, person_id
        ), made AS (
            INSERT INTO person (organisation_id, id, uid, display_name, created_at, updated_at)
            SELECT $1, won.person_id, wanted.uid, CASE WHEN $2 = 'external' THEN won.value ELSE '' END, $5, $5
            FROM won JOIN wanted ON wanted.id = won.person_id
        )
        SELECT value, person_id FROM won
        """,
        tx.organisation_id,
        kind,
        values,
        new_uids(len(values)),
        now,
    )
    return {row["value"]: row["person_id"] for row in rows}


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


class Zones(NamedTuple):
    """The time zone a person is in, and those before, each with the first instant of the next; None: the organisation's."""

    present: str | None
    past: list[tuple[datetime, str | None]]


async def zones_of(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, Zones]:
    """The time zones of people; whoever never had one is absent."""
    rows = await tx.fetch(
        """
        SELECT id, NULL::timestamptz AS until, time_zone FROM person
        WHERE organisation_id = $1 AND id = ANY($2::bigint[]) AND time_zone IS NOT NULL
        UNION ALL
        SELECT person_id, until, time_zone FROM past_time_zone
        WHERE organisation_id = $1 AND person_id = ANY($2::bigint[])
        ORDER BY 1, 2
        """,
        tx.organisation_id,
        person_ids,
    )
    found: dict[PersonId, Zones] = {}
    for person_id, until, time_zone in rows:
        known = found.get(person_id, Zones(None, []))
        if until is None:
            known = Zones(time_zone, known.past)
        else:
            known.past.append((until, time_zone))
        found[person_id] = known
    return found


async def move_to_zone(tx: Transaction, person_id: PersonId, time_zone: str | None, now: datetime) -> int:
    """Before a person's zone is changed to `time_zone`: note the one left, and until when; how many that makes.

    Takes the person's lock. The old zone stays in force until after the last event that was counted by it.
    """
    await tx.execute(
        "SELECT FROM progress WHERE organisation_id = $1 AND person_id = $2 FOR NO KEY UPDATE",
        tx.organisation_id,
        person_id,
    )
    await tx.execute(
        """
        INSERT INTO past_time_zone (organisation_id, person_id, until, time_zone)
        SELECT $1, $2, greatest($4::timestamptz, counted.until, moved.until), p.time_zone FROM person p
        CROSS JOIN (SELECT max(occurred_at) + interval '1 microsecond' AS until FROM event
                    WHERE organisation_id = $1 AND person_id = $2 AND occurred_at >= $4) AS counted
        CROSS JOIN (SELECT max(until) AS until FROM past_time_zone
                    WHERE organisation_id = $1 AND person_id = $2) AS moved
        WHERE p.organisation_id = $1 AND p.id = $2 AND p.time_zone IS DISTINCT FROM $3
        ON CONFLICT DO NOTHING
        """,
        tx.organisation_id,
        person_id,
        time_zone,
        now,
    )
    count: int = await tx.fetchval(
        "SELECT count(*) FROM past_time_zone WHERE organisation_id = $1 AND person_id = $2",
        tx.organisation_id,
        person_id,
    )
    return count


async def forget_zones(tx: Transaction, person_id: PersonId) -> None:
    """Drop where a person was before."""
    await tx.execute(
        "DELETE FROM past_time_zone WHERE organisation_id = $1 AND person_id = $2", tx.organisation_id, person_id
    )


async def insert_identifier(tx: Transaction, person_id: PersonId, kind: str, value: str) -> bool:
    """Give a person an identifier; False when somebody has it. The table's key decides races."""
    return await add_row_once(tx, "person_identifier", {"kind": kind, "value": value, "person_id": person_id})


async def remove_identifiers(tx: Transaction, person_id: PersonId, kinds: Sequence[str] | None = None) -> None:
    """Free a person's identifiers: those of `kinds`, or all."""
    await tx.execute(
        """
        DELETE FROM person_identifier
        WHERE organisation_id = $1 AND person_id = $2 AND ($3::text[] IS NULL OR kind = ANY($3::text[]))
        """,
        tx.organisation_id,
        person_id,
        kinds,
    )


async def identifiers_of(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, dict[str, str]]:
    """The identifiers of people, by kind."""
    rows = await tx.fetch(
        """
        SELECT person_id, kind, value FROM person_identifier
        WHERE organisation_id = $1 AND person_id = ANY($2::bigint[]) ORDER BY person_id, kind
        """,
        tx.organisation_id,
        person_ids,
    )
    found: dict[PersonId, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["person_id"], {})[row["kind"]] = row["value"]
    return found


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


# ------------------------------------------------------------------------------------------------------ one-time links
async def insert_link(tx: Transaction, values: dict[str, Any]) -> None:
    """A new link from column values."""
    await add_row(tx, "one_time_link", values)


async def find_link_public(tx: Transaction, uid: str) -> Row | None:
    """The link of this uid; for a transaction of `Database.public_lookup`."""
    return await tx.fetchrow(
        """
        SELECT organisation_id, uid, person_id, credential_id, secret_hash, destination, fallback, expires_at, used_at
        FROM one_time_link WHERE uid = $1
        """,
        uid,
    )


async def use_link(tx: Transaction, uid: str, now: datetime) -> bool:
    """Mark the link as used; False when it was already."""
    used = await tx.execute(
        "UPDATE one_time_link SET used_at = $3 WHERE organisation_id = $1 AND uid = $2 AND used_at IS NULL",
        tx.organisation_id,
        uid,
        now,
    )
    return used == 1


async def delete_old_links(tx: Transaction, before: datetime) -> int:
    """Remove links that ended before then; for a transaction across organisations."""
    return await tx.execute("DELETE FROM one_time_link WHERE expires_at < $1", before)


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


async def count_links(tx: Transaction, person_id: PersonId, since: datetime) -> int:
    """How many one-time links were made for a person since then."""
    found: int = await tx.fetchval(
        """
        SELECT count(*) FROM one_time_link WHERE organisation_id = $1 AND person_id = $2 AND created_at > $3
        """,
        tx.organisation_id,
        person_id,
        since,
    )
    return found


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
