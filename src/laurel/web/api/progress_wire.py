"""How our API shows awards, progress and what an event brought; shared by the modules that show them."""

from datetime import datetime
from decimal import Decimal

import msgspec

from laurel.domain.achievements.model import Achievement, Award
from laurel.domain.achievements.progress import ProgressNode
from laurel.domain.achievements.standing import Standing
from laurel.domain.record_events.consequences import Made
from laurel.domain.rewards.model import Grant


class AwardOut(msgspec.Struct, frozen=True, kw_only=True):
    """An award. `period` is "" for open achievements, else kind and first day ("w:2026-11-16"); levels above the first follow
    behind a # ("w:2026-11-16#2").
    """

    id: str
    number: int
    achievement: str
    person: str | None = None
    period: str
    level: int | None
    state: str
    awarded_at: datetime
    recorded_at: datetime
    source: str
    claim: str
    claimed_at: datetime | None
    points: Decimal
    xp: Decimal
    score: str | None
    revoked_at: datetime | None
    revoke_reason: str | None
    credential: str | None = None


class GrantOut(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a reward."""

    id: str
    kind: str
    amount: int
    state: str


class UnlockOut(msgspec.Struct, frozen=True, kw_only=True):
    """An award that an event brought, with what it paid."""

    award: str
    achievement: str
    name: str
    period: str
    level: int | None
    points: Decimal
    xp: Decimal
    rewards: list[GrantOut]
    shortages: list[str]
    claimable: bool


class LevelOut(msgspec.Struct, frozen=True, kw_only=True):
    """The level reached in the present period (0: none), its name, the highest there is, and what the next one takes."""

    reached: int
    name: str
    highest: int
    next_target: Decimal | None


class ProgressOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person stands in an achievement in the present period."""

    achievement: str
    name: str
    status: str
    period: str
    complete: bool
    times_completed: int
    resets_at: datetime | None
    level: LevelOut | None
    progress: ProgressNode | None
    award: str | None


def render_award(
    award: Award, achievement_uid: str, person_uid: str | None = None, credential_uid: str | None = None
) -> AwardOut:
    """An award of ours on the wire."""
    return AwardOut(
        id=award.uid,
        number=award.id,
        achievement=achievement_uid,
        person=person_uid,
        period=award.period,
        level=award.level,
        state=award.state,
        awarded_at=award.awarded_at,
        recorded_at=award.recorded_at,
        source=award.source,
        claim=award.claim,
        claimed_at=award.claimed_at,
        points=award.points,
        xp=award.xp,
        score=award.score,
        revoked_at=award.revoked_at,
        revoke_reason=award.revoke_reason,
        credential=credential_uid,
    )


def render_grant(grant: Grant) -> GrantOut:
    """A grant on the wire."""
    return GrantOut(id=grant.uid, kind=grant.kind, amount=grant.amount, state=grant.state)


def render_unlock(made: Made, language: str = "en") -> UnlockOut:
    """What an event brought."""
    paid = made.paid
    return UnlockOut(
        award=made.award.uid,
        achievement=made.achievement.uid,
        name=made.achievement.name_of(made.award.level, language),
        period=made.award.period,
        level=made.award.level,
        points=paid.points if paid else Decimal(0),
        xp=paid.xp if paid else Decimal(0),
        rewards=[render_grant(grant) for grant in paid.grants] if paid else [],
        shortages=[f"{reward}: {reason}" for reward, reason in paid.shortages] if paid else [],
        claimable=made.award.claim == "claimable",
    )


def render_standing(standing: Standing, now: datetime, language: str = "en") -> ProgressOut:
    """Progress on the wire."""
    achievement: Achievement = standing.achievement
    return ProgressOut(
        achievement=achievement.uid,
        name=achievement.name_in(language),
        status=achievement.status_at(now),
        period=standing.period,
        complete=standing.current is not None,
        times_completed=standing.times_completed,
        resets_at=standing.resets_at,
        level=_level(standing, language),
        progress=standing.progress,
        award=standing.current.uid if standing.current else None,
    )


def _level(standing: Standing, language: str) -> LevelOut | None:
    level = standing.level
    if level is None:
        return None
    return LevelOut(
        reached=level.reached,
        name=standing.achievement.level_name(level.reached or None, language),
        highest=level.highest,
        next_target=None if level.next_target is None else Decimal(level.next_target),
    )
