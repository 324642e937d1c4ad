"""Sending what is due to an endpoint, writing down every attempt, trying again later, giving up at last.

Nothing is sent inside a transaction: deliveries are claimed in one, sent, and their outcome recorded in another. A
process that dies in between leaves its claim to run out, and the same body goes out again under the same id.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from standardwebhooks.webhooks import Webhook

from laurel import __version__
from laurel.base.ids import EndpointId, OrganisationId
from laurel.base.limits import WEBHOOK_ANSWER_SHOWN_MAX, WEBHOOK_RETRIED_SECONDS_MAX
from laurel.base.text import clean
from laurel.database import jobs
from laurel.database.pool import Transaction
from laurel.domain.notifications import store
from laurel.domain.notifications.endpoint_secrets import unseal
from laurel.domain.notifications.model import MAIL_JOB, SEND_JOB, Attempt, Delivery, Endpoint
from laurel.domain.notifications.outlets import BatchFormat, HeadedFormat, Outlets
from laurel.domain.notifications.request_wishes import sending_of
from laurel.outside.http import HttpAnswer, Unreachable

AT_ONCE = 10
FIRST_RETRY_SECONDS = 5.0
RETRY_FACTOR = 3.0
RETRY_SECONDS_MAX = 12 * 3600.0
JITTER = 0.2
_CLAIM = timedelta(seconds=60)
_GONE = 410
_TRY_LATER = frozenset({429, 503})
_ROUNDS_MAX = 100
_ONE_IS_WRONG = frozenset({400, 409, 422})
"""A batch is refused for one of its messages: each is then sent alone."""

_chance = random.SystemRandom()


async def send_due(parts: Outlets, payload: dict[str, Any]) -> None:
    """The job of SEND_JOB: payload {organisation_id, endpoint}. Sends until nothing is due."""
    organisation_id = OrganisationId(payload["organisation_id"])
    endpoint_id = EndpointId(payload["endpoint"])
    for _ in range(_ROUNDS_MAX):
        async with parts.database.transaction(organisation_id) as tx:
            endpoint = await store.find_endpoint_by_id(tx, endpoint_id)
            if endpoint is None or endpoint.state != "active":
                return
            now = parts.clock.now()
            message_format = parts.message_formats.get(endpoint.format)
            many = message_format.batch if isinstance(message_format, BatchFormat) else AT_ONCE
            due = await store.claim_due(tx, endpoint_id, now, until=now + _CLAIM, limit=many)
        if not due:
            return
        await _send_and_note(parts, endpoint, due)
    async with parts.database.transaction(organisation_id) as tx:
        await jobs.enqueue(tx, SEND_JOB, {"endpoint": endpoint_id})


async def sweep(parts: Outlets) -> None:
    """By the clock: ask for what is due and was not sent, because a worker died or a claim ran out."""
    async with parts.database.every_organisation() as tx:
        waiting = await store.endpoints_with_due(tx, parts.clock.now())
    for organisation_id, endpoint_id in waiting:
        async with parts.database.transaction(organisation_id) as tx:
            await jobs.enqueue(tx, SEND_JOB, {"endpoint": endpoint_id}, once_per=f"webhook {endpoint_id}")


async def _send_and_note(parts: Outlets, endpoint: Endpoint, due: Sequence[Delivery]) -> None:
    message_format = parts.message_formats.get(endpoint.format)
    if isinstance(message_format, BatchFormat):
        attempt, answer = await _attempt(parts, endpoint, due)
        outcomes = [(delivery, attempt, answer) for delivery in due]
        if len(due) > 1 and attempt.status in _ONE_IS_WRONG:
            outcomes = [(delivery, *await _attempt(parts, endpoint, [delivery])) for delivery in due]
    else:
        tried = await asyncio.gather(*(_attempt(parts, endpoint, [delivery]) for delivery in due))
        outcomes = [(delivery, *outcome) for delivery, outcome in zip(due, tried, strict=True)]
    async with parts.database.transaction(endpoint.organisation_id) as tx:
        current = await store.find_endpoint_by_id(tx, endpoint.id, lock=True)
        if current is not None:
            await _note(tx, parts, current, outcomes)


Outcome = tuple[Delivery, Attempt, HttpAnswer | None]


async def _attempt(
    parts: Outlets, endpoint: Endpoint, deliveries: Sequence[Delivery]
) -> tuple[Attempt, HttpAnswer | None]:
    """One request with one delivery, or with several where the format sends batches."""
    at, manual = parts.clock.now(), deliveries[0].manual
    sending = sending_of(parts.pepper, endpoint)
    message_format = parts.message_formats.get(endpoint.format)
    if isinstance(message_format, BatchFormat):
        secret = unseal(parts.pepper, endpoint.uid, endpoint.sealed_secret)
        body = message_format.join([delivery.body for delivery in deliveries])
        headers = message_format.headers(secret)
    else:
        body = deliveries[0].body
        headers = signed_headers(parts.pepper, endpoint, deliveries[0], at)
        if isinstance(message_format, HeadedFormat):
            headers |= message_format.headers_of(
                deliveries[0], unseal(parts.pepper, endpoint.uid, endpoint.sealed_secret)
            )
    usual = {"Content-Type": "application/json", "User-Agent": f"Laurel/{__version__}"}
    try:
        answer = await parts.http.send(
            sending.method, endpoint.url, headers={**sending.headers, **usual, **headers}, body=body
        )
    except Unreachable as failure:
        return Attempt(0, at, 0, None, str(failure), "", manual), None
    shown = clean(answer.body[:WEBHOOK_ANSWER_SHOWN_MAX].decode("utf-8", "replace"))
    return Attempt(0, at, answer.milliseconds, answer.status, None, shown, manual), answer


def signed_headers(pepper: bytes, endpoint: Endpoint, delivery: Delivery, at: datetime) -> dict[str, str]:
    """webhook-id, -timestamp and -signature of Standard Webhooks; two signatures while a secret is being rotated."""
    sealed = [endpoint.sealed_secret]
    if endpoint.sealed_secret_before and endpoint.secret_before_until is not None and at < endpoint.secret_before_until:
        sealed.append(endpoint.sealed_secret_before)
    message_id = f"msg_{delivery.message_uid}"
    text = delivery.body.decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(unseal(pepper, endpoint.uid, one)).sign(message_id, at, text) for one in sealed
        ),
    }


async def _note(tx: Transaction, parts: Outlets, endpoint: Endpoint, outcomes: Sequence[Outcome]) -> None:
    """Record attempts and what follows from them."""
    now = parts.clock.now()
    sending = sending_of(parts.pepper, endpoint)
    earliest: datetime | None = None
    for delivery, attempt, answer in outcomes:
        await store.insert_attempt(tx, delivery.id, attempt)
        changes: dict[str, Any] = {
            "attempts": delivery.attempts + 1,
            "first_attempt_at": delivery.first_attempt_at or attempt.at,
        }
        if attempt.succeeded:
            changes |= {"state": "delivered", "delivered_at": now, "next_attempt_at": None}
        else:
            again_at = (
                None
                if sending.is_final(attempt.status)
                else next_attempt_at(delivery, attempt.at, now, _retry_after(answer), sending.retries_max)
            )
            changes |= {"state": "waiting" if again_at else "failed", "next_attempt_at": again_at}
            earliest = min(filter(None, (earliest, again_at)), default=None)
        await store.change_delivery(tx, delivery.id, changes)
    await _judge(tx, endpoint, outcomes, now)
    if earliest is not None:
        await jobs.enqueue(tx, SEND_JOB, {"endpoint": endpoint.id}, delay=max(earliest - now, timedelta(seconds=1)))


def next_attempt_at(
    delivery: Delivery,
    attempted_at: datetime,
    now: datetime,
    retry_after_seconds: float | None,
    retries_max: int | None = None,
) -> datetime | None:
    """When to try again: exponentially later, give or take JITTER, or as the receiver asks; None after three days, or
    after as many retries as the endpoint's owner wants.
    """
    if retries_max is not None and delivery.attempts >= retries_max:
        return None
    seconds = min(FIRST_RETRY_SECONDS * RETRY_FACTOR**delivery.attempts, RETRY_SECONDS_MAX)
    seconds *= _chance.uniform(1 - JITTER, 1 + JITTER)
    if retry_after_seconds is not None:
        seconds = min(max(seconds, retry_after_seconds), RETRY_SECONDS_MAX)
    again_at = now + timedelta(seconds=seconds)
    first = delivery.first_attempt_at or attempted_at
    return again_at if again_at <= first + timedelta(seconds=WEBHOOK_RETRIED_SECONDS_MAX) else None


def _retry_after(answer: HttpAnswer | None) -> float | None:
    if answer is None or answer.status not in _TRY_LATER:
        return None
    text = answer.headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdigit() else None


async def _judge(tx: Transaction, endpoint: Endpoint, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Note whether the endpoint works; disable it when it is gone or has failed for as long as we retry."""
    if any(attempt.succeeded for _, attempt, _ in outcomes):
        if endpoint.failing_since is not None:
            await store.change_endpoint(tx, endpoint.id, {"failing_since": None})
        return
    since = endpoint.failing_since or outcomes[0][1].at
    gone = any(attempt.status == _GONE for _, attempt, _ in outcomes)
    if gone:
        reason = "the receiver answered 410 Gone"
    elif now - since >= timedelta(seconds=WEBHOOK_RETRIED_SECONDS_MAX):
        reason = f"nothing was taken for {WEBHOOK_RETRIED_SECONDS_MAX // 86_400} days"
    else:
        await store.change_endpoint(tx, endpoint.id, {"failing_since": since})
        return
    await store.change_endpoint(
        tx,
        endpoint.id,
        {"state": "disabled", "failing_since": since, "disabled_at": now, "disabled_reason": reason, "updated_at": now},
    )
    await store.fail_waiting(tx, endpoint.id)
    await jobs.enqueue(tx, MAIL_JOB, {"endpoint": endpoint.id})
