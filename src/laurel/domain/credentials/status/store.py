"""The SQL of status lists: places set aside, what is revoked or suspended, the documents as signed."""

from datetime import datetime
from typing import NamedTuple

from laurel.base.ids import new_uid
from laurel.database.pool import Transaction
from laurel.database.rows import add_row
from laurel.domain.credentials.model import StatusList

_STATUS_LIST = """
SELECT organisation_id, id, uid, length, version, signed_version, valid_until, NULL::timestamptz AS changes_at, document
FROM status_list
"""


_SUSPENSION_LIST = """
SELECT l.organisation_id, l.id, l.uid, l.length, s.version, s.signed_version, s.valid_until, s.changes_at, s.document
FROM status_list l
JOIN suspension_list s ON s.organisation_id = l.organisation_id AND s.status_list_id = l.id
"""


class Places(NamedTuple):
    """Entries of a status list that were set aside: those numbered `first` to `first + amount - 1` of its shuffled order."""

    id: int
    uid: str
    length: int
    seed: bytes
    first: int
    amount: int


async def set_places_aside(tx: Transaction, count: int) -> Places | None:
    """Up to `count` entries of a list with room, never given to anybody else; None when every list is full."""
    row = await tx.fetchrow(
        """
        UPDATE status_list l SET used = least(l.used + $2, l.length)
        FROM (SELECT id, used FROM status_list WHERE organisation_id = $1 AND used < length
              ORDER BY id LIMIT 1 FOR UPDATE) AS before
        WHERE l.organisation_id = $1 AND l.id = before.id
        RETURNING l.id, l.uid, l.length, l.seed, before.used AS first, l.used - before.used AS amount
        """,
        tx.organisation_id,
        count,
    )
    return None if row is None else Places(**row)


async def insert_status_list(tx: Transaction, seed: bytes, length: int, now: datetime) -> None:
    """Begin a list."""
    values = {"uid": new_uid(), "seed": seed, "length": length, "created_at": now}
    await add_row(tx, "status_list", values)


async def status_list_public(tx: Transaction, uid: str) -> StatusList | None:
    """A list by its uid, whoever keeps it; for a transaction of `Database.public_lookup`."""
    row = await tx.fetchrow(f"{_STATUS_LIST} WHERE uid = $1", uid)
    return None if row is None else StatusList.from_row(row)


async def suspension_list(tx: Transaction, list_id: int) -> StatusList | None:
    """The suspensions of the places of a list; None before they were first asked for."""
    row = await tx.fetchrow(
        f"{_SUSPENSION_LIST} WHERE l.organisation_id = $1 AND l.id = $2", tx.organisation_id, list_id
    )
    return None if row is None else StatusList.from_row(row)


async def status_list_uids(tx: Transaction) -> dict[int, str]:
    """The uids of the organisation's lists by id."""
    rows = await tx.fetch("SELECT id, uid FROM status_list WHERE organisation_id = $1", tx.organisation_id)
    return {row["id"]: row["uid"] for row in rows}


async def lock_status_list(tx: Transaction, list_id: int) -> StatusList:
    """A list, locked until the transaction ends."""
    row = await tx.fetchrow(
        f"{_STATUS_LIST} WHERE organisation_id = $1 AND id = $2 FOR UPDATE",
        tx.organisation_id,
        list_id,
    )
    assert row is not None  # noqa: S101 - lists are never removed
    return StatusList.from_row(row)


async def lock_suspension_list(tx: Transaction, list_id: int) -> StatusList:
    """The suspensions of the places of a list, locked until the transaction ends; begun where there are none."""
    await tx.execute(
        "INSERT INTO suspension_list (organisation_id, status_list_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        tx.organisation_id,
        list_id,
    )
    row = await tx.fetchrow(
        f"{_SUSPENSION_LIST} WHERE l.organisation_id = $1 AND l.id = $2 FOR UPDATE OF s", tx.organisation_id, list_id
    )
    assert row is not None  # noqa: S101 - lists are never removed
    return StatusList.from_row(row)


async def revoked_places(tx: Transaction, list_id: int) -> list[int]:
    """The entries of a list whose credentials, or endorsements, are revoked."""
    rows = await tx.fetch(
        """
        SELECT status_index FROM credential
        WHERE organisation_id = $1 AND status_list_id = $2 AND revoked_at IS NOT NULL
        UNION ALL
        SELECT status_index FROM endorsement
        WHERE organisation_id = $1 AND status_list_id = $2 AND revoked_at IS NOT NULL
        """,
        tx.organisation_id,
        list_id,
    )
    return [row["status_index"] for row in rows]


async def suspended_places(tx: Transaction, list_id: int, now: datetime) -> tuple[list[int], datetime | None]:
    """(the entries of a list whose credentials are suspended, when the first of these suspensions ends by itself)."""
    rows = await tx.fetch(
        """
        SELECT status_index, suspended_until FROM credential
        WHERE organisation_id = $1 AND status_list_id = $2 AND suspended_at IS NOT NULL
          AND (suspended_until IS NULL OR suspended_until > $3)
        """,
        tx.organisation_id,
        list_id,
        now,
    )
    ends = [row["suspended_until"] for row in rows if row["suspended_until"] is not None]
    return [row["status_index"] for row in rows], min(ends, default=None)


async def touch_status_lists(tx: Transaction, list_id: int | None = None) -> None:
    """Have a list (or all of the organisation) signed anew before it is shown again."""
    await tx.execute(
        "UPDATE status_list SET version = version + 1 WHERE organisation_id = $1 AND ($2::bigint IS NULL OR id = $2)",
        tx.organisation_id,
        list_id,
    )


async def touch_suspension_list(tx: Transaction, list_id: int) -> None:
    """As touch_status_lists, for the suspensions of one list; begun where there are none, so that who signs it for the
    first time at this moment waits.
    """
    await tx.execute(
        """
        INSERT INTO suspension_list AS s (organisation_id, status_list_id) VALUES ($1, $2)
        ON CONFLICT (organisation_id, status_list_id) DO UPDATE SET version = s.version + 1
        """,
        tx.organisation_id,
        list_id,
    )


async def touch_suspension_lists(tx: Transaction) -> None:
    """As touch_status_lists, for all suspensions of the organisation."""
    await tx.execute("UPDATE suspension_list SET version = version + 1 WHERE organisation_id = $1", tx.organisation_id)


async def set_suspension_document(
    tx: Transaction, shown: StatusList, document: str, valid_until: datetime, changes_at: datetime | None
) -> None:
    """Keep a signed list of suspensions."""
    await tx.execute(
        """
        UPDATE suspension_list SET document = $3, signed_version = $4, valid_until = $5, changes_at = $6
        WHERE organisation_id = $1 AND status_list_id = $2
        """,
        tx.organisation_id,
        shown.id,
        document,
        shown.version,
        valid_until,
        changes_at,
    )


async def set_status_document(tx: Transaction, shown: StatusList, document: str, valid_until: datetime) -> None:
    """Keep a signed list."""
    await tx.execute(
        """
        UPDATE status_list SET document = $3, signed_version = $4, valid_until = $5
        WHERE organisation_id = $1 AND id = $2
        """,
        tx.organisation_id,
        shown.id,
        document,
        shown.version,
        valid_until,
    )
