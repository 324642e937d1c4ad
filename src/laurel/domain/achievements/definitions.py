"""Writing definitions: create, change, archive, delete, with every check that keeps rules evaluable.

Every write bumps the organisation's rules version, so that all processes compile the rules anew; a change of what
counts bumps the achievement's revision, so that progress counted by the older definition is counted anew when touched.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from laurel.base import json_text, limits
from laurel.base.described import check_json_size, check_wording, checked_languages
from laurel.base.errors import Conflict, Invalid, LaurelError
from laurel.base.ids import AchievementId, DepartmentId, new_uid
from laurel.base.limits import check_count, check_length
from laurel.base.text import clean
from laurel.base.times import check_window
from laurel.database.pool import Transaction
from laurel.domain.achievements import store
from laurel.domain.achievements.criteria import check_criteria
from laurel.domain.achievements.levels import check_levels
from laurel.domain.achievements.model import (
    Achievement,
    AchievementNotFound,
    CalendarOf,
    CredentialPlan,
    Criteria,
    Levels,
    Period,
    Query,
    StoredStatus,
)
from laurel.domain.rewards.catalogue import check_all_payable, check_payable
from laurel.domain.rewards.model import RewardPlan

_COUNTING = frozenset(
    {
        "queries",
        "criteria",
        "period",
        "calendar",
        "levels",
        "starts_at",
        "expires_at",
        "prerequisites",
        "department_id",
        "status",
    }
)
_VALID_DAYS_MAX = 36_525


class StatusChangeRefused(Conflict):
    """The status machine has no such step."""

    code = "status_change_refused"


class Definition(msgspec.Struct, kw_only=True):
    """What may be written of an achievement; UNSET leaves a value as it is (or at its default on creation)."""

    names: dict[str, str] | UnsetType = UNSET
    descriptions: dict[str, str] | UnsetType = UNSET
    type: str | UnsetType = UNSET
    status: StoredStatus | UnsetType = UNSET
    department_id: DepartmentId | UnsetType | None = UNSET
    starts_at: datetime | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    period: Period | UnsetType = UNSET
    calendar: CalendarOf | UnsetType = UNSET
    queries: list[Query] | UnsetType = UNSET
    criteria: Criteria | UnsetType | None = UNSET
    levels: Levels | UnsetType | None = UNSET
    query_descriptions: dict[str, dict[str, str]] | UnsetType = UNSET
    prerequisites: list[str] | UnsetType = UNSET
    rewards: RewardPlan | UnsetType = UNSET
    hidden: bool | UnsetType = UNSET
    secret: bool | UnsetType = UNSET
    featured: bool | UnsetType = UNSET
    display_mode: str | UnsetType = UNSET
    issues_credential: bool | UnsetType = UNSET
    revoke_on_retraction: bool | UnsetType = UNSET
    credential: CredentialPlan | UnsetType = UNSET
    criteria_narrative: str | UnsetType = UNSET
    criteria_url: str | UnsetType | None = UNSET
    image: str | UnsetType | None = UNSET
    images: dict[str, Any] | UnsetType = UNSET
    alignments: list[Any] | UnsetType = UNSET
    associations: dict[str, Any] | UnsetType = UNSET
    result_descriptions: list[Any] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    campaigns: list[str] | UnsetType = UNSET
    credits: Decimal | UnsetType | None = UNSET
    field_of_study: str | UnsetType | None = UNSET
    human_code: str | UnsetType | None = UNSET
    details: dict[str, Any] | UnsetType = UNSET


async def create(
    tx: Transaction, definition: Definition, *, actor: str, now: datetime, uid: str | None = None
) -> Achievement:
    """A new achievement (a draft unless the definition says live). Raises Invalid, TooLarge, *NotFound by field."""
    achievement = await _insert(tx, definition, actor=actor, now=now, uid=uid)
    await store.bump_rules(tx)
    return achievement


async def create_many(tx: Transaction, wanted: Sequence[Definition], *, actor: str, now: datetime) -> list[Achievement]:
    """As `create`, many at a time with one new version of the rules; what is raised has `[3].` before the field's name."""
    made = []
    for index, definition in enumerate(wanted):
        try:
            made.append(await _insert(tx, definition, actor=actor, now=now, uid=None))
        except LaurelError as refused:
            refused.field = f"[{index}].{refused.field}"
            raise
    if made:
        await store.bump_rules(tx)
    return made


async def _insert(
    tx: Transaction, definition: Definition, *, actor: str, now: datetime, uid: str | None
) -> Achievement:
    values = await _checked(tx, definition, None)
    if not values.get("names"):
        raise Invalid("names must have at least one language", field="names")
    status = values.setdefault("status", "draft")
    values.setdefault("period", "open")
    return await store.insert(
        tx,
        {
            **values,
            "uid": uid or new_uid(),
            "live_spans": [[now.isoformat(), None]] if status == "live" else [],
            "created_at": now,
            "updated_at": now,
            "created_by": actor,
            "updated_by": actor,
        },
    )


async def change(
    tx: Transaction, achievement: Achievement, definition: Definition, *, actor: str, now: datetime
) -> Achievement:
    """Change what the definition names, and nothing else."""
    values = await _checked(tx, definition, achievement)
    if not values:
        return achievement
    status = values.get("status", achievement.status)
    if achievement.status != status:
        values["live_spans"] = _spans_after(achievement, status, now)
    before = {name: getattr(achievement, name) for name in _COUNTING}
    changed = any(
        name in values and json_text.encode(values[name]) != json_text.encode(before[name]) for name in _COUNTING
    )
    if changed:
        values["revision"] = achievement.revision + 1
    achievement = await store.update(tx, achievement.id, {**values, "updated_at": now, "updated_by": actor})
    await store.bump_rules(tx)
    return achievement


async def delete(tx: Transaction, achievement: Achievement, *, actor: str, now: datetime) -> None:
    """Take a definition away; what was earned by it stays earned."""
    await store.update(
        tx,
        achievement.id,
        {
            "deleted_at": now,
            "updated_at": now,
            "updated_by": actor,
            "live_spans": _spans_after(achievement, "archived", now),
        },
    )
    await store.bump_rules(tx)


async def require(tx: Transaction, uid: str, field: str = "achievement") -> Achievement:
    """The achievement with this uid; raises AchievementNotFound."""
    achievement = await store.find_by_uid(tx, uid)
    if achievement is None:
        raise AchievementNotFound("there is no such achievement", field=field, value=uid)
    return achievement


async def uids_of(tx: Transaction, ids: Sequence[AchievementId]) -> dict[AchievementId, str]:
    """Public ids of achievements, deleted ones too."""
    return {found.id: found.uid for found in (await store.find_many(tx, ids)).values()} if ids else {}


def _spans_after(achievement: Achievement, status: str, now: datetime) -> list[list[str | None]]:
    """The live spans once the status is `status`: a new one begins with live, the open one ends with anything else."""
    spans = [
        [start.isoformat() if start else None, end.isoformat() if end else None]
        for start, end in achievement.live_spans
    ]
    if status == "live":
        return [*spans, [now.isoformat(), None]]
    if spans and spans[-1][1] is None:
        spans[-1][1] = now.isoformat()
    return spans


async def _checked(tx: Transaction, definition: Definition, old: Achievement | None) -> dict[str, Any]:
    """The column values that the definition sets, checked together with what stays."""
    values = {name: value for name in definition.__struct_fields__ if (value := getattr(definition, name)) is not UNSET}

    def after(name: str, default: Any) -> Any:
        return values[name] if name in values else getattr(old, name, default)

    _check_texts(values)
    check_criteria(after("queries", []), after("criteria", None))
    if after("levels", None) is not None:
        check_levels(after("levels", None), after("criteria", None))
    _check_status(old, values.get("status"))
    check_window(after("starts_at", None), after("expires_at", None))
    if "rewards" in values:
        await check_payable(tx, values["rewards"], "rewards")
    if values.get("levels") is not None:
        values["levels"] = await _checked_steps(tx, values["levels"])
    if "prerequisites" in values:
        values["prerequisites"] = await _prerequisite_ids(tx, values["prerequisites"], old)
    if "credential" in values:
        _check_credential(values["credential"])
    if "credits" in values and values["credits"] is not None and not 0 <= values["credits"] < 10**9:
        raise Invalid("credits must be from 0 to 999999999", field="credits", limit=10**9, value=str(values["credits"]))
    return values


def _check_texts(values: dict[str, Any]) -> None:
    check_wording(values)
    if values.get("names") == {}:
        raise Invalid("names must not be empty", field="names")
    for field, limit in (
        ("type", limits.TAG_LENGTH_MAX),
        ("display_mode", limits.TAG_LENGTH_MAX),
        ("criteria_narrative", limits.DESCRIPTION_LENGTH_MAX),
        ("criteria_url", limits.URL_LENGTH_MAX),
        ("image", limits.URL_LENGTH_MAX),
        ("field_of_study", limits.NAME_LENGTH_MAX),
        ("human_code", limits.NAME_LENGTH_MAX),
    ):
        if isinstance(values.get(field), str):
            values[field] = check_length(clean(values[field]), limit, field)
    for field, count in (
        ("alignments", limits.ALIGNMENTS_MAX),
        ("result_descriptions", limits.RESULT_DESCRIPTIONS_MAX),
    ):
        if field in values:
            check_count(len(values[field]), count, field)
    for field in ("images", "alignments", "associations", "result_descriptions", "query_descriptions", "details"):
        if field in values:
            check_json_size(values[field], field)


def _check_status(old: Achievement | None, status: str | None) -> None:
    if old is not None and old.status == "draft" and status == "draft":
        return
    if old is not None and old.status == "live" and status == "draft":
        raise StatusChangeRefused(
            "a live achievement cannot become a draft again; archive it first", field="status", value=status
        )


async def _checked_steps(tx: Transaction, levels: Levels) -> Levels:
    """The levels with clean names, their rewards checked."""
    steps, plans = [], []
    for index, step in enumerate(levels.steps):
        field = f"levels.steps[{index}]"
        if step.rewards is not None:
            plans.append((f"{field}.rewards", step.rewards))
        names = checked_languages(step.names, limits.NAME_LENGTH_MAX, f"{field}.names")
        steps.append(msgspec.structs.replace(step, names=names))
    await check_all_payable(tx, plans)
    return msgspec.structs.replace(levels, steps=steps)


async def _prerequisite_ids(tx: Transaction, uids: Sequence[str], old: Achievement | None) -> list[AchievementId]:
    check_count(len(uids), limits.PREREQUISITES_MAX, "prerequisites")
    known = await store.ids_by_uid(tx, uids)
    for index, uid in enumerate(uids):
        field = f"prerequisites[{index}]"
        if old is not None and uid == old.uid:
            raise Invalid(f"{field} refers to the achievement itself", field=field, value=uid)
        if uid not in known:
            raise AchievementNotFound(f"{field} names no achievement", field=field, value=uid)
    return [known[uid] for uid in dict.fromkeys(uids)]


def _check_credential(plan: CredentialPlan) -> None:
    for field, value in (("valid_days", plan.valid_days), ("valid_years", plan.valid_years)):
        limit = _VALID_DAYS_MAX if field == "valid_days" else 100
        if value is not None and not 1 <= value <= limit:
            raise Invalid(
                f"credential.{field} must be from 1 to {limit}", field=f"credential.{field}", limit=limit, value=value
            )
