"""Taking over credentials that another product issued: people and achievements are found or made, each is taken once.

The document of the other issuer is kept beside; ours is a credential of its own, quiet: nobody is notified.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from laurel.base import json_text
from laurel.base.errors import Invalid
from laurel.base.ids import AchievementId, OrganisationId
from laurel.base.limits import DESCRIPTION_LENGTH_MAX, METADATA_BYTES_MAX
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.model import Achievement
from laurel.domain.imports import store
from laurel.domain.imports.model import Found
from laurel.domain.people import store as people
from laurel.domain.people.addressed import people_by_email
from laurel.domain.people.model import Person
from laurel.domain.record_events import award
from laurel.domain.record_events.award import Gift, Given
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.races import run_again_on_races
from laurel.domain.record_events.revoke import revoke
from laurel.domain.record_events.run import Run

BATCH = 200
SOURCE = "import"


class Plan(NamedTuple):
    """What would come of it."""

    new: int
    known: int
    people_new: int
    achievements_new: list[str]


async def plan(spine: Spine, organisation_id: OrganisationId, found: Sequence[Found]) -> Plan:
    """What taking over would do; changes nothing."""
    async with spine.database.transaction(organisation_id) as tx:
        known: set[tuple[str, str]] = set()
        for origin in {one.origin for one in found}:
            ids = [one.origin_id for one in found if one.origin == origin]
            known |= {(origin, one) for one in await store.known(tx, origin, ids)}
        fresh = [one for one in found if (one.origin, one.origin_id) not in known]
        emails = {one.recipient_email for one in fresh}
        there = await people.ids_by_email(tx, sorted(emails))
        names = sorted({one.achievement for one in fresh})
        defined = await store.achievements_named(tx, names)
    return Plan(
        new=len({(one.origin, one.origin_id) for one in fresh}),
        known=len(found) - len(fresh),
        people_new=len(emails - there.keys()),
        achievements_new=[name for name in names if name not in defined],
    )


async def take_over(spine: Spine, organisation_id: OrganisationId, found: Sequence[Found]) -> int:
    """Take over up to BATCH credentials in one transaction; how many were new."""

    async def work(tx: Transaction, _careful: bool) -> int:
        now = spine.clock.now()
        fresh: list[Found] = []
        for origin in sorted({one.origin for one in found}):
            by_id = {one.origin_id: one for one in found if one.origin == origin}
            claimed = await store.claim(tx, origin, list(by_id), now)
            fresh += [one for origin_id, one in by_id.items() if origin_id in claimed]
        if not fresh:
            return 0
        holders = await people_by_email(tx, {one.recipient_email: one.recipient_name for one in fresh}, now)
        defined = await _achievements(tx, fresh, now)
        run = await Run.begin(tx, spine, quiet=True, now=now)
        given = await award.give(
            run, [_gift(one, holders[one.recipient_email], defined[one.achievement], now) for one in fresh]
        )
        await _revoke_revoked(run, fresh, given)
        await run.save()
        return len(fresh)

    return await run_again_on_races(spine, organisation_id, work)


async def _revoke_revoked(run: Run, fresh: Sequence[Found], given: Sequence[Given]) -> None:
    for one, made in zip(fresh, given, strict=True):
        if one.revoked:
            await revoke(run, made.award, "it was revoked where it was issued")


async def _achievements(tx: Transaction, fresh: Sequence[Found], now: datetime) -> dict[str, Achievement]:
    wanted = {one.achievement: one for one in fresh}
    ids: dict[str, AchievementId] = await store.achievements_named(tx, sorted(wanted))
    known = await achievements.find_many(tx, sorted(set(ids.values())))
    defined = {name: known[number] for name, number in ids.items()}
    for name, one in sorted(wanted.items()):
        if name not in defined:
            defined[name] = await definitions.create(
                tx,
                Definition(
                    names={"en": name},
                    descriptions={"en": one.description[:DESCRIPTION_LENGTH_MAX]},
                    criteria_narrative=one.criteria[:DESCRIPTION_LENGTH_MAX],
                    status="live",
                ),
                actor=SOURCE,
                now=now,
            )
    return defined


def _gift(one: Found, person: Person, achievement: Achievement, now: datetime) -> Gift:
    details: dict[str, object] = {"imported": {"origin": one.origin, "id": one.origin_id}}
    if one.document is not None and len(json_text.encode(one.document)) <= METADATA_BYTES_MAX:
        details["imported_document"] = one.document
    if one.expires_at is not None and one.expires_at < one.issued_at:
        raise Invalid("it ends before it begins", field="expires_at", value=one.expires_at.isoformat())
    overrides: dict[str, object] = {"recipient_email": one.recipient_email}
    overrides |= {
        name: value
        for name, value in (
            ("recipient_name", one.recipient_name),
            ("evidence", one.evidence),
            ("custom", one.custom),
            ("description", one.description[:DESCRIPTION_LENGTH_MAX]),
        )
        if value
    }
    return Gift(
        person=person,
        achievement=achievement,
        awarded_at=min(one.issued_at, now),
        source=SOURCE,
        again=True,
        credential=True,
        overrides=overrides,
        details=details,
        license_id=one.license_id,
        expires_at=one.expires_at,
        quiet=True,
    )
