"""Starting a roster, and the job that gives its achievement line by line."""

from datetime import UTC, date, datetime, time
from typing import Any

import msgspec

from laurel.base.errors import Invalid
from laurel.base.ids import OrganisationId
from laurel.database import jobs
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Achievement
from laurel.domain.organisations import audit
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.domain.people.registry import Details
from laurel.domain.record_events.award import Gift, give
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.races import run_again_on_races
from laurel.domain.record_events.run import Run
from laurel.domain.rosters import store
from laurel.domain.rosters.model import ROSTER_JOB, Line, Mistake, Roster, RosterNotFound

LINES_PER_TRANSACTION = 50


async def start(
    tx: Transaction, achievement: Achievement, lines: list[Line], *, uid: str, actor: str, now: datetime
) -> Roster:
    """Write the list down and ask for its job. The same uid again is the roster that is there. Raises Invalid."""
    if not lines:
        raise Invalid("there is nobody on the list", field="file")
    roster = await store.insert(tx, uid=uid, achievement_id=achievement.id, actor=actor, lines=lines, now=now)
    if roster is None:
        return await require(tx, uid)
    await jobs.enqueue(tx, ROSTER_JOB, {"roster": uid}, priority=jobs.URGENT)
    details = {"achievement": achievement.uid, "lines": len(lines)}
    await audit.record(tx, at=now, by=actor, action="roster.start", subject=("roster", uid), details=details)
    return roster


async def require(tx: Transaction, uid: str) -> Roster:
    """The roster with this uid. Raises RosterNotFound."""
    roster = await store.find(tx, uid)
    if roster is None:
        raise RosterNotFound("there is no such list", field="roster", value=uid[:50])
    return roster


async def issue_roster(spine: Spine, organisation_id: OrganisationId, uid: str) -> None:
    """Give to everybody on the list. Doing it twice gives once."""
    more = True
    while more:

        async def chunk(tx: Transaction, _careful: bool) -> bool:
            roster = await store.find(tx, uid, lock=True)
            if roster is None or roster.state == "done":
                return False
            return await _give_some(tx, spine, roster)

        more = await run_again_on_races(spine, organisation_id, chunk)


async def _give_some(tx: Transaction, spine: Spine, roster: Roster) -> bool:
    """Give to the next few; whether there are more."""
    now = spine.clock.now()
    lines = roster.lines[roster.done : roster.done + LINES_PER_TRANSACTION]
    achievement = (await achievements.find_many(tx, [roster.achievement_id]))[roster.achievement_id]
    run = await Run.begin(tx, spine, now=now)
    known = await _people_of(tx, lines, now)
    await run.load({person.id for person in known.values()})
    failures, gifts = [], []
    for line in lines:
        person = known[line.email]
        if run.states[person.id].held.get(achievement.id, 0):
            failures.append(Mistake(line.number, f"{line.email} holds it already"))
        else:
            gifts.append(_gift(line, person, achievement, now))
    if gifts:
        await give(run, gifts)
        await run.save()
    done = roster.done + len(lines)
    changes: dict[str, Any] = {
        "done": done,
        "given": roster.given + len(gifts),
        "failures": msgspec.to_builtins([*roster.failures, *failures]),
        "state": "running" if done < len(roster.lines) else "done",
        "updated_at": now,
    }
    await store.change(tx, roster.uid, changes)
    return done < len(roster.lines)


def _gift(line: Line, person: Person, achievement: Achievement, now: datetime) -> Gift:
    return Gift(
        person=person,
        achievement=achievement,
        awarded_at=now,
        source="roster",
        credential=True,
        overrides={"recipient_name": line.name},
        issued_on=date.fromisoformat(line.issued_on) if line.issued_on else None,
        expires_at=datetime.combine(date.fromisoformat(line.expires_on), time.max, UTC) if line.expires_on else None,
    )


async def _people_of(tx: Transaction, lines: list[Line], now: datetime) -> dict[str, Person]:
    """The people by address, made where nobody has it."""
    ids = await people.ids_by_email(tx, [line.email for line in lines])
    found = await people.find_many(tx, list(ids.values()))
    known = {email: found[person_id] for email, person_id in ids.items()}
    for line in lines:
        if line.email not in known:
            details = Details(email=line.email, display_name=line.name)
            known[line.email] = await registry.create(tx, details, {}, now=now)
    return known
