"""Taking an event back: it stays recorded, marked as retracted, and everything is counted as if it had not been.

What is undone and what stays is listed in this package's README.
"""

from decimal import Decimal

import msgspec

from laurel.base.ids import AchievementId, PersonId
from laurel.base.limits import CASCADE_DEPTH_MAX, DESCRIPTION_LENGTH_MAX, check_length
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.evaluate import Completion
from laurel.domain.achievements.model import Award
from laurel.domain.achievements.periods import period_key
from laurel.domain.achievements.rules import DONE, PERIOD, Rule
from laurel.domain.events import store as events
from laurel.domain.events.model import Event, EventNotFound
from laurel.domain.record_events.consequences import Made, settle
from laurel.domain.record_events.revoke import revoke
from laurel.domain.record_events.run import Run
from laurel.domain.record_events.undo import Undone, undo_award, undo_event


class Retracted(msgspec.Struct):
    """What a retraction changed: awards that fell, awards that became due by it (as with a `not`), what was taken back."""

    event: Event
    revoked: list[Award]
    made: list[Made]
    points: Decimal = Decimal(0)
    xp: Decimal = Decimal(0)


async def retract(run: Run, person_id: PersonId, event_key: str, reason: str) -> Retracted:
    """Retract an event, with all that follows from it.

    An award whose tree no longer holds is revoked only where the achievement says so; then what it paid is taken back and
    the events that it raised are retracted too, and so on. Retracting twice does nothing more. Raises EventNotFound.
    """
    check_length(reason, DESCRIPTION_LENGTH_MAX, "reason")
    await run.load([person_id])
    event = await events.find(run.tx, person_id, event_key)
    if event is None or person_id not in run.states:
        raise EventNotFound("the person has no event with this key", field="key", value=event_key)
    result = Retracted(event, [], [])
    if not await events.retract(run.tx, person_id, event_key, reason, run.now):
        return result
    completions: dict[AchievementId, list[Completion]] = {}
    gone, waiting = [event], list[Rule]()
    for _ in range(CASCADE_DEPTH_MAX):
        if not gone and not waiting:
            break
        gone, waiting = await _take_back(run, result, gone, waiting, completions, reason)
    result.made = await settle(run, [one for found in completions.values() for one in found])
    return result


async def _take_back(
    run: Run,
    result: Retracted,
    gone: list[Event],
    waiting: list[Rule],
    completions: dict[AchievementId, list[Completion]],
    reason: str,
) -> tuple[list[Event], list[Rule]]:
    """Undo what the events `gone` brought, and what rules that were `waiting` for a fallen award brought; the raised events
    and the rules that are to be looked at next.
    """
    person_id = result.event.person_id
    undone: list[Undone] = [await undo_event(run, event, reason) for event in gone]
    touched: dict[AchievementId, Rule] = {rule.id: rule for rule in waiting} | {
        match.rule.id: match.rule
        for event in gone
        for match in run.book.matches(event.name, event.category, event.sub_category)
    }
    waiting = []
    for rule in touched.values():
        completions[rule.id] = await run.count_anew(run.states[person_id], rule)
        if rule.achievement.revoke_on_retraction:
            for award in await _revoke_unearned(run, person_id, rule, reason):
                result.revoked.append(award)
                undone.append(await undo_award(run, award, reason))
                waiting += _needing(run, person_id, award.achievement_id)
    result.points += sum((one.points for one in undone), Decimal(0))
    result.xp += sum((one.xp for one in undone), Decimal(0))
    return [event for one in undone for event in one.gone], waiting


def _needing(run: Run, person_id: PersonId, achievement_id: AchievementId) -> list[Rule]:
    """Rules whose prerequisite the person no longer holds, as far as their awards may fall."""
    if run.states[person_id].held.get(achievement_id):
        return []
    return [rule for rule in run.book.waiting_for.get(achievement_id, ()) if rule.achievement.revoke_on_retraction]


async def _revoke_unearned(run: Run, person_id: PersonId, rule: Rule, reason: str) -> list[Award]:
    """Revoke the awards by rule of periods whose tree was never complete in the new count."""
    state = run.states[person_id]
    entries = [
        state.entry(rule.id),
        *(e for (achievement_id, _), e in state.past.items() if achievement_id == rule.id),
    ]
    earned = {
        period_key(rule.period, entry[PERIOD], level)
        for entry in entries
        if entry is not None
        for level in range(1, entry[DONE] + 1)
    }
    revoked = []
    for award in await awarded.of_person(run.tx, person_id, achievement_id=rule.id):
        if award.state == "active" and award.source == "rules" and award.period not in earned:
            revoked.append((await revoke(run, award, f"an event was retracted: {reason}", fell=True))[0])
    return revoked
