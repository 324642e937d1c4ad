"""Learner profiles: create, get, update, delete with and without their own id; list, search, import, education fields."""

from collections.abc import Sequence
from typing import Any

from litestar import delete, get, post, put
from litestar.params import FromPath

from laurel.base.ids import uid_as_base62
from laurel.database.pool import Transaction
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.organisations.model import Caller
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.domain.people.profiles import keep
from laurel.domain.people.profiles import store as profiles
from laurel.domain.people.profiles.model import LearnerProfile, ProfileExists, ProfileNotFound
from laurel.domain.people.registry import Details
from laurel.domain.record_events.hold import hold_exactly
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.races import run_again_on_races
from laurel.domain.record_events.run import Run
from laurel.web.callers import require_scope
from laurel.web.dialects.learner_profile import wire
from laurel.web.dialects.learner_profile.education import EDUCATION_FIELDS
from laurel.web.dialects.learner_profile.errors import (
    AlreadyThere,
    ResourceNotFound,
    RuleBroken,
    learner_not_found,
)
from laurel.web.dialects.learner_profile.incoming import (
    AnyRequest,
    caller_with,
    check_items,
    read_body,
    read_import,
    read_query,
)
from laurel.web.dialects.learner_profile.lookups import (
    answer,
    done,
    find_achievements,
    find_learner,
    find_learner_from_elsewhere,
    find_profile,
    in_words_of,
    place_of,
    shown,
)
from laurel.web.dialects.learner_profile.translate import LEARNER_ID, PROFILE_NAMES, render_profile, to_profile
from laurel.web.injected import InjectedParts, InjectedSpine

READ, WRITE = "profiles:read", "profiles:write"
_ONE = "/learner/{learner_id:str}/learner-profile"
_ONE_BY_ID = _ONE + "/{uuid:str}"
_SOURCE = "profile"
_REMOVED = "removed from the learner profile"


@post(_ONE, status_code=200)
async def create_profile(request: AnyRequest, spine: InjectedSpine, learner_id: FromPath[str]) -> dict[str, Any]:
    """The learner's profile; listed achievements are awarded."""
    caller, body = await read_body(request, wire.NEW_PROFILE, WRITE)

    async def work(tx: Transaction, _: bool) -> dict[str, Any]:
        person = await find_learner(tx, learner_id)
        return await _create(tx, spine, caller, person, learner_id, body)

    record = await run_again_on_races(spine, caller.organisation_id, work)
    return answer("Successfully created the learner profile", record)


async def _create(
    tx: Transaction, spine: Spine, caller: Caller, person: Person, learner_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    if person.archived_at is not None:
        raise RuleBroken(f"Learner Profile cannot be created for the Learner id: {learner_id} which is archived")
    now = spine.clock.now()
    try:
        with in_words_of(PROFILE_NAMES):
            profile = await keep.create_profile(tx, person, to_profile(body, now), now=now)
    except ProfileExists:
        raise AlreadyThere(f"Learner Profile with the given learner id: {learner_id} already exists") from None
    if body.get("achievements"):
        await _hold(tx, spine, caller, person, [*await _held_now(tx, person), *body["achievements"]])
    return await _record(tx, profile, person)


@get([_ONE, _ONE_BY_ID])
async def show_profile(
    request: AnyRequest, parts: InjectedParts, learner_id: FromPath[str], uuid: FromPath[str | None] = None
) -> dict[str, Any]:
    """One profile."""
    caller = await caller_with(request, READ)
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await find_learner(tx, learner_id)
        profile = await find_profile(tx, person, learner_id, uuid)
        record = await _record(tx, profile, person)
    return answer("Successfully fetched the learner profile", record)


@put([_ONE, _ONE_BY_ID])
async def change_profile(
    request: AnyRequest, spine: InjectedSpine, learner_id: FromPath[str], uuid: FromPath[str | None] = None
) -> dict[str, Any]:
    """Change what is given; a list of achievements says what the learner holds from now on."""
    caller, body = await read_body(request, wire.PROFILE_CHANGE, WRITE)

    async def work(tx: Transaction, _: bool) -> dict[str, Any]:
        now = spine.clock.now()
        person = await find_learner(tx, learner_id)
        profile = await find_profile(tx, person, learner_id, uuid, unknown=learner_not_found)
        if "achievements" in body:
            await _hold(tx, spine, caller, person, body["achievements"])
        try:
            with in_words_of(PROFILE_NAMES):
                changed = await keep.change_profile(tx, profile, to_profile(body, now), now=now)
        except ProfileNotFound:
            raise ResourceNotFound(f"LearnerProfile with learner id {learner_id} not found") from None
        return await _record(tx, changed, person)

    record = await run_again_on_races(spine, caller.organisation_id, work)
    return answer("Successfully updated the learner profile", record)


@delete([_ONE, _ONE_BY_ID], status_code=200)
async def remove_profile(
    request: AnyRequest, parts: InjectedParts, learner_id: FromPath[str], uuid: FromPath[str | None] = None
) -> dict[str, Any]:
    """Take the profile away; the learner keeps what was earned."""
    caller = await caller_with(request, WRITE)
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await find_learner(tx, learner_id)
        profile = await find_profile(tx, person, learner_id, uuid)
        try:
            await keep.delete_profile(tx, profile, now=parts.clock.now())
        except ProfileNotFound:
            raise ResourceNotFound(f"LearnerProfile with learner id {learner_id} not found") from None
    return done("Successfully deleted the learner profile")


@get("/learner-profile")
async def list_profiles(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """A page, newest first."""
    caller = await caller_with(request, READ)
    query = read_query(request, wire.PROFILES_QUERY)
    archived, goal = query["fetch_archive"], query["learning_goal"]
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await profiles.list_profiles(
            tx,
            archived=archived,
            goal=goal,
            before_id=await place_of(profiles.profile_id_of, tx, query["after"], _profile_not_found),
            offset=query["skip"],
            limit=query["limit"],
        )
        count = await profiles.count_profiles(tx, archived=archived, goal=goal)
        ids = [profile.person_id for profile in found]
        known, held = await people.find_many(tx, ids), await awarded.held(tx, ids)
    records = [render_profile(one, known[one.person_id], held.get(one.person_id, [])) for one in found]
    return answer("Successfully fetched the learner profile/s", {"records": records, "total_count": count})


@get("/learner-profile/search")
async def search_profiles(request: AnyRequest, parts: InjectedParts) -> dict[str, Any]:
    """The profile of one learner, as a list."""
    caller = await caller_with(request, READ)
    learner_id = read_query(request, wire.PROFILE_SEARCH)["learner_id"]
    if not learner_id:
        raise RuleBroken("Missing or invalid request parameters")
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await find_learner(tx, learner_id)
        profile = await find_profile(tx, person, learner_id, None)
        record = await _record(tx, profile, person)
    return answer("Successfully fetched the learner profiles", [record])


@post("/learner-profile/import/json", status_code=200)
async def import_profiles(request: AnyRequest, spine: InjectedSpine) -> dict[str, Any]:
    """All of a file, or nothing. A learner id that is not known is one from elsewhere: its person is made and found by it
    from then on.
    """
    caller = await caller_with(request, WRITE)
    rows = await read_import(request, named_json=False)
    bodies = check_items(rows, wire.IMPORTED_PROFILE)

    async def work(tx: Transaction, _: bool) -> list[str]:
        made = []
        for body in bodies:
            learner_id = body["learner_id"]
            person = await _learner_or_new(tx, spine, caller, learner_id)
            made.append((await _create(tx, spine, caller, person, learner_id, body))["uuid"])
        return made

    made = await run_again_on_races(spine, caller.organisation_id, work)
    return answer("Successfully created the learner profiles", made)


@get("/learner-profile/education-fields")
async def show_education_fields(request: AnyRequest) -> dict[str, Any]:
    """What may be chosen from in forms."""
    await caller_with(request, READ)
    words = "Successfully fetched the possible options for education goals, employment status, potential career fields"
    return answer(words, EDUCATION_FIELDS)


async def _learner_or_new(tx: Transaction, spine: Spine, caller: Caller, learner_id: str) -> Person:
    try:
        return await find_learner(tx, learner_id)
    except ResourceNotFound:
        require_scope(caller, "people:write")
    person = await registry.create(tx, Details(), {LEARNER_ID: learner_id}, now=spine.clock.now())
    return await find_learner_from_elsewhere(tx, learner_id) or person


async def _held_now(tx: Transaction, person: Person) -> list[str]:
    held = await awarded.held(tx, [person.id])
    return [uid_as_base62(uid) for uid in held.get(person.id, [])]


async def _hold(tx: Transaction, spine: Spine, caller: Caller, person: Person, shown_ids: Sequence[Any]) -> None:
    """Make the learner hold exactly these, which is giving and revoking awards. Raises ResourceNotFound, Forbidden."""
    wanted = await find_achievements(tx, shown_ids)
    if {shown(one.uid) for one in wanted} != set(await _held_now(tx, person)):
        require_scope(caller, "awards:write")
    run = await Run.begin(tx, spine)
    await hold_exactly(run, person, wanted, source=_SOURCE, reason=_REMOVED)
    await run.save()


async def _record(tx: Transaction, profile: LearnerProfile, person: Person) -> dict[str, Any]:
    held = await awarded.held(tx, [person.id])
    return render_profile(profile, person, held.get(person.id, []))


def _profile_not_found(shown_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"Learner profile with uuid {shown_id} not found")


HANDLERS = (
    create_profile,
    show_profile,
    change_profile,
    remove_profile,
    list_profiles,
    search_profiles,
    import_profiles,
    show_education_fields,
)
