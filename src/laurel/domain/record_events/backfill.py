"""Counting the past: when an achievement goes live after the activity, everybody's events are counted for it.

Idempotent (awards are unique per period), resumable by person, and quiet if asked: then nobody is notified.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from laurel.base.ids import AchievementId, OrganisationId, PersonId
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Achievement
from laurel.domain.events import store as events
from laurel.domain.record_events.consequences import settle
from laurel.domain.record_events.memory import Spine
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run, names_and_categories

BACKFILL_JOB = "achievements.backfill"
_PEOPLE_PER_TRANSACTION = 200
_NOBODY = PersonId(0)


class Backfilled(msgspec.Struct):
    """How far it came: people looked at, awards made, and the last person done."""

    people: int = 0
    awards: int = 0
    last_person: PersonId = _NOBODY


async def widen(tx: Transaction, achievement: Achievement, since: datetime | None, now: datetime) -> Achievement:
    """Let events count that were recorded since `since` (None: ever), whatever the status was then."""
    start = None if since is None else since.isoformat()
    end = None if achievement.status == "live" else now.isoformat()
    changed = await achievements.update(
        tx,
        achievement.id,
        {"live_spans": [[start, end]], "revision": achievement.revision + 1, "updated_at": now},
    )
    await achievements.bump_rules(tx)
    return changed


async def backfill(
    spine: Spine,
    organisation_id: OrganisationId,
    achievement_id: AchievementId,
    *,
    quiet: bool,
    after: PersonId = _NOBODY,
    on_progress: Callable[[Backfilled], None] | None = None,
) -> Backfilled:
    """Count all events of everybody for one achievement that is live; people in order of id from `after`."""
    total = Backfilled(last_person=after)
    more = True
    while more:

        async def chunk(run: Run) -> tuple[list[PersonId], int]:
            rule = run.book.rules.get(achievement_id)
            if rule is None:
                return [], 0
            names, categories = names_and_categories(rule)
            people = await events.people_with_events(
                run.tx, names, categories, total.last_person, _PEOPLE_PER_TRANSACTION
            )
            await run.load(people)
            completions = []
            for person_id in people:
                state = run.states.get(person_id)
                if state is not None:
                    completions += await run.count_anew(state, rule)
            made = await settle(run, completions)
            return people, len(made)

        people, awards = await in_run(spine, organisation_id, chunk, quiet=quiet)
        total.people += len(people)
        total.awards += awards
        total.last_person = people[-1] if people else total.last_person
        more = len(people) == _PEOPLE_PER_TRANSACTION
        if on_progress is not None:
            on_progress(total)
    return total
