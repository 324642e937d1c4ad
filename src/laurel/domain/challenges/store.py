"""The SQL of challenges and groups."""

from collections.abc import Sequence
from typing import Any

from laurel.base.ids import PersonId, new_uid
from laurel.database.pool import Transaction
from laurel.database.rows import insert_row, update_row
from laurel.database.slices import Slice, page_of
from laurel.domain.challenges.model import Challenge, Group

_CHALLENGE = ", ".join(Challenge.__struct_fields__)
_GROUP = ", ".join(Group.__struct_fields__)
_LISTED = "organisation_id = $1 AND deleted_at IS NULL AND status = ANY($2::text[])"


# ----------------------------------------------------------------------------------------------------------- challenges
async def insert_challenge(tx: Transaction, values: dict[str, Any]) -> Challenge:
    """A new challenge from column values."""
    return Challenge.from_row(await insert_row(tx, "challenge", {"uid": new_uid(), **values}, _CHALLENGE))


async def update_challenge(tx: Transaction, challenge_id: int, values: dict[str, Any]) -> Challenge:
    """Change columns of a challenge."""
    return Challenge.from_row(await update_row(tx, "challenge", {"id": challenge_id}, values, _CHALLENGE))


async def find_challenge(tx: Transaction, uid: str) -> Challenge | None:
    """The challenge with this uid."""
    row = await tx.fetchrow(
        f"""
        SELECT {_CHALLENGE} FROM challenge
        WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL{tx.in_department()}
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None else Challenge.from_row(row)


async def find_challenge_of_action(tx: Transaction, action_id: str) -> Challenge | None:
    """The challenge that an action belongs to."""
    row = await tx.fetchrow(
        f"""
        SELECT {_CHALLENGE} FROM challenge
        WHERE organisation_id = $1 AND actions @> $2::jsonb AND deleted_at IS NULL{tx.in_department()}
        """,
        tx.organisation_id,
        [{"id": action_id}],
    )
    return None if row is None else Challenge.from_row(row)


async def find_challenges(tx: Transaction, ids: Sequence[int]) -> dict[int, Challenge]:
    """Challenges by integer id."""
    rows = await tx.fetch(
        f"""
        SELECT {_CHALLENGE} FROM challenge
        WHERE organisation_id = $1 AND id = ANY($2::bigint[]) AND deleted_at IS NULL{tx.in_department()}
        """,
        tx.organisation_id,
        list(ids),
    )
    return {row["id"]: Challenge.from_row(row) for row in rows}


async def ids_by_uid(tx: Transaction, uids: Sequence[str]) -> dict[str, int]:
    """Integer ids of challenges."""
    rows = await tx.fetch(
        f"""
        SELECT uid, id FROM challenge
        WHERE organisation_id = $1 AND uid = ANY($2::text[]) AND deleted_at IS NULL{tx.in_department()}
        """,
        tx.organisation_id,
        list(uids),
    )
    return {row["uid"]: row["id"] for row in rows}


async def page_challenges(tx: Transaction, *, statuses: Sequence[str], wanted: Slice) -> tuple[int, list[Challenge]]:
    """(how many in all, the slice)."""
    total, rows = await page_of(
        tx, "challenge", _CHALLENGE, _LISTED + tx.in_department(), (tx.organisation_id, list(statuses)), wanted
    )
    return total, [Challenge.from_row(row) for row in rows]


async def list_newest(
    tx: Transaction, *, statuses: Sequence[str], before_id: int | None, limit: int
) -> list[Challenge]:
    """Challenges in these states, newest first, from below `before_id`."""
    rows = await tx.fetch(
        f"""
        SELECT {_CHALLENGE} FROM challenge
        WHERE {_LISTED} AND ($3::bigint IS NULL OR id < $3){tx.in_department()} ORDER BY id DESC LIMIT $4
        """,
        tx.organisation_id,
        list(statuses),
        before_id,
        limit,
    )
    return [Challenge.from_row(row) for row in rows]


async def counts(tx: Transaction, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Per challenge: how many people started, how many completions there were."""
    rows = await tx.fetch(
        """
        SELECT challenge_id, count(started_at) AS started, sum(completions)::bigint AS completed FROM challenge_attempt
        WHERE organisation_id = $1 AND challenge_id = ANY($2::bigint[]) GROUP BY challenge_id
        """,
        tx.organisation_id,
        list(ids),
    )
    return {row["challenge_id"]: (row["started"], row["completed"]) for row in rows}


# --------------------------------------------------------------------------------------------------------------- groups
async def insert_group(tx: Transaction, values: dict[str, Any]) -> Group:
    """A new group from column values."""
    return Group.from_row(await insert_row(tx, "challenge_group", {"uid": new_uid(), **values}, _GROUP))


async def update_group(tx: Transaction, group_id: int, values: dict[str, Any]) -> Group:
    """Change columns of a group."""
    return Group.from_row(await update_row(tx, "challenge_group", {"id": group_id}, values, _GROUP))


async def find_group(tx: Transaction, uid: str) -> Group | None:
    """The group with this uid."""
    row = await tx.fetchrow(
        f"""
        SELECT {_GROUP} FROM challenge_group
        WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL{tx.in_department()}
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None else Group.from_row(row)


async def page_groups(tx: Transaction, *, statuses: Sequence[str], wanted: Slice) -> tuple[int, list[Group]]:
    """(how many in all, the slice)."""
    total, rows = await page_of(
        tx, "challenge_group", _GROUP, _LISTED + tx.in_department(), (tx.organisation_id, list(statuses)), wanted
    )
    return total, [Group.from_row(row) for row in rows]


# ---------------------------------------------------------------------------------------------------------- completions
async def completed_by_department(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, dict[int, int]]:
    """How many challenges people completed, by the challenge's department (0: the organisation)."""
    rows = await tx.fetch(
        """
        SELECT a.person_id, coalesce(c.department_id, 0) AS department_id, count(*) AS challenges FROM challenge_attempt a
        JOIN challenge c ON c.organisation_id = $1 AND c.id = a.challenge_id
        WHERE a.organisation_id = $1 AND a.person_id = ANY($2::bigint[]) AND a.completions > 0 GROUP BY 1, 2
        """,
        tx.organisation_id,
        person_ids,
    )
    completed: dict[PersonId, dict[int, int]] = {}
    for row in rows:
        completed.setdefault(row["person_id"], {})[row["department_id"]] = row["challenges"]
    return completed
