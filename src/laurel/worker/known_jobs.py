"""Which jobs there are and when the periodic ones run. A job is a name here and a function of the domain."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from laurel.base.limits import (
    IDEMPOTENCY_KEPT_SECONDS,
    LETTER_KEPT_SECONDS,
    SESSION_IDLE_SECONDS,
    SESSION_SECONDS_MAX,
    SIGN_IN_ATTEMPT_SECONDS,
)
from laurel.database import answers
from laurel.domain.access import store as access
from laurel.domain.access.invitations import INVITATION_JOB
from laurel.domain.access.signed_links import forget_used
from laurel.domain.credentials.model import EXPIRED_JOB, ISSUE_JOB, LETTER_JOB, SUSPENSION_END_JOB
from laurel.domain.feeds import store as feeds
from laurel.domain.feeds.pages import REMEMBERED
from laurel.domain.files import store as files
from laurel.domain.give_rewards import prizes
from laurel.domain.leaderboards import store as leaderboards
from laurel.domain.letters import inviting, sending
from laurel.domain.letters import store as letters
from laurel.domain.logos import taking
from laurel.domain.logos.model import FETCH_JOB
from laurel.domain.notifications import fan_out, send, warn
from laurel.domain.notifications.model import DELIVER_JOB, MAIL_JOB, SEND_JOB
from laurel.domain.parts import Parts
from laurel.domain.people.links import store as link_store
from laurel.domain.record_events import issue_waiting, suspend
from laurel.domain.record_events.backfill import BACKFILL_JOB, backfill
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.register import exports
from laurel.domain.rosters.issuing import issue_roster
from laurel.domain.rosters.model import ROSTER_JOB
from laurel.domain.single_sign_on import store as single_sign_on

log = structlog.get_logger("laurel.worker")


@dataclass(frozen=True, kw_only=True)
class Job:
    """A function run for each enqueued payload; retried with growing delays, then kept as failed."""

    run: Callable[[Parts, dict[str, Any]], Awaitable[None]]
    attempts_max: int = 8
    first_delay: timedelta = timedelta(seconds=2)
    longest_delay: timedelta = timedelta(minutes=15)
    at_a_time: int = 0
    """How many run at once over all workers; 0 is no limit."""


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """A function run by the clock, by one worker at a time. `cron` is in UTC: minute hour day month weekday."""

    cron: str
    run: Callable[[Parts], Awaitable[None]]


async def forget_idempotent_answers(parts: Parts) -> None:
    """Remove stored answers that have run out."""
    before = parts.clock.now() - timedelta(seconds=IDEMPOTENCY_KEPT_SECONDS)
    async with parts.database.every_organisation() as tx:
        removed = await answers.delete_answers_before(tx, before)
    log.info("forgot idempotent answers", count=removed)


async def count_the_past(parts: Parts, payload: dict[str, Any]) -> None:
    """Count earlier events for an achievement that is live."""
    await backfill(parts.spine, payload["organisation_id"], payload["achievement_id"], quiet=bool(payload.get("quiet")))


async def forget_feed_positions(parts: Parts) -> None:
    """Remove positions of readers that have not read on for a while."""
    async with parts.database.every_organisation() as tx:
        await feeds.forget_positions(tx, parts.clock.now() - REMEMBERED)


async def write_export(parts: Parts, payload: dict[str, Any]) -> None:
    """Write the files of an export."""
    await exports.write(parts.database, payload["organisation_id"], payload["export_id"], parts.clock.now())


async def forget_files_and_links(parts: Parts) -> None:
    """Remove stored files and one-time links that have run out."""
    async with parts.database.every_organisation() as tx:
        removed = await files.delete_expired(tx, parts.clock.now())
        links = await link_store.delete_before(tx, parts.clock.now())
    log.info("forgot files and links", files=removed, links=links)


async def pay_leaderboard_prizes(parts: Parts) -> None:
    """Pay the prizes of leaderboards whose period is over."""
    async with parts.database.every_organisation() as tx:
        organisation_ids = await leaderboards.organisations_with_prizes(tx)
    for organisation_id in organisation_ids:
        paid = await prizes.pay_prizes(parts.spine, organisation_id)
        if paid:
            log.info("paid the prizes of leaderboards", organisation=organisation_id, people=paid)


async def work_off_roster(parts: Parts, payload: dict[str, Any]) -> None:
    """Give an achievement to everybody on a list."""
    await issue_roster(parts.spine, payload["organisation_id"], payload["roster"])


async def forget_sessions(parts: Parts) -> None:
    """Remove sessions and links that have run out."""
    now = parts.clock.now()
    async with parts.database.every_organisation() as tx:
        await access.delete_sessions_before(
            tx, now - timedelta(seconds=SESSION_IDLE_SECONDS), now - timedelta(seconds=SESSION_SECONDS_MAX)
        )
        await forget_used(tx, now)
        await letters.forget_sent(tx, now - timedelta(seconds=LETTER_KEPT_SECONDS))
        await single_sign_on.forget_attempts(tx, now - timedelta(seconds=SIGN_IN_ATTEMPT_SECONDS))


async def issue_credentials(parts: Parts, payload: dict[str, Any]) -> None:
    """Sign and publish what is intended in one organisation."""
    await issue_waiting.issue_all(parts.issuer, payload["organisation_id"])


async def tell_expired(parts: Parts, payload: dict[str, Any]) -> None:
    """Tell of the credentials of one organisation that have run out."""
    await issue_waiting.tell_expired(parts.issuer, payload["organisation_id"])


async def end_suspension(parts: Parts, payload: dict[str, Any]) -> None:
    """Lift the suspension of a credential whose end has come."""

    async def work(run: Run) -> None:
        await suspend.end_suspension(run, payload["credential_id"])

    await in_run(parts.spine, payload["organisation_id"], work)


async def look_for_left_over_credentials(parts: Parts) -> None:
    """Have signed what waits without a job, and told what ran out since the last time."""
    await issue_waiting.sweep(parts.issuer)


JOBS: Mapping[str, Job] = {
    exports.EXPORT_JOB: Job(run=write_export, attempts_max=3),
    BACKFILL_JOB: Job(run=count_the_past),
    ROSTER_JOB: Job(run=work_off_roster),
    ISSUE_JOB: Job(run=issue_credentials),
    EXPIRED_JOB: Job(run=tell_expired),
    SUSPENSION_END_JOB: Job(run=end_suspension),
    LETTER_JOB: Job(
        run=sending.send_letters,
        attempts_max=12,
        first_delay=timedelta(seconds=30),
        longest_delay=timedelta(hours=4),
    ),
    FETCH_JOB: Job(run=taking.fetch, attempts_max=3),
    sending.LINK_JOB: Job(run=sending.send_link, attempts_max=4),
    INVITATION_JOB: Job(run=inviting.send_invitation),
    DELIVER_JOB: Job(run=fan_out.deliver),
    SEND_JOB: Job(run=send.send_due),
    MAIL_JOB: Job(run=warn.mail_disabled),
}
TIMETABLE: Mapping[str, Periodic] = {
    "remind_of_expiry": Periodic(cron="23 6 * * *", run=sending.remind),
    "forget_sessions": Periodic(cron="37 * * * *", run=forget_sessions),
    "forget_idempotent_answers": Periodic(cron="17 * * * *", run=forget_idempotent_answers),
    "forget_feed_positions": Periodic(cron="47 * * * *", run=forget_feed_positions),
    "forget_files_and_links": Periodic(cron="37 * * * *", run=forget_files_and_links),
    "pay_leaderboard_prizes": Periodic(cron="*/5 * * * *", run=pay_leaderboard_prizes),
    "look_for_left_over_credentials": Periodic(cron="*/5 * * * *", run=look_for_left_over_credentials),
    "send_due_webhooks": Periodic(cron="* * * * *", run=send.sweep),
}
