"""From a recorded message to one delivery per subscriber: the body is rendered once and stored as it will be sent."""

from collections.abc import Sequence
from typing import Any

import structlog

from laurel.base.ids import OrganisationId
from laurel.base.limits import WEBHOOK_BODY_BYTES_MAX
from laurel.database import jobs
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.credentials import store as credentials
from laurel.domain.notifications import store
from laurel.domain.notifications.model import SEND_JOB, Endpoint, Recorded, Told
from laurel.domain.notifications.outlets import MessageFormat, Outlets
from laurel.domain.notifications.store import NewDelivery
from laurel.domain.organisations import store as organisations
from laurel.domain.people import store as people

log = structlog.get_logger("laurel.notifications")


async def deliver(parts: Outlets, payload: dict[str, Any]) -> None:
    """The job of DELIVER_JOB: payload {organisation_id, messages: [ids]}. Doing it twice delivers once."""
    async with parts.database.transaction(OrganisationId(payload["organisation_id"])) as tx:
        endpoints = await store.list_endpoints(tx, only_active=True)
        if not endpoints:
            return
        told = await _told(tx, await store.messages(tx, payload["messages"]), parts.public_url)
        new = [
            NewDelivery(endpoint.id, one.message.uid, one.message.topic, body)
            for endpoint in endpoints
            for one in told
            if (body := _body(parts.message_formats.get(endpoint.format), endpoint, one)) is not None
        ]
        if not new:
            return
        await store.insert_deliveries(tx, new, parts.clock.now())
        for endpoint_id in sorted({one.endpoint_id for one in new}):
            await jobs.enqueue(tx, SEND_JOB, {"endpoint": endpoint_id})


def _body(message_format: MessageFormat | None, endpoint: Endpoint, told: Told) -> bytes | None:
    topic = told.message.topic
    if message_format is None or topic not in message_format.topics:
        return None
    if (endpoint.topics and topic not in endpoint.topics) or told.message.at < endpoint.created_at:
        return None
    if told.message.quiet and not message_format.quiet_too:
        return None
    body = message_format.render(told)
    if body is not None and len(body) > WEBHOOK_BODY_BYTES_MAX:
        log.error("a message is too large to be sent", message=told.message.uid, endpoint=endpoint.uid, bytes=len(body))
        return None
    return body


async def _told(tx: Transaction, messages: Sequence[Recorded], public_url: str) -> list[Told]:
    """The messages with what they are about; five queries, however many messages."""

    def named(name: str) -> list[Any]:
        return sorted({message.payload[name] for message in messages if message.payload.get(name) is not None})

    organisation = await organisations.organisation(tx)
    known_people = await people.find_many(tx, sorted({message.person_id for message in messages}))
    known_achievements = await achievements.find_many(tx, named("achievement_id"))
    known_awards = await awarded.find_many(tx, named("award_id"))
    known_credentials = await credentials.of_awards(tx, list(known_awards))
    return [
        Told(
            message,
            organisation,
            known_people.get(message.person_id),
            known_achievements.get(message.payload.get("achievement_id", 0)),
            known_awards.get(message.payload.get("award_id", 0)),
            known_credentials.get(message.payload.get("award_id", 0)),
            public_url,
        )
        for message in messages
    ]
