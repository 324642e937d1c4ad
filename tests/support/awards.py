"""Awards given directly, many at a time."""

from laurel.domain.achievements import definitions
from laurel.domain.achievements.definitions import Definition
from laurel.domain.record_events import award
from laurel.domain.record_events.award import Gift
from laurel.domain.record_events.run import Run
from tests.support.builders import a_person


async def some_awards(parts, organisation, times, *, name="Course Demo", **wishes):
    """One person and course, awarded at each of `times`."""
    person = await a_person(parts, organisation, first_name="Sample", last_name="User")
    async with parts.database.transaction(organisation.id) as tx:
        course = await definitions.create(
            tx, Definition(names={"en": name}, status="live"), actor="test", now=parts.clock.now()
        )
        run = Run(tx, parts.spine, await parts.spine.open(tx), parts.clock.now(), quiet=False)
        given = await award.give(run, [Gift(person, course, at, "test", again=True, **wishes) for at in times])
        await run.save()
    return person, course, [one.award for one in given]
