"""Giving achievements directly, without events: many gifts in one transaction, with everything that follows."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from laurel.base.errors import AlreadyHeld
from laurel.base.ids import new_uid
from laurel.base.times import check_year
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Achievement, Award, NewAward
from laurel.domain.credentials import issue
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.issue import Intent
from laurel.domain.credentials.model import Credential
from laurel.domain.people.model import Person, PersonNotFound
from laurel.domain.record_events.consequences import Made, follow, raise_completions, settle
from laurel.domain.record_events.run import Run

_AGAIN = "x:"
"""Starts the period of an award that repeats one; it never collides with a period of the calendar."""


class Gift(msgspec.Struct, frozen=True):
    """One achievement for one person.

    again: allow a further award beside one that is held (the period then is one of its own). published False: the award
    is pending, counts nowhere and raises nothing until `publish`. issued_on: the date on the credential, when it is not
    that of `awarded_at`. facets: tokens that the credential can be searched by (`register.facets`). credential: with a credential whether or not the
    achievement issues them; `overrides` are fields of CredentialFields, `details` what a dialect stores besides.
    """

    person: Person
    achievement: Achievement
    awarded_at: datetime
    source: str
    again: bool = False
    published: bool = True
    credential: bool = False
    overrides: dict[str, Any] = {}
    details: dict[str, Any] = {}
    license_id: str | None = None
    private: bool | None = None
    expires_at: datetime | None = None
    issued_on: date | None = None
    facets: tuple[str, ...] = ()
    score: str | None = None
    results: list[Any] = []
    quiet: bool = False


class Given(msgspec.Struct, frozen=True):
    """What came of a gift."""

    award: Award
    credential: Credential | None


def _check_dates(gift: Gift) -> None:
    for field in ("awarded_at", "expires_at", "issued_on"):
        if (value := getattr(gift, field)) is not None:
            check_year(value, field)


async def give(run: Run, gifts: Sequence[Gift]) -> list[Given]:
    """Award all gifts and settle what follows; one answer per gift, in order.

    Raises Invalid for dates at the end of time; AlreadyHeld naming the award in `details` (index, award, credential) when a person holds one already and the
    gift is not `again`: then nothing is given. The caller commits with `run.save()`.
    """
    await run.load({gift.person.id for gift in gifts})
    for gift in gifts:
        _check_dates(gift)
        if gift.person.id not in run.states:
            raise PersonNotFound("there is no such person", field="person", value=gift.person.uid)
    made = [Made(award, gift.achievement, "") for award, gift in zip(await _awards(run, gifts), gifts, strict=True)]
    published = [one for one, gift in zip(made, gifts, strict=True) if gift.published]
    intents = [
        _intent(one.award, gift)
        for one, gift in zip(made, gifts, strict=True)
        if gift.credential or gift.achievement.issues_credential
    ]
    completions = await raise_completions(run, published)
    await follow(run, published, with_credentials=False)
    intended = {c.award_id: c for c in await issue.intend(run.tx, intents, run.language, run.now)}
    await settle(run, completions)
    return [Given(one.award, intended.get(one.award.id)) for one in made]


def _intent(award: Award, gift: Gift) -> Intent:
    return Intent(
        award,
        gift.achievement,
        gift.person,
        gift.overrides,
        gift.details,
        gift.license_id,
        gift.private,
        gift.expires_at,
        gift.issued_on,
        gift.facets,
    )


async def _awards(run: Run, gifts: Sequence[Gift]) -> list[Award]:
    """One award per gift: all that are first ones in one statement, the rest one by one."""
    firsts = {
        (gift.person.id, gift.achievement.id): _first(run, gift)
        for gift in reversed(gifts)
        if not run.states[gift.person.id].held.get(gift.achievement.id, 0) or gift.again
    }
    inserted = await awarded.insert(run.tx, list(firsts.values()), run.now) if firsts else []
    fresh = {(award.person_id, award.achievement_id): award for award in inserted}
    awards = []
    for index, gift in enumerate(gifts):
        award = fresh.pop((gift.person.id, gift.achievement.id), None)
        awards.append(award or await _further(run, gift, index))
    return awards


def _first(run: Run, gift: Gift) -> NewAward:
    level = None if gift.achievement.levels is None else 1
    return NewAward(
        person_id=gift.person.id,
        achievement_id=gift.achievement.id,
        period="",
        awarded_at=gift.awarded_at,
        source=gift.source,
        claim="claimable" if gift.achievement.plan_at(level).claimed_by_hand else "granted",
        state="active" if gift.published else "pending",
        score=gift.score,
        results=gift.results,
        quiet=gift.quiet or run.quiet,
        level=level,
    )


async def _further(run: Run, gift: Gift, index: int) -> Award:
    """An award beside an earlier one. Raises AlreadyHeld unless the earlier ones are revoked or the gift is `again`."""
    existing = await awarded.of_person(run.tx, gift.person.id, achievement_id=gift.achievement.id, pending=True)
    standing = next((award for award in existing if award.state != "revoked"), None)
    if standing is not None and not gift.again:
        known = await credentials.of_awards(run.tx, [standing.id])
        details: dict[str, Any] = {"index": index, "award": standing.uid, "award_id": standing.id}
        if standing.id in known:
            details |= {"credential": known[standing.id].uid, "credential_id": known[standing.id].id}
        raise AlreadyHeld("the person holds this achievement already", field="person", details=details)
    again = msgspec.structs.replace(_first(run, gift), period=f"{_AGAIN}{new_uid()}")
    return (await awarded.insert(run.tx, [again], run.now))[0]


async def publish(run: Run, awards: Sequence[tuple[Award, Achievement]]) -> list[Award]:
    """Make pending awards active, with everything that follows from having them."""
    await run.load({award.person_id for award, _ in awards})
    made = []
    for award, achievement in awards:
        if award.state == "pending":
            active = await awarded.change(run.tx, award, {"state": "active", "updated_at": run.now})
            made.append(Made(active, achievement, ""))
    await issue.release(run.tx, [one.award.id for one in made], run.now)
    completions = await raise_completions(run, made)
    await follow(run, made, with_credentials=False)
    await settle(run, completions)
    return [one.award for one in made]
