"""The SQL of leaderboards: definitions, scores, the histogram, what was closed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from laurel.base.ids import OrganisationId, PersonId
from laurel.database.pool import Transaction, columns
from laurel.database.rows import add_row_once, insert_row, update_row
from laurel.database.slices import Slice, page_of
from laurel.domain.leaderboards.model import Leaderboard

COLUMNS = ", ".join(Leaderboard.__struct_fields__)


# ---------------------------------------------------------------------------------------------------------- definitions
async def insert(tx: Transaction, values: dict[str, Any]) -> Leaderboard:
    """A new leaderboard from column values."""
    return Leaderboard.from_row(await insert_row(tx, "leaderboard", values, COLUMNS))


async def update(tx: Transaction, board_id: int, values: dict[str, Any]) -> Leaderboard:
    """Change columns of a leaderboard."""
    return Leaderboard.from_row(await update_row(tx, "leaderboard", {"id": board_id}, values, COLUMNS))


def _shown(tx: Transaction) -> str:
    """A condition to append: of the boards that count departments by name, only those of the caller's alone.

    A board that counts everybody is the default department's, as everything is that has none.
    """
    if tx.department_id is None:
        return ""
    counted = "CASE cardinality(department_ids) WHEN 0 THEN NULL WHEN 1 THEN department_ids[1] ELSE 0 END"
    return tx.in_department(counted)


async def find(tx: Transaction, uid: str) -> Leaderboard | None:
    """The leaderboard with this uid."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS} FROM leaderboard
        WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL{_shown(tx)}
        """,
        tx.organisation_id,
        uid,
    )
    return None if row is None else Leaderboard.from_row(row)


async def list_live(tx: Transaction) -> list[Leaderboard]:
    """Every leaderboard that counts, before its start or after its end included."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM leaderboard
        WHERE organisation_id = $1 AND status = 'live' AND deleted_at IS NULL ORDER BY id
        """,
        tx.organisation_id,
    )
    return [Leaderboard.from_row(row) for row in rows]


async def list_newest(
    tx: Transaction, *, statuses: Sequence[str], before_id: int | None, limit: int
) -> list[Leaderboard]:
    """Leaderboards in these states, newest first, from below `before_id`."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM leaderboard
        WHERE organisation_id = $1 AND deleted_at IS NULL AND status = ANY($2::text[])
          AND ($3::bigint IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $4
        """,
        tx.organisation_id,
        list(statuses),
        before_id,
        limit,
    )
    return [Leaderboard.from_row(row) for row in rows]


async def page(
    tx: Transaction, *, statuses: Sequence[str], department_id: int | None, wanted: Slice, now: datetime
) -> tuple[int, list[Leaderboard]]:
    """(how many in all, the slice) of those whose status is, at `now`, one of `statuses` (scheduled and expired ones too).

    department_id: only those that count that department.
    """
    where = """organisation_id = $1 AND deleted_at IS NULL
        AND CASE WHEN status <> 'live' THEN status WHEN $4 < starts_at THEN 'scheduled'
                 WHEN expires_at <= $4 THEN 'expired' ELSE status END = ANY($2::text[])
        AND ($3::bigint IS NULL OR department_ids = '{}' OR $3 = ANY(department_ids))"""
    where += _shown(tx)
    arguments = (tx.organisation_id, list(statuses), department_id, now)
    searched = "strpos(lower(name), ${}) > 0"
    total, rows = await page_of(tx, "leaderboard", COLUMNS, where, arguments, wanted, searched=searched)
    return total, [Leaderboard.from_row(row) for row in rows]


# --------------------------------------------------------------------------------------------------------------- scores
class Scored(NamedTuple):
    """A score after something was added."""

    board_id: int
    period: int
    person_id: PersonId
    score: Decimal
    is_new: bool


async def add_scores(tx: Transaction, rows: Sequence[tuple[int, int, PersonId, Decimal, datetime]]) -> list[Scored]:
    """Add to scores; rows are (board, period, person, amount, instant), sorted by key. The new scores."""
    found = await tx.fetch(
        """
        INSERT INTO leaderboard_score AS s (organisation_id, leaderboard_id, period, person_id, score, reached_at)
        SELECT $1, n.* FROM unnest($2::bigint[], $3::integer[], $4::bigint[], $5::numeric[], $6::timestamptz[]) AS n
        ON CONFLICT (organisation_id, leaderboard_id, period, person_id)
        DO UPDATE SET score = s.score + EXCLUDED.score, reached_at = EXCLUDED.reached_at
        RETURNING leaderboard_id, period, person_id, score, xmax = 0
        """,
        tx.organisation_id,
        *columns(rows, 5),
    )
    return [Scored(*row.values()) for row in found]


async def lock_open_scores(
    tx: Transaction, keys: Sequence[tuple[int, int, PersonId]]
) -> dict[tuple[int, int, PersonId], Decimal]:
    """Scores by (board, period, person), locked, of periods that were not closed."""
    rows = await tx.fetch(
        """
        SELECT s.leaderboard_id, s.period, s.person_id, s.score FROM leaderboard_score s
        JOIN unnest($2::bigint[], $3::integer[], $4::bigint[]) AS k(leaderboard_id, period, person_id)
          USING (leaderboard_id, period, person_id)
        WHERE s.organisation_id = $1
          AND NOT EXISTS (SELECT FROM leaderboard_closing c WHERE c.organisation_id = $1
                          AND c.leaderboard_id = s.leaderboard_id AND c.period = s.period)
        ORDER BY 1, 2, 3 FOR UPDATE OF s
        """,
        tx.organisation_id,
        *columns(keys, 3),
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def lower_scores(tx: Transaction, rows: Sequence[tuple[int, int, PersonId, Decimal]]) -> None:
    """Set locked scores to lower values; rows are (board, period, person, score), those of zero go away."""
    for keep in (True, False):
        wanted = [row for row in rows if bool(row[3]) is keep]
        if wanted:
            await tx.execute(
                f"""
                {"UPDATE leaderboard_score s SET score = n.score FROM" if keep else "DELETE FROM leaderboard_score s USING"}
                unnest($2::bigint[], $3::integer[], $4::bigint[], $5::numeric[])
                    AS n(leaderboard_id, period, person_id, score)
                WHERE s.organisation_id = $1 AND s.leaderboard_id = n.leaderboard_id AND s.period = n.period
                  AND s.person_id = n.person_id
                """,
                tx.organisation_id,
                *columns(wanted, 4),
            )


async def move_people(tx: Transaction, rows: Sequence[tuple[int, int, int, int, int, int]]) -> None:
    """Change the histogram; rows are (board, period, level, bucket, shard, change), sorted by key."""
    if rows:
        await tx.execute(
            """
            INSERT INTO leaderboard_bucket AS b (organisation_id, leaderboard_id, period, level, bucket, shard, people)
            SELECT $1, n.* FROM unnest($2::bigint[], $3::integer[], $4::smallint[], $5::bigint[], $6::smallint[],
                                       $7::integer[]) AS n
            ON CONFLICT (organisation_id, leaderboard_id, period, level, bucket, shard)
            DO UPDATE SET people = b.people + EXCLUDED.people
            """,
            tx.organisation_id,
            *columns(rows, 6),
        )


async def people_in_ranges(tx: Transaction, board_id: int, period: int, ranges: Sequence[tuple[int, int, int]]) -> int:
    """How many people are in buckets from first to last, summed over ranges of (level, first, last)."""
    count: int = await tx.fetchval(
        """
        SELECT coalesce(sum(people), 0)::bigint FROM unnest($4::smallint[], $5::bigint[], $6::bigint[])
            AS r(level, first, last)
        CROSS JOIN LATERAL (
            SELECT sum(b.people) AS people FROM leaderboard_bucket b
            WHERE b.organisation_id = $1 AND b.leaderboard_id = $2 AND b.period = $3 AND b.level = r.level
              AND b.bucket BETWEEN r.first AND r.last
        ) AS counted
        """,
        tx.organisation_id,
        board_id,
        period,
        *columns(ranges, 3),
    )
    return count


async def people_above_within(tx: Transaction, board_id: int, period: int, whole: int, billionths: int) -> int:
    """How many people have the same whole score and more billionths."""
    count: int = await tx.fetchval(
        """
        SELECT count(*) FROM leaderboard_score
        WHERE organisation_id = $1 AND leaderboard_id = $2 AND period = $3 AND whole = $4 AND billionths > $5
        """,
        tx.organisation_id,
        board_id,
        period,
        whole,
        billionths,
    )
    return count


async def participants(tx: Transaction, board_id: int, period: int) -> int:
    """How many people have a score."""
    count: int = await tx.fetchval(
        """
        SELECT coalesce(sum(people), 0)::bigint FROM leaderboard_bucket
        WHERE organisation_id = $1 AND leaderboard_id = $2 AND period = $3 AND level = -1 AND bucket = 0
        """,
        tx.organisation_id,
        board_id,
        period,
    )
    return count


async def top(tx: Transaction, board_id: int, period: int, *, limit: int, offset: int = 0) -> list[tuple[Any, ...]]:
    """(person, score, instant) from the top; of equal scores the one that was reached first comes first."""
    rows = await tx.fetch(
        """
        SELECT person_id, score, reached_at FROM leaderboard_score
        WHERE organisation_id = $1 AND leaderboard_id = $2 AND period = $3
        ORDER BY whole DESC, billionths DESC, reached_at, person_id LIMIT $4 OFFSET $5
        """,
        tx.organisation_id,
        board_id,
        period,
        limit,
        offset,
    )
    return [tuple(row.values()) for row in rows]


async def tops(tx: Transaction, boards: Mapping[int, int], limit: int) -> dict[int, list[tuple[Any, ...]]]:
    """As `top`, of many boards at once: their periods by board."""
    rows = await tx.fetch(
        """
        SELECT b.id, s.person_id, s.score, s.reached_at
        FROM unnest($2::bigint[], $3::integer[]) AS b(id, period) CROSS JOIN LATERAL (
            SELECT person_id, score, reached_at, whole, billionths FROM leaderboard_score
            WHERE organisation_id = $1 AND leaderboard_id = b.id AND period = b.period
            ORDER BY whole DESC, billionths DESC, reached_at, person_id LIMIT $4
        ) s ORDER BY b.id, s.whole DESC, s.billionths DESC, s.reached_at, s.person_id
        """,
        tx.organisation_id,
        list(boards),
        list(boards.values()),
        limit,
    )
    found: dict[int, list[tuple[Any, ...]]] = {board_id: [] for board_id in boards}
    for board_id, *place in rows:
        found[board_id].append(tuple(place))
    return found


async def score_of(tx: Transaction, board_id: int, period: int, person_id: PersonId) -> tuple[Decimal, datetime] | None:
    """A person's score and when it was reached."""
    row = await tx.fetchrow(
        """
        SELECT score, reached_at FROM leaderboard_score
        WHERE organisation_id = $1 AND leaderboard_id = $2 AND period = $3 AND person_id = $4
        """,
        tx.organisation_id,
        board_id,
        period,
        person_id,
    )
    return None if row is None else (row["score"], row["reached_at"])


# -------------------------------------------------------------------------------------------------------------- closing
async def periods_with_scores(tx: Transaction, board_id: int) -> list[int]:
    """The periods of a board that have scores and were not closed, oldest first."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT b.period FROM leaderboard_bucket b
        WHERE b.organisation_id = $1 AND b.leaderboard_id = $2 AND b.level = -1
          AND NOT EXISTS (SELECT FROM leaderboard_closing c WHERE c.organisation_id = $1
                          AND c.leaderboard_id = $2 AND c.period = b.period)
        ORDER BY b.period
        """,
        tx.organisation_id,
        board_id,
    )
    return [row["period"] for row in rows]


async def close(tx: Transaction, board_id: int, period: int, now: datetime) -> bool:
    """Note that a period's prizes are paid; False when they were before."""
    values = {"leaderboard_id": board_id, "period": period, "closed_at": now}
    return await add_row_once(tx, "leaderboard_closing", values)


async def closed_at(tx: Transaction, board_id: int, period: int) -> datetime | None:
    """When a period's prizes were paid; None before."""
    at: datetime | None = await tx.fetchval(
        """
        SELECT closed_at FROM leaderboard_closing
        WHERE organisation_id = $1 AND leaderboard_id = $2 AND period = $3
        """,
        tx.organisation_id,
        board_id,
        period,
    )
    return at


async def organisations_with_prizes(tx: Transaction) -> list[OrganisationId]:
    """Organisations with a live board that has prizes (needs a transaction across organisations)."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT organisation_id FROM leaderboard
        WHERE status = 'live' AND deleted_at IS NULL AND prizes <> '[]' ORDER BY organisation_id
        """
    )
    return [row["organisation_id"] for row in rows]
