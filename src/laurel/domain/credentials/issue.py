"""Intending credentials: what they will say is written down in the transaction of the award, and signed after it.

A job signs; where few were intended in a request, whoever serves the request may sign them before it answers (`asking`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from laurel.base.ids import AwardId, CredentialId, OrganisationId, new_secret
from laurel.database import jobs
from laurel.database.pool import Transaction
from laurel.domain.achievements.model import Achievement, Award
from laurel.domain.credentials import store
from laurel.domain.credentials.model import ISSUE_JOB, LETTER_JOB, Credential, CredentialFields
from laurel.domain.credentials.store import NewCredential
from laurel.domain.people.model import Person

_LETTERS_PER_JOB = 50
_BEFORE_LETTERS = timedelta(seconds=3)
FEW_MAX = 20
"""As many are signed before the request is answered that asked for them."""
_AFTER_THE_REQUEST = timedelta(seconds=2)
"""More than a request waits for signatures."""


class Intent(msgspec.Struct, frozen=True):
    """One credential to come: for which award, and what differs from the definition."""

    award: Award
    achievement: Achievement
    person: Person
    overrides: dict[str, Any] = {}
    details: dict[str, Any] = {}
    license_id: str | None = None
    private: bool | None = None
    expires_at: datetime | None = None
    issued_on: date | None = None
    facets: tuple[str, ...] = ()


async def intend(tx: Transaction, intents: Sequence[Intent], language: str, now: datetime) -> list[Credential]:
    """Record credentials as intended, and a job that issues them once the transaction has committed.

    Those of pending awards wait for `release`.
    """
    if not intents:
        return []
    credentials = await store.insert(tx, [_new(intent, language, now) for intent in intents], now)
    await ask_to_issue(tx, sum(credential.published_at is not None for credential in credentials))
    quiet = {intent.award.id for intent in intents if intent.award.quiet}
    await _tell(tx, [one.id for one in credentials if one.published_at is not None and one.award_id not in quiet])
    return credentials


_asked: ContextVar[dict[OrganisationId, int] | None] = ContextVar("asked_to_issue", default=None)


@contextmanager
def asking() -> Iterator[dict[OrganisationId, int]]:
    """What is asked for within the block: how many credentials of which organisations."""
    asked: dict[OrganisationId, int] = {}
    token = _asked.set(asked)
    try:
        yield asked
    finally:
        _asked.reset(token)


async def ask_to_issue(tx: Transaction, count: int) -> None:
    """Have `count` credentials signed that this transaction has intended and that may be published.

    A job does it at once; where a request signs the few that it asked for, the job comes after it: taking them at the same
    moment, it would have them while the request finds nothing to sign and answers too early.
    """
    if count:
        asked = _asked.get()
        if asked is not None:
            asked[tx.organisation_id] = count = asked.get(tx.organisation_id, 0) + count
        few = asked is not None and count <= FEW_MAX
        await jobs.enqueue(tx, ISSUE_JOB, {}, delay=_AFTER_THE_REQUEST if few else None)


async def _tell(tx: Transaction, credential_ids: Sequence[CredentialId]) -> None:
    """Have people told by mail, a handful a job, once the documents have had a moment to be signed."""
    for start in range(0, len(credential_ids), _LETTERS_PER_JOB):
        some = list(credential_ids[start : start + _LETTERS_PER_JOB])
        await jobs.enqueue(tx, LETTER_JOB, {"credentials": some}, delay=_BEFORE_LETTERS, priority=jobs.WHENEVER)


async def release(tx: Transaction, award_ids: Sequence[AwardId], now: datetime) -> None:
    """Let the credentials of awards that were pending be issued."""
    if award_ids:
        await store.publish(tx, award_ids, now)
        await ask_to_issue(tx, len(award_ids))
        await _tell(tx, [one.id for one in (await store.of_awards(tx, award_ids)).values() if one.deleted_at is None])


def _new(intent: Intent, language: str, now: datetime) -> NewCredential:
    award, achievement = intent.award, intent.achievement
    private = achievement.credential.private if intent.private is None else intent.private
    return NewCredential(
        award.person_id,
        award.id,
        achievement.id,
        fields_of(intent, language),
        intent.details,
        intent.license_id,
        private,
        new_secret() if private else None,
        intent.issued_on or award.awarded_at.date(),
        intent.expires_at or expiry_of(achievement, award.awarded_at),
        None if award.state == "pending" else now,
        store.FACET_SEPARATOR.join(intent.facets) or None,
    )


def fields_of(intent: Intent, language: str) -> CredentialFields:
    """What the credential will say: the definition in the person's language, then what the issuer overrides."""
    achievement, person = intent.achievement, intent.person
    spoken = person.language or language
    fields = CredentialFields(
        name=achievement.name_of(intent.award.level, spoken, language),
        level=achievement.level_name(intent.award.level, spoken, language),
        description=achievement.description_in(spoken, language),
        recipient_name=person.full_name,
        recipient_email=person.email,
        criteria_narrative=achievement.criteria_narrative,
        criteria_url=achievement.criteria_url,
        achievement_type=achievement.type,
        image=achievement.image,
        results=list(intent.award.results),
        credits_earned=None if achievement.credits is None else float(achievement.credits),
    )
    return msgspec.structs.replace(fields, **intent.overrides)


def expiry_of(achievement: Achievement, awarded_at: datetime) -> datetime | None:
    """When a credential of this achievement expires; 29 February becomes the 28th in other years."""
    plan = achievement.credential
    if plan.valid_years:
        year = awarded_at.year + plan.valid_years
        try:
            return awarded_at.replace(year=year)
        except ValueError:
            return awarded_at.replace(year=year, day=28)
    return awarded_at + timedelta(days=plan.valid_days) if plan.valid_days else None
