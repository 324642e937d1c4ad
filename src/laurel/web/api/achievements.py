"""/api/v1/achievements: definitions, explanations, backfills, and giving one directly."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from laurel.base import limits
from laurel.base.errors import Invalid
from laurel.base.ids import DepartmentId
from laurel.base.limits import EXPLAIN_EVENTS_MAX
from laurel.base.times import check_zoned
from laurel.database import jobs
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions, store
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.explain import Explanation, explain
from laurel.domain.achievements.model import (
    Achievement,
    CalendarOf,
    CredentialPlan,
    Criteria,
    Levels,
    Period,
    Query,
    StoredStatus,
)
from laurel.domain.achievements.rarity import Rarity, rarities
from laurel.domain.achievements.standing import present_entry, standings, state_of
from laurel.domain.events import store as events
from laurel.domain.organisations import audit, tenancy
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.people import registry, resolve
from laurel.domain.people import store as people
from laurel.domain.people.model import PersonNotFound, PersonReference
from laurel.domain.record_events import award as awards
from laurel.domain.record_events.backfill import BACKFILL_JOB, widen
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.rewards.model import RewardPlan
from laurel.web.api.progress_wire import AwardOut, render_award
from laurel.web.api.wire import Body
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor


class AchievementIn(Definition, forbid_unknown_fields=True, kw_only=True):
    """A definition as our API takes it.

    `name` and `description` are in the organisation's language, beside `names` and `descriptions` by language;
    `department` is a department's id. backfill: once it is live, count what people did before (quiet: tell nobody).
    """

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    department_id: Any = msgspec.field(default=UNSET, name="department")
    backfill: bool = False
    quiet: bool = False


class AchievementOut(msgspec.Struct, frozen=True, kw_only=True):
    """An achievement. `status` is what the clock makes of it (scheduled, expired). rarity: how many of all people hold it, and
    the band that this is: legendary to 1 %, epic to 5 %, rare to 15 %, uncommon to 40 %, common above.
    """

    id: str
    number: int
    name: str
    names: dict[str, str]
    descriptions: dict[str, str]
    type: str
    status: str
    department: str | None
    starts_at: datetime | None
    expires_at: datetime | None
    period: Period
    calendar: CalendarOf
    queries: list[Query]
    criteria: Criteria | None
    levels: Levels | None
    query_descriptions: dict[str, dict[str, str]]
    prerequisites: list[str]
    rewards: RewardPlan
    rarity: Rarity
    hidden: bool
    secret: bool
    featured: bool
    display_mode: str
    issues_credential: bool
    revoke_on_retraction: bool
    credential: CredentialPlan
    criteria_narrative: str
    criteria_url: str | None
    image: str | None
    images: dict[str, Any]
    alignments: list[Any]
    associations: dict[str, Any]
    result_descriptions: list[Any]
    tags: list[str]
    campaigns: list[str]
    credits: Any
    field_of_study: str | None
    human_code: str | None
    revision: int
    created_at: datetime
    updated_at: datetime


_SAME = set(AchievementOut.__struct_fields__) - {
    "id",
    "number",
    "name",
    "status",
    "department",
    "prerequisites",
    "rarity",
}


async def _render_many(tx: Transaction, found: list[Achievement], now: datetime) -> list[AchievementOut]:
    needed = sorted({needed for achievement in found for needed in achievement.prerequisites})
    uids = await definitions.uids_of(tx, needed)
    departments = await organisations.department_uids(tx, sorted({a.department_id for a in found if a.department_id}))
    language = (await organisations.organisation(tx)).language
    rarity = await rarities(tx, [achievement.id for achievement in found])
    return [
        AchievementOut(
            id=achievement.uid,
            number=achievement.id,
            name=achievement.name_in(language, language),
            status=achievement.status_at(now),
            department=departments.get(achievement.department_id) if achievement.department_id else None,
            rarity=rarity[achievement.id],
            prerequisites=[uids[needed] for needed in achievement.prerequisites],
            **{field: getattr(achievement, field) for field in _SAME},
        )
        for achievement in found
    ]


async def _definition(tx: Transaction, data: AchievementIn, caller: Caller, old: Achievement | None) -> Definition:
    values = {name: value for name in Definition.__struct_fields__ if (value := getattr(data, name)) is not UNSET}
    language = (await organisations.organisation(tx)).language
    for one, many in (("name", "names"), ("description", "descriptions")):
        text = getattr(data, one)
        if text is not UNSET:
            values[many] = {**(getattr(old, many) if old else {}), **values.get(many, {}), language: text}
    if data.department_id is not UNSET:
        values["department_id"] = await _department_id(tx, data.department_id, caller)
    elif old is None and caller.department_id is not None:
        values["department_id"] = caller.department_id
    return Definition(**values)


async def _department_id(tx: Transaction, uid: Any, caller: Caller) -> DepartmentId | None:
    if uid is None:
        return caller.department_id
    if not isinstance(uid, str):
        raise Invalid("department must be the id of a department", field="department", value=str(uid))
    return (await tenancy.find_department(tx, uid, caller, "department")).id


@post("/api/v1/achievements", guards=[requires("achievements:write")], tags=["achievements"])
async def create_achievement(
    parts: InjectedParts, caller: InjectedCaller, data: JSONBody[AchievementIn]
) -> AchievementOut:
    """Define an achievement; a draft unless `status` is live."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        definition = await _definition(tx, data, caller, None)
        made = await definitions.create(tx, definition, actor=caller.actor, now=now)
        await audit.record(tx, at=now, by=caller, action="achievement.create", subject=("achievement", made.uid))
        if data.backfill:
            made = await _start_backfill(tx, made, None, quiet=data.quiet, now=now)
        return (await _render_many(tx, [made], now))[0]


@get("/api/v1/achievements", guards=[requires("achievements:read")], tags=["achievements"])
async def list_achievements(
    parts: InjectedParts,
    caller: InjectedCaller,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    status: FromQuery[StoredStatus | None] = None,
    tag: FromQuery[str | None] = None,
) -> Page[AchievementOut]:
    """Achievements, newest first."""
    (last,) = read_cursor(after, int, default=(None,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await store.list_newest(tx, before_id=last, limit=limit + 1, status=status, tag=tag)
        rendered = await _render_many(tx, rows, parts.clock.now())
    return page_of(rendered, limit, lambda row: row, lambda row: (row.number,))


@get("/api/v1/achievements/{achievement:str}", guards=[requires("achievements:read")], tags=["achievements"])
async def show_achievement(parts: InjectedParts, caller: InjectedCaller, achievement: FromPath[str]) -> AchievementOut:
    """One achievement."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return (await _render_many(tx, [await definitions.require(tx, achievement)], parts.clock.now()))[0]


@patch("/api/v1/achievements/{achievement:str}", guards=[requires("achievements:write")], tags=["achievements"])
async def change_achievement(
    parts: InjectedParts, caller: InjectedCaller, achievement: FromPath[str], data: JSONBody[AchievementIn]
) -> AchievementOut:
    """Change what is given. Changing what counts makes progress be counted anew."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        old = await definitions.require(tx, achievement)
        definition = await _definition(tx, data, caller, old)
        changed = await definitions.change(tx, old, definition, actor=caller.actor, now=now)
        await audit.record(tx, at=now, by=caller, action="achievement.change", subject=("achievement", changed.uid))
        if data.backfill:
            changed = await _start_backfill(tx, changed, None, quiet=data.quiet, now=now)
        return (await _render_many(tx, [changed], now))[0]


@delete("/api/v1/achievements/{achievement:str}", guards=[requires("achievements:write")], tags=["achievements"])
async def remove_achievement(parts: InjectedParts, caller: InjectedCaller, achievement: FromPath[str]) -> None:
    """Take a definition away; what was earned by it stays earned."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        old = await definitions.require(tx, achievement)
        await definitions.delete(tx, old, actor=caller.actor, now=now)
        await audit.record(tx, at=now, by=caller, action="achievement.delete", subject=("achievement", old.uid))


@get("/api/v1/achievements/{achievement:str}/explain", guards=[requires("people:read")], tags=["achievements"])
async def explain_achievement(
    parts: InjectedParts, caller: InjectedCaller, achievement: FromPath[str], person: FromQuery[str]
) -> Explanation:
    """Why a person has not earned it yet, and why recent events did or did not count."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        subject = await registry.require(tx, person)
        wanted = await definitions.require(tx, achievement)
        opening = await parts.spine.open(tx)
        (standing,) = await standings(tx, opening.book, subject.id, [wanted], now)
        state = await state_of(tx, opening.book, subject.id, [wanted])
        entry = await present_entry(tx, opening.book, wanted, state, now)
        missing = [needed for needed in wanted.prerequisites if not state.held.get(needed)]
        uids = await definitions.uids_of(tx, missing)
        recent = await events.recent_of_person(tx, subject.id, EXPLAIN_EVENTS_MAX)
        return explain(
            opening.book,
            wanted,
            entry,
            [uids[needed] for needed in missing],
            recent,
            now,
            held=standing.current is not None,
        )


class BackfillIn(Body, frozen=True, kw_only=True):
    """Count events recorded since `since` (absent: ever); quiet: tell nobody about the awards."""

    since: datetime | None = None
    quiet: bool = False


class Accepted(msgspec.Struct, frozen=True):
    """A job was started."""

    status: str = "started"


@post(
    "/api/v1/achievements/{achievement:str}/backfill",
    guards=[requires("achievements:write")],
    tags=["achievements"],
    status_code=202,
)
async def backfill_achievement(
    parts: InjectedParts, caller: InjectedCaller, achievement: FromPath[str], data: JSONBody[BackfillIn]
) -> Accepted:
    """Count what people did before the achievement was live. Doing it twice awards nobody twice."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        now = parts.clock.now()
        wanted = await definitions.require(tx, achievement)
        if wanted.status != "live":
            raise Invalid("only a live achievement can be backfilled", field="status", value=wanted.status)
        check_zoned(data.since, "since")
        await _start_backfill(tx, wanted, data.since, quiet=data.quiet, now=now)
        await audit.record(tx, at=now, by=caller, action="achievement.backfill", subject=("achievement", wanted.uid))
    return Accepted()


async def _start_backfill(
    tx: Transaction, achievement: Achievement, since: datetime | None, *, quiet: bool, now: datetime
) -> Achievement:
    if achievement.status != "live":
        raise Invalid("only a live achievement can be backfilled", field="backfill", value=achievement.status)
    widened = await widen(tx, achievement, since, now)
    await jobs.enqueue(tx, BACKFILL_JOB, {"achievement_id": achievement.id, "quiet": quiet})
    return widened


class GiftIn(Body, frozen=True, kw_only=True):
    """An achievement for a person: `again` allows a further one beside one that is held.

    What is given of the credential's fields overrides the definition; `credential` false makes none even so.
    """

    person: PersonReference
    awarded_at: datetime | None = None
    again: bool = False
    credential: bool = True
    quiet: bool = False
    create_person: bool = False
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    narrative: str | UnsetType = UNSET
    recipient_name: str | UnsetType = UNSET
    evidence: list[dict[str, Any]] | UnsetType = UNSET
    custom: dict[str, Any] | UnsetType = UNSET
    license_id: str | None = None
    private: bool | None = None
    expires_at: datetime | None = None
    score: str | None = None


_OVERRIDES = ("name", "description", "narrative", "recipient_name", "evidence", "custom")


@post("/api/v1/achievements/{achievement:str}/awards", guards=[requires("awards:write")], tags=["awards"])
async def give_achievement(
    parts: InjectedParts, caller: InjectedCaller, achievement: FromPath[str], data: JSONBody[GiftIn]
) -> AwardOut:
    """Award directly, without events, with everything that follows from it."""
    key = data.person.key("person")
    _check_gift(data, parts.clock.now())

    async def work(run: Run) -> AwardOut:
        tx = run.tx
        wanted = await definitions.require(tx, achievement)
        found, _ = await resolve.resolve(tx, [key], {}, run.now, create=data.create_person)
        if key not in found:
            raise PersonNotFound("there is no such person", field="person", value=key[1])
        person = (await people.find_many(tx, [found[key]]))[found[key]]
        gift = awards.Gift(
            person=person,
            achievement=wanted,
            awarded_at=data.awarded_at or run.now,
            source="direct",
            again=data.again,
            credential=data.credential,
            overrides={name: value for name in _OVERRIDES if (value := getattr(data, name)) is not UNSET},
            license_id=data.license_id,
            private=data.private,
            expires_at=data.expires_at,
            score=data.score,
        )
        (given,) = await awards.give(run, [gift])
        await audit.record(tx, at=run.now, by=caller, action="award.give", subject=("award", given.award.uid))
        return render_award(
            given.award, wanted.uid, person.uid, given.credential.uid if given.credential is not None else None
        )

    return await in_run(parts.spine, caller.organisation_id, work, quiet=data.quiet)


def _check_gift(data: GiftIn, now: datetime) -> None:
    for field, value in (("awarded_at", data.awarded_at), ("expires_at", data.expires_at)):
        check_zoned(value, field)
    if data.awarded_at is not None and data.awarded_at > now:
        raise Invalid("awarded_at must not lie ahead", field="awarded_at", value=data.awarded_at.isoformat())
    # What was over before it is recorded may be recorded without its beginning: its page says that it has expired.
    if data.awarded_at is not None and data.expires_at is not None and data.expires_at <= data.awarded_at:
        raise Invalid("expires_at must be later than awarded_at", field="expires_at", value=data.expires_at.isoformat())
    for field, limit in (
        ("name", limits.NAME_LENGTH_MAX),
        ("description", limits.DESCRIPTION_LENGTH_MAX),
        ("narrative", limits.DESCRIPTION_LENGTH_MAX),
        ("recipient_name", limits.NAME_LENGTH_MAX),
        ("license_id", limits.IDENTIFIER_LENGTH_MAX),
        ("score", limits.TAG_LENGTH_MAX),
    ):
        text = getattr(data, field)
        if isinstance(text, str):
            limits.check_length(text, limit, field)
    if data.evidence is not UNSET:
        limits.check_count(len(data.evidence), limits.EVIDENCE_MAX, "evidence")


HANDLERS = (
    create_achievement,
    list_achievements,
    show_achievement,
    change_achievement,
    remove_achievement,
    explain_achievement,
    backfill_achievement,
    give_achievement,
)
