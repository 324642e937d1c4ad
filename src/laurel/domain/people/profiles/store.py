"""The SQL of learner profiles and goals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from laurel.base.ids import PersonId
from laurel.database.pool import Row, Transaction
from laurel.database.rows import insert_row, update_row_if_there
from laurel.domain.people.profiles.model import Goal, LearnerProfile

PROFILE_COLUMNS = ", ".join(LearnerProfile.__struct_fields__)
GOAL_COLUMNS = ", ".join(Goal.__struct_fields__)


# ------------------------------------------------------------------------------------------------------------ profiles
async def insert_profile(tx: Transaction, values: dict[str, Any]) -> LearnerProfile:
    """A new profile from column values; a unique violation means that the person has one."""
    return LearnerProfile.from_row(await insert_row(tx, "learner_profile", values, PROFILE_COLUMNS))


async def update_profile(tx: Transaction, profile_id: int, values: dict[str, Any]) -> LearnerProfile | None:
    """Change columns of a profile; None when there is none (any more)."""
    row = await update_row_if_there(tx, "learner_profile", {"id": profile_id}, values, PROFILE_COLUMNS)
    return None if row is None else LearnerProfile.from_row(row)


async def update_profile_of(tx: Transaction, person_id: PersonId, values: dict[str, Any]) -> None:
    """Change columns of a person's profile, if there is one."""
    await update_row_if_there(tx, "learner_profile", {"person_id": person_id}, values, "id")


async def profile_of(tx: Transaction, person_id: PersonId) -> LearnerProfile | None:
    """The person's profile."""
    row = await tx.fetchrow(
        f"""
        SELECT {PROFILE_COLUMNS} FROM learner_profile
        WHERE organisation_id = $1 AND person_id = $2 AND deleted_at IS NULL
        """,
        tx.organisation_id,
        person_id,
    )
    return None if row is None else LearnerProfile.from_row(row)


async def find_profile(tx: Transaction, uid: str) -> LearnerProfile | None:
    """The profile with this uid."""
    row = await _living(tx, "learner_profile", PROFILE_COLUMNS, uid)
    return None if row is None else LearnerProfile.from_row(row)


_LISTED_PROFILES = """
learner_profile WHERE organisation_id = $1 AND deleted_at IS NULL AND ($2::boolean IS NULL OR (archived_at IS NOT NULL) = $2)
AND ($3::jsonb IS NULL OR goals @> $3)
"""


async def list_profiles(
    tx: Transaction, *, archived: bool | None, goal: str | None, before_id: int | None, offset: int, limit: int
) -> list[LearnerProfile]:
    """Profiles, newest first, from below `before_id`, leaving out the first `offset`; optionally having a goal."""
    wanted = (tx.organisation_id, archived, None if goal is None else [goal])
    rows = await _newest(tx, PROFILE_COLUMNS, _LISTED_PROFILES, wanted, (before_id, offset, limit))
    return [LearnerProfile.from_row(row) for row in rows]


async def count_profiles(tx: Transaction, *, archived: bool | None, goal: str | None) -> int:
    """How many `list_profiles` goes through."""
    count: int = await tx.fetchval(
        f"SELECT count(*) FROM {_LISTED_PROFILES}",
        tx.organisation_id,
        archived,
        None if goal is None else [goal],
    )
    return count


async def profile_id_of(tx: Transaction, uid: str) -> int | None:
    """The place of a profile in the list's order, also of a deleted one."""
    return await _number_of(tx, "learner_profile", uid)


# --------------------------------------------------------------------------------------------------------------- goals
async def insert_goal(tx: Transaction, values: dict[str, Any]) -> Goal:
    """A new goal from column values."""
    return Goal.from_row(await insert_row(tx, "goal", values, GOAL_COLUMNS))


async def update_goal(tx: Transaction, uid: str, values: dict[str, Any]) -> Goal | None:
    """Change columns of a goal; None when there is none."""
    row = await update_row_if_there(tx, "goal", {"uid": uid}, values, GOAL_COLUMNS)
    return None if row is None else Goal.from_row(row)


async def find_goal(tx: Transaction, uid: str) -> Goal | None:
    """The goal with this uid."""
    row = await _living(tx, "goal", GOAL_COLUMNS, uid)
    return None if row is None else Goal.from_row(row)


_LISTED_GOALS = """
goal WHERE organisation_id = $1 AND deleted_at IS NULL AND ($2::boolean IS NULL OR (archived_at IS NOT NULL) = $2)
AND ($3::text IS NULL OR type = $3) AND ($4::text IS NULL OR name = $4)
"""


async def list_goals(
    tx: Transaction,
    *,
    archived: bool | None = None,
    type_: str | None = None,
    name: str | None = None,
    before_id: int | None = None,
    offset: int = 0,
    limit: int,
) -> list[Goal]:
    """Goals, newest first, from below `before_id`, leaving out the first `offset`; optionally by type and name."""
    wanted = (tx.organisation_id, archived, type_, name)
    rows = await _newest(tx, GOAL_COLUMNS, _LISTED_GOALS, wanted, (before_id, offset, limit))
    return [Goal.from_row(row) for row in rows]


async def count_goals(tx: Transaction, *, archived: bool | None, type_: str | None) -> int:
    """How many `list_goals` goes through."""
    count: int = await tx.fetchval(f"SELECT count(*) FROM {_LISTED_GOALS}", tx.organisation_id, archived, type_, None)
    return count


async def goal_id_of(tx: Transaction, uid: str) -> int | None:
    """The place of a goal in the list's order, also of a deleted one."""
    return await _number_of(tx, "goal", uid)


# ---------------------------------------------------------------------------------------------------------------- both
async def _living(tx: Transaction, table: str, columns: str, uid: str) -> Row | None:
    return await tx.fetchrow(
        f"SELECT {columns} FROM {table} WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL",
        tx.organisation_id,
        uid,
    )


async def _number_of(tx: Transaction, table: str, uid: str) -> int | None:
    found: int | None = await tx.fetchval(
        f"SELECT id FROM {table} WHERE organisation_id = $1 AND uid = $2", tx.organisation_id, uid
    )
    return found


async def _newest(
    tx: Transaction, columns: str, found: str, wanted: tuple[Any, ...], part: tuple[int | None, int, int]
) -> list[Row]:
    """Of what is found, newest first, a part: from below an id, leaving out the first few, so many."""
    below, offset, limit = (f"${len(wanted) + place}" for place in (1, 2, 3))
    return await tx.fetch(
        f"""
        SELECT {columns} FROM {found} AND ({below}::bigint IS NULL OR id < {below})
        ORDER BY id DESC OFFSET {offset} LIMIT {limit}
        """,
        *wanted,
        *part,
    )


# --------------------------------------------------------------------------------------------------- with their people
async def person_gone(tx: Transaction, person_id: PersonId, now: datetime) -> None:
    """A person was deleted: so is the profile."""
    await update_profile_of(tx, person_id, {"deleted_at": now, "updated_at": now})


async def persons_archived(tx: Transaction, person_ids: Sequence[PersonId], archived_at: datetime | None) -> None:
    """People were archived, or are no longer: so are their profiles."""
    await tx.execute(
        """
        UPDATE learner_profile SET archived_at = $3
        WHERE organisation_id = $1 AND person_id = ANY($2::bigint[]) AND deleted_at IS NULL
        """,
        tx.organisation_id,
        person_ids,
        archived_at,
    )
