"""Challenges with their actions, and groups of them, as Nudj shows them."""

from datetime import datetime
from typing import Any

from litestar import Request

from laurel.base.ids import PersonId
from laurel.base.times import render_time, render_time_or_none
from laurel.database.pool import Transaction
from laurel.domain.attempts import store as attempts
from laurel.domain.attempts.model import Attempt
from laurel.domain.challenges import store
from laurel.domain.challenges.model import Action, Challenge
from laurel.domain.organisations import store as organisations
from laurel.web.dialects.nudj.reward_view import Shelf, plan_out, present, shelf_of_plans
from laurel.web.dialects.nudj.translate import Tongue, details_out, tongue_of

AnyRequest = Request[Any, Any, Any]


async def challenges_out(
    tx: Transaction, request: AnyRequest, now: datetime, found: list[Challenge], person_id: PersonId | None
) -> list[dict[str, Any]]:
    """Challenges as one user sees them, or as the organisation does (None)."""
    tongue = await tongue_of(tx, request)
    organisation = await organisations.organisation(tx)
    uids = await organisations.department_uids(tx, sorted({c.department_id for c in found if c.department_id}))
    counts = await store.counts(tx, [challenge.id for challenge in found])
    shelf = await shelf_of_plans(tx, [p for c in found for p in (c.rewards, *(a.rewards for a in c.actions))])
    mine = {} if person_id is None else await attempts.attempts(tx, person_id, [challenge.id for challenge in found])
    result = []
    for challenge in found:
        started, completed = counts.get(challenge.id, (0, 0))
        attempt = None if person_id is None else mine.get(challenge.id) or Attempt(person_id, challenge.id)
        one: dict[str, Any] = {
            "id": challenge.uid,
            "organisationId": organisation.uid,
            "communityId": uids.get(challenge.department_id) if challenge.department_id else None,
            "details": details_out(challenge.names, challenge.descriptions, challenge.images, tongue),
            "status": challenge.status_at(now),
            "startsAt": render_time_or_none(challenge.starts_at),
            "expiresAt": render_time_or_none(challenge.expires_at),
            "unlockAmount": challenge.unlock_keys,
            "isRepeatable": challenge.repeatable,
            "featured": challenge.featured,
            "tags": list(challenge.tags),
            "campaigns": list(challenge.campaigns),
            "actions": [_action_out(shelf, action, tongue, attempt) for action in challenge.actions],
            "reward": plan_out(shelf, challenge.rewards, tongue, challenge.uid),
            "startedCount": started,
            "completedCount": completed,
            "actionsCount": len(challenge.actions),
            "createdAt": render_time(challenge.created_at),
            "updatedAt": render_time(challenge.updated_at),
        }
        if attempt is None:
            one |= {"createdBy": challenge.created_by, "updatedBy": challenge.updated_by}
        else:
            one["userState"] = _state_out(challenge, attempt)
        result.append(one)
    return result


def _action_out(shelf: Shelf, action: Action, tongue: Tongue, attempt: Attempt | None) -> dict[str, Any]:
    return {
        "id": action.id,
        "allocationId": action.allocation,
        "type": action.kind,
        "details": details_out(action.names, action.descriptions, {}, tongue),
        "config": action.details,
        "reward": plan_out(shelf, action.rewards, tongue, action.id),
        **({"judging": judging_out(action)} if attempt is None else {"isComplete": action.id in attempt.done}),
    }


def judging_out(action: Action) -> dict[str, Any] | None:
    """What has to be right in an action: for the organisation's eyes only."""
    judging = action.judging
    if judging is None:
        return None
    return {
        "code": judging.code,
        "answers": judging.answers,
        "questions": [{"id": one.id, "answers": one.answers, "every": one.every} for one in judging.questions],
        "passMark": judging.pass_mark,
        "attemptsMax": judging.attempts_max,
    }


def _state_out(challenge: Challenge, attempt: Attempt) -> dict[str, Any]:
    return {
        "status": challenge.standing(attempt),
        "timesCompleted": attempt.completions,
        "completedActions": len(attempt.done),
        **present(startedAt=attempt.started_at, completedAt=attempt.completed_at),
    }
