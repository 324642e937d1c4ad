"""Achievements as Nudj shows them: the definition, the user's state with the progress tree, statistics, the reward."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from laurel.base.ids import AchievementId, AwardId, DepartmentId
from laurel.base.times import render_time, render_time_or_none
from laurel.database.pool import Transaction
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Achievement
from laurel.domain.achievements.progress import ProgressNode
from laurel.domain.achievements.rarity import Rarity
from laurel.domain.achievements.rules import RuleBook
from laurel.domain.achievements.standing import Standing, standings
from laurel.domain.organisations import store as organisations
from laurel.domain.people.model import Person
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.model import Grant
from laurel.web.dialects.nudj.reward_view import (
    Shelf,
    asset_out,
    distribution_out,
    entries_out,
    plan_out,
    present,
    shelf_of,
)
from laurel.web.dialects.nudj.translate import Tongue, criteria_out, details_out, number, query_out

DIALECT = "nudj"


class Seen(msgspec.Struct, frozen=True):
    """Everything that showing some achievements takes."""

    shelf: Shelf
    communities: Mapping[DepartmentId, str]
    organisation_uid: str
    counts: Mapping[AchievementId, tuple[int, int]]
    people: int


async def see(tx: Transaction, found: Sequence[Achievement], grants: Sequence[Grant] = ()) -> Seen:
    """Load it, a handful of queries whatever the number of achievements."""
    uids = sorted({item.reward for achievement in found for item in achievement.rewards.items})
    wanted = list((await rewards.find_by_uids(tx, uids)).values()) if uids else []
    known = {reward.id for reward in wanted}
    ids = sorted({grant.reward_id for grant in grants} - known)
    if ids:
        wanted += (await rewards.find_by_ids(tx, ids)).values()
    return Seen(
        await shelf_of(tx, wanted),
        await organisations.department_uids(
            tx, sorted({a.department_id for a in found if a.department_id is not None})
        ),
        (await organisations.organisation(tx)).uid,
        await awarded.count_active(tx, [achievement.id for achievement in found]),
        await awarded.count_people(tx),
    )


async def achievements_out(
    tx: Transaction, book: RuleBook, person: Person, found: Sequence[Achievement], tongue: Tongue, now: datetime
) -> list[dict[str, Any]]:
    """Achievements as one user sees them."""
    standing = await standings(tx, book, person.id, found, now)
    award_ids = [award.id for one in standing for award in one.awards]
    grants = await rewards.grants_of_awards(tx, award_ids) if award_ids else []
    has_entries = any(grant.kind == "entries" for grant in grants)
    won = await rewards.grants_of(tx, person.id, "assets") if has_entries else []
    seen = await see(tx, found, [*grants, *won])
    by_award: dict[AwardId, list[Grant]] = {}
    for grant in grants:
        if grant.award_id is not None and grant.state not in ("void", "queued"):
            by_award.setdefault(grant.award_id, []).append(grant)
    result = []
    for one in standing:
        mine = [grant for award in one.awards for grant in by_award.get(award.id, [])]
        achievement = one.achievement
        result.append(
            {
                **definition_out(seen, achievement, tongue, now),
                "userState": _user_state(seen, one, mine, won, person, tongue),
                "stats": _stats(seen, achievement),
                "reward": plan_out(seen.shelf, achievement.rewards, tongue, event_id(achievement)),
            }
        )
    return result


def _stats(seen: Seen, achievement: Achievement) -> dict[str, Any]:
    """How often it was completed; besides, of us, what share of the people hold it."""
    completions, holders = seen.counts.get(achievement.id, (0, 0))
    rarity = Rarity.of(holders, seen.people)
    return {"completedCount": completions, "rarity": {"share": number(rarity.share), "band": rarity.band}}


def admin_out(seen: Seen, achievement: Achievement, tongue: Tongue, now: datetime) -> dict[str, Any]:
    """An achievement as the Admin API shows it."""
    return {
        **definition_out(seen, achievement, tongue, now),
        "createdBy": achievement.created_by,
        "updatedBy": achievement.updated_by,
        "rewardDistribution": distribution_out(seen.shelf, achievement.rewards, event_id(achievement)),
        "claimMode": achievement.rewards.claim,
    }


def definition_out(seen: Seen, achievement: Achievement, tongue: Tongue, now: datetime) -> dict[str, Any]:
    """The part that both APIs share."""
    extra = extra_of(achievement.details)
    department = achievement.department_id
    return {
        "id": achievement.uid,
        "organisationId": seen.organisation_uid,
        "communityId": None if department is None else seen.communities.get(department),
        "details": details_out(
            achievement.names, achievement.descriptions, achievement.images, tongue, achievement.image
        ),
        "progressPeriod": achievement.period,
        "displayMode": achievement.display_mode,
        "tags": list(achievement.tags),
        "campaigns": list(achievement.campaigns),
        "criteria": criteria_out(achievement.criteria),
        "queries": [query_out(query) for query in achievement.queries],
        "queryDescriptions": {alias: tongue.of(texts) for alias, texts in achievement.query_descriptions.items()},
        "status": achievement.status_at(now),
        "featured": achievement.featured,
        "availableAsTemplateForOrganisations": extra.get("availableAsTemplateForOrganisations", []),
        "isGlobalTemplate": bool(extra.get("isGlobalTemplate", False)),
        "startsAt": render_time_or_none(achievement.starts_at),
        "expiresAt": render_time_or_none(achievement.expires_at),
        "createdAt": render_time(achievement.created_at),
        "updatedAt": render_time(achievement.updated_at),
    }


def extra_of(details: Mapping[str, Any]) -> dict[str, Any]:
    """What this dialect keeps in a `details` column."""
    extra = details.get(DIALECT, {})
    return extra if isinstance(extra, dict) else {}


def event_id(achievement: Achievement) -> str:
    """The id of the achievement's distribution; before there is one, the achievement's own."""
    return str(extra_of(achievement.details).get("distributionEventId", achievement.uid))


def _user_state(
    seen: Seen, standing: Standing, grants: list[Grant], won: list[Grant], person: Person, tongue: Tongue
) -> dict[str, Any]:
    awards = [award for award in standing.awards if award.state == "active"]
    pays = standing.achievement.rewards.pays
    current, level = standing.current, standing.level
    tree = progress_out(standing)
    moved = bool(current) or has_moved(standing.progress)
    assets = [grant for grant in grants if grant.kind == "assets"]
    entries = [grant for grant in grants if grant.kind == "entries"]
    return {
        "status": "completed" if current else "in-progress" if moved else "not-started",
        **present(completedAt=max((award.awarded_at for award in awards), default=None)),
        "timesCompleted": standing.times_completed,
        "isClaimable": any(award.claim == "claimable" for award in awards),
        "isClaimed": pays and current is not None and current.claim != "claimable",
        "updatedAt": render_time(max([standing.achievement.updated_at, *(award.updated_at for award in awards)])),
        "earnedPoints": number(sum((award.points for award in awards), Decimal(0))),
        "earnedRewardAssets": [asset_out(seen.shelf, grant, person, tongue) for grant in assets],
        "earnedRewardEntries": entries_out(seen.shelf, entries, won, person, tongue),
        "earnedXp": number(sum((award.xp for award in awards), Decimal(0))),
        **present(progressResetsAt=standing.resets_at),
        **({"level": {"reached": level.reached, "highest": level.highest}} if level else {}),
        **tree,
    }


def progress_out(standing: Standing) -> dict[str, Any]:
    """The root progress node; an achievement that is only given is one condition: to hold it."""
    held = standing.current is not None
    if standing.progress is None:
        return {
            "type": "logical",
            "isComplete": held,
            "currentValue": int(held),
            "targetValue": 1,
            "conditions": [],
        }
    root = _node_out(standing.progress)
    return {**root, "isComplete": root["isComplete"] or held}


def _node_out(node: ProgressNode) -> dict[str, Any]:
    return {
        "type": node.type,
        "isComplete": node.is_complete,
        "currentValue": number(node.current_value),
        "targetValue": number(node.target_value),
        "conditions": [_node_out(child) for child in node.conditions],
    }


def has_moved(node: ProgressNode | None) -> bool:
    """Whether a leaf counted anything."""
    if node is None:
        return False
    if node.conditions:
        return any(has_moved(child) for child in node.conditions)
    return node.type != "logical" and node.current_value != 0
