"""Changing what was given: what a credential says, whose it is, what it is for; and taking it away for good.

Nothing is paid or counted anew. A document that was signed is signed again when what it says has changed.
"""

from typing import Any

import msgspec

from laurel.base.errors import AlreadyHeld
from laurel.base.times import check_year, render_time
from laurel.database.pool import UniqueViolation
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Achievement, Award
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.issue import ask_to_issue
from laurel.domain.credentials.model import Credential
from laurel.domain.notifications.model import CREDENTIAL_UPDATED, Message
from laurel.domain.notifications.publish import publish
from laurel.domain.people.model import Person
from laurel.domain.record_events.revoke import count_held, revoke
from laurel.domain.record_events.run import Run

_SIGNED = frozenset({"fields", "issued_on", "expires_at", "person_id", "achievement_id", "holder"})


async def amend(run: Run, credential: Credential, values: dict[str, Any]) -> Credential:
    """Change columns of a credential and tell of it; `values` may hold fields, details, facets, private, license_id,
    issued_on, expires_at, access_key, holder. Raises Invalid for dates at the end of time.
    """
    for field in ("expires_at", "issued_on"):
        if values.get(field) is not None:
            check_year(values[field], field)
    changes = {name: value for name, value in values.items() if name == "facets" or getattr(credential, name) != value}
    if not changes.keys() - {"facets"}:
        return credential
    changes["updated_at"] = run.now
    if changes.keys() & _SIGNED:
        changes |= {"refusal": None}
        if credential.state == "revoked":
            changes["issued_at"] = None  # so that it is signed anew when it is reinstated
        else:
            changes["state"] = "intended"
            await ask_to_issue(run.tx, 1)
    amended = await credentials.change(run.tx, credential, changes)
    payload = {
        "credential": amended.uid,
        "credential_id": amended.id,
        "achievement_id": amended.achievement_id,
        "person_id": amended.person_id,
        "changed": sorted(changes.keys() - {"updated_at", "state", "facets", "details"}),
        "updated_at": render_time(run.now),
    }
    await publish(run.tx, [Message(amended.person_id, CREDENTIAL_UPDATED, payload)], run.now)
    return amended


async def move(
    run: Run,
    award: Award,
    credential: Credential,
    *,
    person: Person | None = None,
    achievement: Achievement | None = None,
) -> tuple[Award, Credential]:
    """Give an award and its credential to another person, or make them ones of another achievement.

    Raises AlreadyHeld when that person holds that achievement already.
    """
    person_id = person.id if person else award.person_id
    achievement_id = achievement.id if achievement else award.achievement_id
    if (person_id, achievement_id) == (award.person_id, award.achievement_id):
        return award, credential
    await run.load({award.person_id, person_id})
    if run.states[person_id].held.get(achievement_id, 0) and not award.period:
        raise AlreadyHeld("the person holds this achievement already", field="person")
    target = {"person_id": person_id, "achievement_id": achievement_id, "updated_at": run.now}
    try:
        async with run.tx.savepoint():
            moved = await awarded.change(run.tx, award, target)
    except UniqueViolation:
        raise AlreadyHeld("the person holds this achievement already", field="person") from None
    count_held(run, award, -1)
    count_held(run, moved, 1)
    if award.achievement_id != achievement_id:
        target["fields"] = {**credential.fields, "level": ""}  # it was one of the achievement that it leaves
        await credentials.count_differently(run.tx, {award.achievement_id: -1, achievement_id: 1})
    if credential.state == "issued":
        await ask_to_issue(run.tx, 1)
        target["state"] = "intended"
    if credential.person_id != person_id:
        target["holder"] = None  # the wallet of the one is not that of the other
    return moved, await credentials.change(run.tx, credential, target)


async def delete(run: Run, award: Award, credential: Credential, reason: str) -> Credential:
    """Take a credential away for good: its award is revoked, and what it says about the person is erased."""
    if award.state != "revoked":
        award, _ = await revoke(run, award, reason)
    kept = {**credential.fields, "recipient_name": "", "recipient_email": None, "evidence": [], "custom": {}}
    await credentials.count_differently(run.tx, {award.achievement_id: -1, 0: -1})
    await credentials.delete_signed(run.tx, credential.id)
    return await credentials.change(
        run.tx,
        credential,
        {
            "deleted_at": run.now,
            "updated_at": run.now,
            "fields": msgspec.to_builtins(kept),
            "details": {},
            "facets": None,
            "license_id": None,
        },
    )
