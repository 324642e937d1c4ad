"""Webhooks: configurations, the log of deliveries with every attempt, sending again by hand."""

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
from laurel.domain.notifications.model import Delivery, DeliveryNotFound, Endpoint
from laurel.web.dialects.nudj.acting import administers
from laurel.web.dialects.nudj.listing import Listed, listing
from laurel.web.dialects.nudj.translate import uid_in
from laurel.web.dialects.nudj.webhook_format import FORMAT, topic_of
from laurel.web.dialects.nudj.wire import WebhookIn
from laurel.web.injected import InjectedCaller, InjectedParts

_CONFIGS = "/api/v2/admin/webhooks/configs"
_LOGS = "/api/v2/admin/webhooks/logs"
_LOGS_MAX = 1_000
OfConfig = Annotated[str | None, QueryParameter(name="configId", max_length=100)]


def _config_out(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.uid,
        "url": endpoint.url,
        "httpMethod": "POST",
        "isEnabled": endpoint.state == "active",
        "maxRetries": endpoint.details.get("maxRetries", 3),
        "events": endpoint.details.get("events", []),
        "headers": {},
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
    return listing(len(found), [_config_out(one) for one in found[listed.offset : listed.offset + listed.limit]])


@put(_CONFIGS, guards=[administers("webhooks:write")])
async def put_webhook_config(parts: InjectedParts, caller: InjectedCaller, data: JSONBody[WebhookIn]) -> dict[str, Any]:
    """Set the configuration of an address. The secret of a new one is answered this once."""
    if data.httpMethod.upper() != "POST":
        raise Invalid("only POST is sent", field="httpMethod", value=data.httpMethod)
    if data.headers:
        raise Invalid("headers of one's own are not sent; messages are signed", field="headers")
    check_count(len(data.events), STREAK_TRIGGERS_MAX, "events")
    for index, name in enumerate(data.events):
        check_length(name, TAG_LENGTH_MAX, f"events[{index}]")
    topics = tuple(sorted({topic_of(name) for name in data.events} or {topic_of("achievement-completion")}))
    details = {"maxRetries": data.maxRetries, "events": data.events or ["achievement-completion"]}
    async with parts.database.transaction(caller.organisation_id) as tx:
        known = next((one for one in await _configs(tx) if one.url == data.url), None)
        secret: dict[str, str] = {}
        if known is None:
            made = await endpoints.create(
                tx, parts, url=data.url, by=caller, format=FORMAT, topics=topics, details=details, secret=data.secret
            )
            known, secret = made.endpoint, {"secret": made.secret}
        state = "active" if data.isEnabled else "disabled"
        changes: dict[str, Any] = {"topics": topics, "details": details, "state": state}
        known = await endpoints.change(tx, parts, known.uid, changes, by=caller)
        await achievements.bump_rules(tx)
    return {**_config_out(known), **secret}


@delete(_CONFIGS + "/{config_id:str}", guards=[administers("webhooks:write")], status_code=200)
async def delete_webhook_config(
    parts: InjectedParts, caller: InjectedCaller, config_id: FromPath[str]
) -> dict[str, Any]:
    """Remove a configuration and its log."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await endpoints.delete(tx, parts, uid_in(config_id), by=caller)
        await achievements.bump_rules(tx)
    return {"success": True}


async def _log_out(tx: Transaction, endpoint: Endpoint, delivery: Delivery) -> dict[str, Any]:
    attempts = await store.list_attempts(tx, delivery.id)
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
        found = [
            (delivery, endpoint)
            for endpoint in await _configs(tx)
            if config_id in (None, endpoint.uid)
            for delivery in await store.list_deliveries(tx, endpoint.id, state=None, before=None, limit=_LOGS_MAX)
        ]
        found.sort(key=lambda pair: -pair[0].id)
        edges = [
            await _log_out(tx, endpoint, delivery)
            for delivery, endpoint in found[listed.offset : listed.offset + listed.limit]
        ]
    return listing(len(found), edges)


@post(_LOGS + "/{log_id:str}/retry", guards=[administers("webhooks:write")], status_code=200)
async def retry_webhook(parts: InjectedParts, caller: InjectedCaller, log_id: FromPath[str]) -> dict[str, Any]:
    """Send the same payload again."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        for endpoint in await _configs(tx):
            if await store.find_delivery(tx, endpoint.id, uid_in(log_id)) is not None:
                delivery = await endpoints.redeliver(tx, parts, endpoint.uid, uid_in(log_id))
                return await _log_out(tx, endpoint, delivery)
    raise DeliveryNotFound("Webhook log not found", value=log_id)


HANDLERS = (get_webhook_configs, put_webhook_config, delete_webhook_config, get_webhook_logs, retry_webhook)
