"""The SQL of rewards: definitions, supply, grants and draws.

Supply changes only under its row lock and within its CHECK constraint; rows are locked in the order of their keys.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from laurel.base.ids import AwardId, PersonId, RewardId, new_uid, new_uids
from laurel.database.pool import Row, Transaction, columns
from laurel.database.rows import insert_row, insert_row_once, put_row, update_row
from laurel.database.slices import NAMES_HOLD, Slice, page_of
from laurel.domain.rewards.model import Grant, GrantKind, Reward, Supply

COLUMNS = ", ".join(Reward.__struct_fields__)
GRANT_COLUMNS = ", ".join(Grant.__struct_fields__)
SupplyKey = tuple[RewardId, GrantKind, str]


def _of_rewards_shown(tx: Transaction) -> str:
    """A condition to append for rows of rewards: that the caller may see the reward."""
    if tx.department_id is None:
        return ""
    return f""" AND reward_id IN (SELECT shown.id FROM reward shown
        WHERE shown.organisation_id = $1{tx.in_department("shown.department_id")})"""


async def find_by_uids(tx: Transaction, uids: Sequence[str], *, shown: bool = False) -> dict[str, Reward]:
    """Rewards by uid; absent and deleted ones are absent. shown: only those that the caller may see."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM reward WHERE organisation_id = $1 AND uid = ANY($2::text[]) AND deleted_at IS NULL
        {tx.in_department() if shown else ""}
        """,
        tx.organisation_id,
        uids,
    )
    return {row["uid"]: Reward.from_row(row) for row in rows}


async def find_by_ids(tx: Transaction, ids: Sequence[RewardId]) -> dict[RewardId, Reward]:
    """Rewards by integer id, deleted ones too."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM reward WHERE organisation_id = $1 AND id = ANY($2::bigint[])", tx.organisation_id, ids
    )
    return {row["id"]: Reward.from_row(row) for row in rows}


async def list_newest(tx: Transaction, before_id: int | None, limit: int) -> list[Reward]:
    """Rewards, newest first, from below `before_id`."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM reward
        WHERE organisation_id = $1 AND deleted_at IS NULL AND ($2::bigint IS NULL OR id < $2){tx.in_department()}
        ORDER BY id DESC LIMIT $3
        """,
        tx.organisation_id,
        before_id,
        limit,
    )
    return [Reward.from_row(row) for row in rows]


async def insert(tx: Transaction, values: dict[str, Any]) -> Reward:
    """A new reward from column values."""
    return Reward.from_row(await insert_row(tx, "reward", values, COLUMNS))


async def update(tx: Transaction, reward_id: RewardId, values: dict[str, Any]) -> Reward:
    """Change columns of a reward."""
    return Reward.from_row(await update_row(tx, "reward", {"id": reward_id}, values, COLUMNS))


async def set_supply(tx: Transaction, reward_id: RewardId, kind: GrantKind, allocation: str, total: int | None) -> None:
    """Set how much there is; the CHECK constraint refuses less than was granted already."""
    key = {"reward_id": reward_id, "kind": kind, "allocation": allocation}
    await put_row(tx, "reward_supply", key, {"total": total})


async def supplies(tx: Transaction, reward_ids: Sequence[RewardId]) -> list[Supply]:
    """Supply as it is now, of all kinds and allocations."""
    rows = await tx.fetch(
        """
        SELECT reward_id, kind, allocation, total, granted FROM reward_supply
        WHERE organisation_id = $1 AND reward_id = ANY($2::bigint[]) ORDER BY reward_id, kind, allocation
        """,
        tx.organisation_id,
        reward_ids,
    )
    return [Supply(*row.values()) for row in rows]


async def lock_supplies(tx: Transaction, reward_ids: Sequence[RewardId]) -> dict[SupplyKey, Supply]:
    """Supply as it is now, locked until the transaction ends."""
    rows = await tx.fetch(
        """
        SELECT reward_id, kind, allocation, total, granted FROM reward_supply
        WHERE organisation_id = $1 AND reward_id = ANY($2::bigint[])
        ORDER BY reward_id, kind, allocation FOR UPDATE
        """,
        tx.organisation_id,
        reward_ids,
    )
    return {(row["reward_id"], row["kind"], row["allocation"]): Supply(*row.values()) for row in rows}


async def take(tx: Transaction, taken: dict[SupplyKey, int]) -> None:
    """Count units as granted (negative: given back). The rows are locked; the CHECK constraint is the last word."""
    rows = [(*key, amount) for key, amount in sorted(taken.items()) if amount]
    if not rows:
        return
    await tx.execute(
        """
        UPDATE reward_supply s SET granted = s.granted + t.amount
        FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[]) AS t(reward_id, kind, allocation, amount)
        WHERE s.organisation_id = $1 AND s.reward_id = t.reward_id AND s.kind = t.kind AND s.allocation = t.allocation
        """,
        tx.organisation_id,
        *columns(rows, 4),
    )


async def held_units(
    tx: Transaction, person_ids: Sequence[PersonId], reward_ids: Sequence[RewardId]
) -> dict[tuple[PersonId, RewardId, GrantKind], int]:
    """How many units people got so far."""
    rows = await tx.fetch(
        """
        SELECT person_id, reward_id, kind, sum(amount)::bigint AS amount FROM reward_grant
        WHERE organisation_id = $1 AND person_id = ANY($2::bigint[]) AND reward_id = ANY($3::bigint[])
          AND state <> 'void'
        GROUP BY person_id, reward_id, kind
        """,
        tx.organisation_id,
        person_ids,
        reward_ids,
    )
    return {(row["person_id"], row["reward_id"], row["kind"]): row["amount"] for row in rows}


GrantRow = tuple[PersonId, RewardId, GrantKind, str, int, str, AwardId | None, str, str, dict[str, Any]]
"""(person, reward, kind, allocation, amount, state, award, source, source id, details)."""


async def insert_grants(tx: Transaction, rows: Sequence[GrantRow], now: datetime) -> list[Grant]:
    """Record what people got."""
    if not rows:
        return []
    inserted = await tx.fetch(
        f"""
        INSERT INTO reward_grant (organisation_id, person_id, uid, reward_id, kind, allocation, amount, state, award_id,
                                  source, source_id, details, granted_at, updated_at, claimed_at, redeemed_at)
        SELECT $1, g.person_id, g.uid, g.reward_id, g.kind, g.allocation, g.amount, g.state, g.award_id, g.source,
               g.source_id, g.details, $2, $2, CASE WHEN g.state IN ('claimed', 'redeemed') THEN $2::timestamptz END,
               CASE WHEN g.state = 'redeemed' THEN $2::timestamptz END
        FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::bigint[],
                    $10::text[], $11::text[], $12::jsonb[], $13::text[])
             AS g(person_id, reward_id, kind, allocation, amount, state, award_id, source, source_id, details, uid)
        RETURNING {GRANT_COLUMNS}
        """,
        tx.organisation_id,
        now,
        *columns(rows, 10),
        new_uids(len(rows)),
    )
    return [Grant.from_row(row) for row in inserted]


async def insert_shortages(
    tx: Transaction,
    rows: Sequence[tuple[PersonId, RewardId, GrantKind, str, int, AwardId | None, str]],
    now: datetime,
) -> None:
    """Record what could not be paid and why (person, reward, kind, allocation, amount, award, reason)."""
    if rows:
        await tx.execute(
            """
            INSERT INTO reward_shortage (organisation_id, person_id, reward_id, kind, allocation, amount, award_id,
                                         reason, at)
            SELECT $1, s.*, $2 FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[],
                                           $8::bigint[], $9::text[]) AS s
            """,
            tx.organisation_id,
            now,
            *columns(rows, 7),
        )


async def grants_of(tx: Transaction, person_id: PersonId, kind: GrantKind | None = None) -> list[Grant]:
    """What a person got, newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {GRANT_COLUMNS} FROM reward_grant
        WHERE organisation_id = $1 AND person_id = $2 AND ($3::text IS NULL OR kind = $3) AND state <> 'void'
        ORDER BY id DESC LIMIT 1000
        """,
        tx.organisation_id,
        person_id,
        kind,
    )
    return [Grant.from_row(row) for row in rows]


async def release_queued(
    tx: Transaction, reward_id: RewardId, kind: GrantKind, state: str, now: datetime
) -> list[Grant]:
    """Give out what of a kind waited for the reward to go live; the grants released."""
    rows = await tx.fetch(
        f"""
        UPDATE reward_grant SET state = $3, granted_at = $4, updated_at = $4,
               claimed_at = CASE WHEN $3 = 'redeemed' THEN $4::timestamptz END,
               redeemed_at = CASE WHEN $3 = 'redeemed' THEN $4::timestamptz END
        WHERE organisation_id = $1 AND reward_id = $2 AND state = 'queued' AND kind = $5 RETURNING {GRANT_COLUMNS}
        """,
        tx.organisation_id,
        reward_id,
        state,
        now,
        kind,
    )
    return [Grant.from_row(row) for row in rows]


async def grants_of_reward(
    tx: Transaction, reward_id: RewardId, *, before_id: int | None, limit: int, state: str | None = None
) -> list[Grant]:
    """What was given of a reward, newest first, from below `before_id`; `state`: only what is in it."""
    rows = await tx.fetch(
        f"""
        SELECT {GRANT_COLUMNS} FROM reward_grant
        WHERE organisation_id = $1 AND reward_id = $2 AND ($3::bigint IS NULL OR id < $3)
          AND ($4::text IS NULL OR state = $4)
        ORDER BY id DESC LIMIT $5
        """,
        tx.organisation_id,
        reward_id,
        before_id,
        state,
        limit,
    )
    return [Grant.from_row(row) for row in rows]


async def count_queued(tx: Transaction, reward_ids: Sequence[RewardId]) -> dict[RewardId, int]:
    """How many grants wait for their reward to go live."""
    rows = await tx.fetch(
        """
        SELECT reward_id, count(*) AS waiting FROM reward_grant
        WHERE organisation_id = $1 AND reward_id = ANY($2::bigint[]) AND state = 'queued' GROUP BY reward_id
        """,
        tx.organisation_id,
        reward_ids,
    )
    return {row["reward_id"]: row["waiting"] for row in rows}


async def was_given(tx: Transaction, person_id: PersonId, reward_id: RewardId, source: str, source_id: str) -> bool:
    """Whether a person got something of a reward from this source before."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (SELECT FROM reward_grant WHERE organisation_id = $1 AND person_id = $2 AND reward_id = $3
                           AND source = $4 AND source_id = $5)
            """,
            tx.organisation_id,
            person_id,
            reward_id,
            source,
            source_id,
        )
    )


async def void_grant(tx: Transaction, reward_id: RewardId, uid: str, now: datetime) -> Grant | None:
    """Void what was given and not touched since; None when there is no such thing."""
    row = await tx.fetchrow(
        f"""
        UPDATE reward_grant SET state = 'void', updated_at = $4
        WHERE organisation_id = $1 AND reward_id = $2 AND uid = $3 AND state IN ('queued', 'granted')
        RETURNING {GRANT_COLUMNS}
        """,
        tx.organisation_id,
        reward_id,
        uid,
        now,
    )
    return None if row is None else Grant.from_row(row)


async def find_grant(tx: Transaction, person_id: PersonId, uid: str) -> Grant | None:
    """What a person got, by its uid; locked until the transaction ends."""
    row = await tx.fetchrow(
        f"""
        SELECT {GRANT_COLUMNS} FROM reward_grant
        WHERE organisation_id = $1 AND person_id = $2 AND uid = $3 AND state <> 'void'{_of_rewards_shown(tx)} FOR UPDATE
        """,
        tx.organisation_id,
        person_id,
        uid,
    )
    return None if row is None else Grant.from_row(row)


async def change_grant(tx: Transaction, grant: Grant, state: str, now: datetime) -> Grant | None:
    """Move a grant on (claimed, redeemed) unless it moved meanwhile: None then."""
    row = await tx.fetchrow(
        f"""
        UPDATE reward_grant SET state = $4, updated_at = $5, claimed_at = coalesce(claimed_at, $5),
               redeemed_at = CASE WHEN $4 = 'redeemed' THEN $5::timestamptz ELSE redeemed_at END
        WHERE organisation_id = $1 AND person_id = $2 AND id = $3 AND state = $6 RETURNING {GRANT_COLUMNS}
        """,
        tx.organisation_id,
        grant.person_id,
        grant.id,
        state,
        now,
        grant.state,
    )
    return None if row is None else Grant.from_row(row)


async def grants_of_person(
    tx: Transaction, person_id: PersonId, kind: GrantKind, wanted: Slice
) -> tuple[int, list[Grant]]:
    """(how many in all, the slice) of what a person has, queued ones left out; searched by the reward's name."""
    where = "organisation_id = $1 AND person_id = $2 AND kind = $3 AND state NOT IN ('void', 'queued')"
    total, rows = await page_of(
        tx,
        "reward_grant",
        GRANT_COLUMNS,
        where + _of_rewards_shown(tx),
        (tx.organisation_id, person_id, kind),
        wanted,
        searched=f"reward_id IN (SELECT named.id FROM reward named WHERE named.organisation_id = $1 AND {NAMES_HOLD})",
        made="granted_at",
    )
    return total, [Grant.from_row(row) for row in rows]


async def page(
    tx: Transaction, *, statuses: Sequence[str], wanted: Slice, templates: bool = False
) -> tuple[int, list[Reward]]:
    """(how many in all, the slice) of rewards with one of the stored `statuses`."""
    where = "organisation_id = $1 AND deleted_at IS NULL AND status = ANY($2::text[]) AND (NOT $3 OR is_template)"
    arguments = (tx.organisation_id, list(statuses), templates)
    total, rows = await page_of(tx, "reward", COLUMNS, where + tx.in_department(), arguments, wanted)
    return total, [Reward.from_row(row) for row in rows]


async def carry_over(tx: Transaction, fallen: Sequence[AwardId], award_id: AwardId, now: datetime) -> int:
    """Let what awards that fell had given, and the person kept, be given by another award; how many grants."""
    return await tx.execute(
        """
        UPDATE reward_grant SET award_id = $3, updated_at = $4
        WHERE organisation_id = $1 AND award_id = ANY($2::bigint[]) AND state <> 'void'
        """,
        tx.organisation_id,
        fallen,
        award_id,
        now,
    )


async def grants_of_awards(tx: Transaction, award_ids: Sequence[AwardId]) -> list[Grant]:
    """What awards paid."""
    rows = await tx.fetch(
        f"SELECT {GRANT_COLUMNS} FROM reward_grant WHERE organisation_id = $1 AND award_id = ANY($2::bigint[]) ORDER BY id",
        tx.organisation_id,
        award_ids,
    )
    return [Grant.from_row(row) for row in rows]


# --------------------------------------------------------------------------------------------------------------- draws
async def tickets(tx: Transaction, reward_id: RewardId) -> list[tuple[PersonId, str, int]]:
    """(person, uid, entries) of living people with open entries for a reward, in the order of uids."""
    rows = await tx.fetch(
        """
        SELECT g.person_id, p.uid, sum(g.amount)::bigint FROM reward_grant g
        JOIN person p ON p.organisation_id = $1 AND p.id = g.person_id AND p.deleted_at IS NULL
        WHERE g.organisation_id = $1 AND g.reward_id = $2 AND g.kind = 'entries' AND g.state IN ('granted', 'claimed')
        GROUP BY g.person_id, p.uid ORDER BY p.uid
        """,
        tx.organisation_id,
        reward_id,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def insert_draw(tx: Transaction, reward_id: RewardId, values: dict[str, Any]) -> Row | None:
    """Record a draw; None when the reward was drawn before."""
    return await insert_row_once(tx, "reward_draw", {"reward_id": reward_id, "uid": new_uid(), **values}, "*")


async def find_draw(tx: Transaction, reward_id: RewardId) -> Row | None:
    """The draw of a reward."""
    return await tx.fetchrow(
        "SELECT * FROM reward_draw WHERE organisation_id = $1 AND reward_id = $2", tx.organisation_id, reward_id
    )


async def close_entries(tx: Transaction, reward_id: RewardId, now: datetime) -> None:
    """Mark a reward's entries as drawn."""
    await tx.execute(
        """
        UPDATE reward_grant SET state = 'drawn', updated_at = $3
        WHERE organisation_id = $1 AND reward_id = $2 AND kind = 'entries' AND state IN ('granted', 'claimed')
        """,
        tx.organisation_id,
        reward_id,
        now,
    )


# --------------------------------------------------------------------------------------------------------------- counts
async def grant_counts(tx: Transaction, person_id: PersonId) -> tuple[int, int]:
    """(assets a person got, rewards the person has or had entries for)."""
    row = await tx.fetchrow(
        f"""
        SELECT count(*) FILTER (WHERE kind = 'assets') AS assets,
               count(DISTINCT reward_id) FILTER (WHERE kind = 'entries') AS giveaways
        FROM reward_grant WHERE organisation_id = $1 AND person_id = $2 AND state NOT IN ('void', 'queued')
        {_of_rewards_shown(tx)}
        """,
        tx.organisation_id,
        person_id,
    )
    assert row is not None  # noqa: S101 - an aggregate answers one row
    return row["assets"], row["giveaways"]
