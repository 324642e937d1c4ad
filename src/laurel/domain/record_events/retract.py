"""Taking an event back: it stays recorded, marked as retracted, and progress is counted as if it had not been."""

from laurel.base.ids import PersonId
from laurel.base.limits import DESCRIPTION_LENGTH_MAX, check_length
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Award
from laurel.domain.achievements.periods import period_key
from laurel.domain.achievements.rules import DONE, Rule
from laurel.domain.events import store as events
from laurel.domain.events.model import Event, EventNotFound
from laurel.domain.record_events.consequences import Made, settle
from laurel.domain.record_events.revoke import revoke
from laurel.domain.record_events.run import Run


async def retract(run: Run, person_id: PersonId, event_key: str, reason: str) -> tuple[Event, list[Award], list[Made]]:
    """Retract an event; (the event, awards revoked by it, awards that became due by it, as with a `not`).

    An award whose tree no longer holds is revoked only where the achievement says so. Retracting twice does nothing
    more. Raises EventNotFound.
    """
    check_length(reason, DESCRIPTION_LENGTH_MAX, "reason")
    await run.load([person_id])
    event = await events.find(run.tx, person_id, event_key)
    if event is None or person_id not in run.states:
        raise EventNotFound("the person has no event with this key", field="key", value=event_key)
    if not await events.retract(run.tx, person_id, event_key, reason, run.now):
        return event, [], []
    state = run.states[person_id]
    touched: dict[int, Rule] = {
        match.rule.id: match.rule for match in run.book.matches(event.name, event.category, event.sub_category)
    }
    revoked: list[Award] = []
    completions = []
    for rule in touched.values():
        completions += await run.count_anew(state, rule)
        if rule.achievement.revoke_on_retraction:
            revoked += await _revoke_unearned(run, person_id, rule, reason)
    return event, revoked, await settle(run, completions)


async def _revoke_unearned(run: Run, person_id: PersonId, rule: Rule, reason: str) -> list[Award]:
    """Revoke the awards by rule of periods whose tree was never complete in the new count."""
    state = run.states[person_id]
    entries = [
        state.entry(rule.id),
        *(e for (achievement_id, _), e in state.past.items() if achievement_id == rule.id),
    ]
    earned = {period_key(rule.period, entry[1]) for entry in entries if entry is not None and entry[DONE]}
    revoked = []
    for award in await achievements.awards_of_person(run.tx, person_id, achievement_id=rule.id):
        if award.state == "active" and award.source == "rules" and award.period not in earned:
            revoked.append((await revoke(run, award, f"an event was retracted: {reason}"))[0])
    return revoked
