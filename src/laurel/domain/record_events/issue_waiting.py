"""Signing what was intended, a batch in a transaction, and telling of it; telling of what has run out.

A batch is signed, stored, logged and told of together or not at all; whoever comes later goes on where the last one ended.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import structlog

from laurel.base.errors import LaurelError
from laurel.base.ids import OrganisationId
from laurel.base.times import render_time_or_none
from laurel.database import jobs
from laurel.database.pool import Transaction
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Award, Awarded
from laurel.domain.credentials import store
from laurel.domain.credentials.checking import Check, CheckingProcess
from laurel.domain.credentials.issue import FEW_MAX
from laurel.domain.credentials.issuer import Issued, Issuer
from laurel.domain.credentials.model import EXPIRED_JOB, ISSUE_JOB, Credential, Waiting
from laurel.domain.notifications.model import CREDENTIAL_EXPIRED, CREDENTIAL_ISSUED, Message
from laurel.domain.notifications.publish import publish
from laurel.domain.record_events.issue_rounds import Rounds
from laurel.openbadges.cross_check import cross_check

BATCH: Final = 1_000
MANY: Final = 1_500
"""As many are worth a process that checks what was signed: it takes a twentieth of a second to start."""
BATCHES_UNDER_WAY: Final = 2
BATCHES_UNDER_WAY_OF_MANY: Final = 3
ROUND_MAX: Final = 100
"""As many are signed in one round that requests share."""

log = structlog.get_logger("laurel.issuing")


async def issue_batch(
    issuer: Issuer, organisation_id: OrganisationId, limit: int = BATCH, check: Check = cross_check
) -> int:
    """Sign up to `limit` credentials that wait; how many were dealt with (signed or refused)."""
    waiting, places = await issuer.set_places_aside(organisation_id, limit)
    if not waiting:
        return 0
    async with issuer.database.transaction(organisation_id, joins_request=False) as tx:
        now = issuer.clock.now()
        issued = await issuer.sign_waiting(tx, places, limit, now, check)
        if issued is None:
            return 0
        await publish(tx, _messages(issued), now)
    issuer.forget(credential.uid for credential, _ in issued.signed)
    if issued.refused:
        log.warning("credentials cannot be signed as they are", count=issued.refused, organisation=organisation_id)
    return len(issued.signed) + issued.refused


async def issue_all(
    issuer: Issuer,
    organisation_id: OrganisationId,
    *,
    on_progress: Callable[[int], None] | None = None,
    is_stopping: Callable[[], bool] | None = None,
) -> int:
    """Sign everything that waits; how many were dealt with. Several batches are under way at a time: one is signed while
    another is stored, and of many a third is checked by a process of its own.
    """
    async with issuer.database.transaction(organisation_id, joins_request=False) as tx:
        many = await store.count_waiting(tx) >= MANY
    if not many or (os.cpu_count() or 1) == 1:
        return await _issue_all(issuer, organisation_id, BATCHES_UNDER_WAY, cross_check, on_progress, is_stopping)
    process = await asyncio.to_thread(CheckingProcess)
    try:
        return await _issue_all(
            issuer, organisation_id, BATCHES_UNDER_WAY_OF_MANY, process.check, on_progress, is_stopping
        )
    finally:
        await asyncio.shield(asyncio.to_thread(process.close))


async def issue_share(
    issuer: Issuer,
    organisation_id: OrganisationId,
    *,
    on_progress: Callable[[int], None],
    is_stopping: Callable[[], bool],
) -> int:
    """Sign what waits and nobody else is signing, one batch after the other, as one of several processes that do so; how many
    were dealt with.
    """
    return await _issue_all(issuer, organisation_id, 1, cross_check, on_progress, is_stopping)


async def _issue_all(
    issuer: Issuer,
    organisation_id: OrganisationId,
    at_a_time: int,
    check: Check,
    on_progress: Callable[[int], None] | None,
    is_stopping: Callable[[], bool] | None,
) -> int:
    total = 0

    async def work() -> None:
        nonlocal total
        while not (is_stopping and is_stopping()):
            done = await issue_batch(issuer, organisation_id, check=check)
            if not done:
                return
            total += done
            if on_progress:
                on_progress(done)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_a_time):
            group.create_task(work())
    return total


def rounds_of(issuer: Issuer) -> Rounds:
    """Rounds of signing for the requests of one process."""
    return Rounds(lambda organisation_id: issue_batch(issuer, organisation_id, ROUND_MAX))


async def issue_few(rounds: Rounds, asked: Mapping[OrganisationId, int], *, patience_seconds: float) -> None:
    """Sign what a request has intended, if that is little and done in time; the job does what is left."""
    for organisation_id, count in asked.items():
        if count <= FEW_MAX:
            try:
                async with asyncio.timeout(patience_seconds):
                    await rounds.join(organisation_id)
            except (LaurelError, TimeoutError) as failure:
                log.info("not signed before the answer", reason=repr(failure), organisation=organisation_id)


async def tell_expired(issuer: Issuer, organisation_id: OrganisationId) -> int:
    """Tell of the credentials that have run out and were not told of; how many."""
    total = 0
    while True:
        async with issuer.database.transaction(organisation_id, joins_request=False) as tx:
            now = issuer.clock.now()
            expired = await store.take_expired(tx, now, BATCH)
            awards = await awarded.find_many(tx, [credential.award_id for credential in expired])
            messages = [_message(CREDENTIAL_EXPIRED, credential, awards[credential.award_id]) for credential in expired]
            await publish(tx, messages, now)
        total += len(expired)
        if len(expired) < BATCH:
            return total


async def sweep(issuer: Issuer) -> None:
    """Have signed what waits though no job does (its job was given up), and told what has run out."""
    now = issuer.clock.now()
    async with issuer.database.every_organisation() as tx:
        waiting = await store.organisations_with(tx, waiting=True, now=now)
        expired = await store.organisations_with(tx, waiting=False, now=now)
        for name, found in ((ISSUE_JOB, waiting), (EXPIRED_JOB, expired)):
            for organisation_id in found:
                inside = Transaction(tx.connection, organisation_id)
                await jobs.enqueue(inside, name, {}, delay=timedelta(0), once_per=f"sweep {name} {organisation_id}")


def _messages(issued: Issued) -> list[Message]:
    return [
        _message(CREDENTIAL_ISSUED, credential, award)
        for credential, award in issued.signed
        if credential.id in issued.first
    ]


def _message(topic: str, credential: Credential | Waiting, award: Award | Awarded) -> Message:
    payload = {
        "credential": credential.uid,
        "credential_id": credential.id,
        "award": award.uid,
        "award_id": award.id,
        "achievement_id": credential.achievement_id,
        "person_id": credential.person_id,
        "issued_on": credential.issued_on.isoformat(),
        "expires_at": render_time_or_none(credential.expires_at),
    }
    return Message(credential.person_id, topic, payload, award.quiet)
