"""The SQL of attempts and participations."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from laurel.base.ids import PersonId
from laurel.database.pool import Transaction
from laurel.database.rows import add_row_once, put_row
from laurel.domain.attempts.model import Attempt, Participation

_ATTEMPT = ", ".join(Attempt.__struct_fields__)
_PARTICIPATION = ", ".join(Participation.__struct_fields__)


async def attempts(tx: Transaction, person_id: PersonId, challenge_ids: Sequence[int]) -> dict[int, Attempt]:
    """Where a person stands, by challenge."""
    rows = await tx.fetch(
        f"""
        SELECT {_ATTEMPT} FROM challenge_attempt
        WHERE organisation_id = $1 AND person_id = $2 AND challenge_id = ANY($3::bigint[])
        """,
        tx.organisation_id,
        person_id,
        list(challenge_ids),
    )
    return {row["challenge_id"]: Attempt(**dict(row)) for row in rows}


async def save_attempt(tx: Transaction, attempt: Attempt) -> None:
    """Write it; the person's progress row, locked by the spine, guards it."""
    values = msgspec.structs.asdict(attempt)
    key = {name: values.pop(name) for name in ("person_id", "challenge_id")}
    await put_row(tx, "challenge_attempt", key, values)


async def insert_participation(tx: Transaction, new: Participation) -> Participation | None:
    """Record a participation; None when it is new, else the one that has the nonce."""
    if await add_row_once(tx, "challenge_participation", new.columns()):
        return None
    known = await find_participation(tx, new)
    assert known is not None  # noqa: S101 - the constraint said that it is there, and participations stay
    return known


async def find_participation(tx: Transaction, like: Participation) -> Participation | None:
    """The recorded participation with the same person, action and nonce."""
    row = await tx.fetchrow(
        f"""
        SELECT {_PARTICIPATION} FROM challenge_participation
        WHERE organisation_id = $1 AND person_id = $2 AND action_id = $3 AND nonce = $4
        """,
        tx.organisation_id,
        like.person_id,
        like.action_id,
        like.nonce,
    )
    return None if row is None else Participation.from_row(row)


async def count_participations(tx: Transaction, person_id: PersonId, action_id: str, round_: int) -> int:
    """How often a person took part in an action within a round; what was retracted does not count."""
    count: int = await tx.fetchval(
        """
        SELECT count(*) FROM challenge_participation
        WHERE organisation_id = $1 AND person_id = $2 AND action_id = $3 AND round = $4
          AND retracted_at IS NULL
        """,
        tx.organisation_id,
        person_id,
        action_id,
        round_,
    )
    return count


async def retract_participation(tx: Transaction, person_id: PersonId, uid: str, now: datetime) -> Participation | None:
    """Mark a participation as retracted; None when there is none that was not."""
    row = await tx.fetchrow(
        f"""
        UPDATE challenge_participation SET retracted_at = $4
        WHERE organisation_id = $1 AND person_id = $2 AND uid = $3 AND retracted_at IS NULL RETURNING {_PARTICIPATION}
        """,
        tx.organisation_id,
        person_id,
        uid,
        now,
    )
    return None if row is None else Participation.from_row(row)


async def participations_in_round(tx: Transaction, like: Participation) -> list[Participation]:
    """Everything that the person of `like` did in its action in its round and that met it, also what was retracted."""
    rows = await tx.fetch(
        f"""
        SELECT {_PARTICIPATION} FROM challenge_participation
        WHERE organisation_id = $1 AND person_id = $2 AND action_id = $3 AND round = $4 AND met ORDER BY at
        """,
        tx.organisation_id,
        like.person_id,
        like.action_id,
        like.round,
    )
    return [Participation.from_row(row) for row in rows]


async def list_newest(
    tx: Transaction, challenge_id: int, *, person_id: PersonId | None, before_uid: str | None, limit: int
) -> list[Participation]:
    """What people took part in of a challenge, newest first, from below `before_uid`; one person's if asked for."""
    rows = await tx.fetch(
        f"""
        SELECT {_PARTICIPATION} FROM challenge_participation
        WHERE organisation_id = $1 AND challenge_id = $2 AND ($3::bigint IS NULL OR person_id = $3)
          AND ($4::text IS NULL OR uid < $4)
        ORDER BY uid DESC LIMIT $5
        """,
        tx.organisation_id,
        challenge_id,
        person_id,
        before_uid,
        limit,
    )
    return [Participation.from_row(row) for row in rows]
