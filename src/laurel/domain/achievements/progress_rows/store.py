"""The SQL of progress: one row a person, and the rows of older periods. Decides nothing."""

from collections.abc import Sequence

from laurel.base.ids import AchievementId, PersonId
from laurel.database.pool import Transaction, columns
from laurel.domain.achievements.evaluate import PastKey, PersonState, decode_entry, encode_entry
from laurel.domain.achievements.rules import Entry

_LOAD_STATES = """
SELECT person_id, state FROM progress WHERE organisation_id = $1 AND person_id = ANY($2::bigint[])
ORDER BY person_id FOR NO KEY UPDATE
"""


async def load_states(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, PersonState]:
    """The progress of people; whoever does not exist is absent (a trigger makes the row with the person).

    The row is the person's lock: it is held until the transaction ends, and taken in the order of ids, so that writers
    wait for each other and never in a circle.
    """
    rows = await tx.fetch(_LOAD_STATES, tx.organisation_id, person_ids)
    return {row[0]: PersonState(row[0], row[1]) for row in rows}


async def read_states(tx: Transaction, person_ids: Sequence[PersonId]) -> dict[PersonId, PersonState]:
    """People's progress without the lock, for reading."""
    rows = await tx.fetch(
        "SELECT person_id, state FROM progress WHERE organisation_id = $1 AND person_id = ANY($2::bigint[])",
        tx.organisation_id,
        person_ids,
    )
    stored = {row["person_id"]: row["state"] for row in rows}
    return {person_id: PersonState(person_id, stored.get(person_id) or b"") for person_id in person_ids}


async def read_state(tx: Transaction, person_id: PersonId) -> PersonState:
    """As `read_states`, of one person."""
    return (await read_states(tx, [person_id]))[person_id]


async def save_states(tx: Transaction, states: Sequence[PersonState]) -> None:
    """Write changed progress; the rows are locked since `load_states`.

    The people are named twice: for the join alone PostgreSQL reads the rows of everybody in the organisation, as long as
    it has no statistics that tell how many they are.
    """
    await tx.execute(
        """
        UPDATE progress p SET state = n.state FROM unnest($2::bigint[], $3::bytea[]) AS n(person_id, state)
        WHERE p.organisation_id = $1 AND p.person_id = n.person_id AND p.person_id = ANY($2::bigint[])
        """,
        tx.organisation_id,
        [state.person_id for state in states],
        [state.encoded() for state in states],
    )


async def load_past(
    tx: Transaction, wanted: Sequence[tuple[PersonId, PastKey]]
) -> dict[tuple[PersonId, PastKey], Entry]:
    """Entries of older periods."""
    rows = await tx.fetch(
        """
        SELECT p.person_id, p.achievement_id, p.period, p.entry FROM past_progress p
        JOIN unnest($2::bigint[], $3::bigint[], $4::integer[]) AS w(person_id, achievement_id, period)
          USING (person_id, achievement_id, period)
        WHERE p.organisation_id = $1 AND p.person_id = ANY($2::bigint[])
        """,
        tx.organisation_id,
        *columns([(person_id, *key) for person_id, key in wanted], 3),
    )
    return {(row[0], (row[1], row[2])): decode_entry(row[3]) for row in rows}


async def save_past(tx: Transaction, states: Sequence[PersonState]) -> None:
    """Write the older periods that changed. The person's progress row, written in the same transaction, guards them."""
    rows = sorted(
        (state.person_id, *key, encode_entry(state.past[key])) for state in states for key in state.past_changed
    )
    if rows:
        await tx.execute(
            """
            INSERT INTO past_progress (organisation_id, person_id, achievement_id, period, entry)
            SELECT $1, n.* FROM unnest($2::bigint[], $3::bigint[], $4::integer[], $5::bytea[]) AS n
            ON CONFLICT (organisation_id, person_id, achievement_id, period) DO UPDATE SET entry = EXCLUDED.entry
            """,
            tx.organisation_id,
            *columns(rows, 4),
        )


async def forget_past(tx: Transaction, person_id: PersonId, achievement_id: AchievementId) -> None:
    """Drop the older periods of one achievement, before they are counted anew."""
    await tx.execute(
        "DELETE FROM past_progress WHERE organisation_id = $1 AND person_id = $2 AND achievement_id = $3",
        tx.organisation_id,
        person_id,
        achievement_id,
    )
