"""Saying what a person holds: what is missing is given, what is too much is revoked. For surfaces that write a list."""

from collections.abc import Sequence

from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Achievement
from laurel.domain.people.model import Person
from laurel.domain.record_events.award import Gift, give
from laurel.domain.record_events.revoke import revoke
from laurel.domain.record_events.run import Run


async def hold_exactly(
    run: Run, person: Person, wanted: Sequence[Achievement], *, source: str, reason: str
) -> tuple[int, int]:
    """Make the person hold `wanted` and nothing else; (how many were given, how many awards were revoked).

    What is held already stays as it is, also when it was earned by rules. Revoked are all active awards, of every period, of
    what is not wanted, with `reason`. Deleted achievements are left alone. The person's progress row is locked first, so of
    two at once the second sees what the first did. Raises PersonNotFound. The caller commits with `run.save()`.
    """
    await run.load([person.id])
    awards = await awarded.active_of(run.tx, person.id)
    kept = {achievement.id for achievement in wanted}
    unwanted = [award for award in awards if award.achievement_id not in kept]
    for award in unwanted:
        await revoke(run, award, reason)
    held = {award.achievement_id for award in awards}
    missing = {achievement.id: achievement for achievement in wanted if achievement.id not in held}
    gifts = [
        Gift(person=person, achievement=achievement, awarded_at=run.now, source=source, again=True)
        for achievement in missing.values()
    ]
    if gifts:
        await give(run, gifts)
    return len(gifts), len(unwanted)
