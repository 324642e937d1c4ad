"""Webhooks: configurations, the log of deliveries with every attempt, sending again by hand."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from laurel.base.errors import Invalid
from laurel.base.limits import STREAK_TRIGGERS_MAX, TAG_LENGTH_MAX, check_count, check_length
from laurel.base.times import render_time, render_time_or_none
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.notifications import endpoints, store
from laurel.domain.notifications.model import Attempt, Delivery, DeliveryNotFound, Endpoint
from laurel.domain.notifications.request_wishes import Sending, sending_of
from laurel.domain.parts import Parts
from laurel.web.dialects.nudj.acting import administers
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.translate import uid_in
from laurel.web.dialects.nudj.webhook_format import FORMAT, topic_of
from laurel.web.dialects.nudj.wire import WebhookIn
from laurel.web.injected import InjectedCaller, InjectedParts

_CONFIGS = "/api/v2/admin/webhooks/configs"
_LOGS = "/api/v2/admin/webhooks/logs"
NOT_SHOWN = "********"
OfConfig = Annotated[str | None, QueryParameter(name="configId", max_length=100)]


def _config_out(parts: Parts, endpoint: Endpoint) -> dict[str, Any]:
    """A configuration; the values of its headers may be secrets and are not shown again."""
    sending = sending_of(parts.pepper, endpoint)
    return {
        "id": endpoint.uid,
        "url": endpoint.url,
        "httpMethod": sending.method,
        "isEnabled": endpoint.state == "active",
        "maxRetries": sending.retries_max,
        "events": endpoint.details.get("events", []),
        "headers": dict.fromkeys(sending.headers, NOT_SHOWN),
        "createdAt": render_time(endpoint.created_at),
        "updatedAt": render_time(endpoint.updated_at),
    }


async def _configs(tx: Transaction) -> list[Endpoint]:
    return [one for one in await store.list_endpoints(tx, only_active=False) if one.format == FORMAT]


@get(_CONFIGS, guards=[administers("webhooks:read")])
async def get_webhook_configs(parts: InjectedParts, caller: InjectedCaller, listed: Listed) -> dict[str, Any]:
    """The configurations."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        found = await _configs(tx)
    return listing(len(found), [_config_out(parts, one) for one in found[listed.offset : listed.offset + listed.limit]])


@put(_CONFIGS, guards=[administers("webhooks:write")])
async def put_webhook_config(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[WebhookIn]) -> dict[str, Any]:
    """Set the configuration of an address. The secret of a new one is answered this once."""
    check_count(len(data.events), STREAK_TRIGGERS_MAX, "events")
    for index, name in enumerate(data.events):
        check_length(name, TAG_LENGTH_MAX, f"events[{index}]")
    topics = tuple(sorted({topic_of(name) for name in data.events} or {topic_of("achievement-completion")}))
    details = {"events": data.events or ["achievement-completion"]}
    async with parts.database.transaction(caller.organisation_id) as tx:
        known = next((one for one in await _configs(tx) if one.url == data.url), None)
        sending = _sending(data, {} if known is None else sending_of(parts.pepper, known).headers)
        secret: dict[str, str] = {}
        if known is None:
            made = await endpoints.create(
                tx,
                parts,
                url=data.url,
                by=caller,
                format=FORMAT,
                topics=topics,
                details=details,
                secret=data.secret,
                sending=sending,
            )
            known, secret = made.endpoint, {"secret": made.secret}
        elif data.secret is not None:
            raise Invalid("the secret is given when a configuration is made; rotate it by our own API", field="secret")
        state = "active" if data.isEnabled else "disabled"
        changes: dict[str, Any] = {"topics": topics, "details": details, "sending": sending, "state": state}
        known = await endpoints.change(tx, parts, known.uid, changes, by=caller)
        await achievements.bump_rules(tx)
    return {**_config_out(parts, known), **secret}


def _sending(data: WebhookIn, known: dict[str, str]) -> Sending:
    """The wishes of a body; a header shown as NOT_SHOWN and sent back so stays what it is."""
    kept = {name.lower(): value for name, value in known.items()}
    headers = {
        name: kept.get(name.lower(), value) if value == NOT_SHOWN else value for name, value in data.headers.items()
    }
    return Sending(method=data.httpMethod.upper(), headers=headers, retries_max=data.maxRetries, outages_only=True)


@delete(_CONFIGS + "/{config_id:str}", guards=[administers("webhooks:write")], status_code=200)
async def delete_webhook_config(
    parts: InjectedParts, caller: InjectedCaller, config_id: FromPath[str]
) -> dict[str, Any]:
    """Remove a configuration and its log."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await endpoints.delete(tx, parts, uid_in(config_id), by=caller)
        await achievements.bump_rules(tx)
    return {"success": True}


def _log_out(endpoint: Endpoint, delivery: Delivery, attempts: Sequence[Attempt]) -> dict[str, Any]:
    body = msgspec.json.decode(delivery.body)
    return {
        "id": delivery.uid,
        "configId": endpoint.uid,
        "url": endpoint.url,
        "eventSubCategory": body.get("eventSubCategory"),
        "status": {"waiting": "pending", "delivered": "success", "failed": "failed"}[delivery.state],
        "payload": body,
        "attempts": [
            {
                "attemptedAt": render_time(one.at),
                "responseStatus": one.status,
                "responseBody": one.answer,
                "error": one.error,
                "durationMs": one.milliseconds,
                "isManual": one.manual,
            }
            for one in attempts
        ],
        "createdAt": render_time(delivery.created_at),
        "nextAttemptAt": render_time_or_none(delivery.next_attempt_at),
        "deliveredAt": render_time_or_none(delivery.delivered_at),
    }


@get(_LOGS, guards=[administers("webhooks:read")])
async def get_webhook_logs(
    parts: InjectedParts,
    caller: InjectedCaller,
    listed: Listed,
    config_id: OfConfig = None,
) -> dict[str, Any]:
    """Deliveries, newest first, each with every attempt."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        wanted = {one.id: one for one in await _configs(tx) if config_id in (None, one.uid)}
        total, found = await store.page_deliveries(tx, list(wanted), listed)
        attempts = await store.attempts_of(tx, [delivery.id for delivery in found])
        edges = [_log_out(wanted[delivery.endpoint_id], delivery, attempts[delivery.id]) for delivery in found]
    return listing(total, edges)


@post(_LOGS + "/{log_id:str}/retry", guards=[administers("webhooks:write")], status_code=200)
async def retry_webhook(parts: InjectedParts, caller: InjectedCaller, log_id: FromPath[str]) -> dict[str, Any]:
    """Send the same payload again."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        for endpoint in await _configs(tx):
            if await store.find_delivery(tx, endpoint.id, uid_in(log_id)) is not None:
                delivery = await endpoints.redeliver(tx, parts, endpoint.uid, uid_in(log_id))
                attempts = await store.attempts_of(tx, [delivery.id])
                return _log_out(endpoint, delivery, attempts[delivery.id])
    raise DeliveryNotFound("Webhook log not found", value=log_id)


HANDLERS = (get_webhook_configs, put_webhook_config, delete_webhook_config, get_webhook_logs, retry_webhook)
