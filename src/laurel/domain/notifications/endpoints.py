"""Managing webhook endpoints: made, changed, removed, secrets rotated, tested, deliveries sent again."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from laurel.base.errors import Conflict, Invalid
from laurel.base.ids import new_uid
from laurel.base.limits import (
    DESCRIPTION_LENGTH_MAX,
    URL_LENGTH_MAX,
    WEBHOOK_REDELIVERIES_MAX,
    WEBHOOK_SECRET_OVERLAP_SECONDS_MAX,
    WEBHOOKS_PER_ORGANISATION_MAX,
    check_length,
)
from laurel.base.text import clean
from laurel.base.times import render_time
from laurel.database import jobs
from laurel.database.pool import Transaction
from laurel.domain.notifications import store
from laurel.domain.notifications.endpoint_secrets import seal
from laurel.domain.notifications.formats import OWN, render_test
from laurel.domain.notifications.model import (
    SEND_JOB,
    TEST,
    Attempt,
    Delivery,
    DeliveryNotFound,
    Endpoint,
    EndpointDisabled,
    EndpointNotFound,
)
from laurel.domain.notifications.outlets import BatchFormat, Outlets
from laurel.domain.notifications.request_wishes import Sending, check_sending, sending_of, stored
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller
from laurel.outside.http import Blocked

SECRET_LENGTH_MAX = 500
_SECRET_BYTES = 32
_SIGNING_BYTES_MIN, _SIGNING_BYTES_MAX = 24, 64
_SIGNING_PREFIX = "whsec_"


class TooManyEndpoints(Conflict):
    """The organisation has as many webhook endpoints as it may have."""

    code = "too_many_webhooks"


class WithSecret(NamedTuple):
    """An endpoint and its secret, which is shown this once."""

    endpoint: Endpoint
    secret: str


def new_signing_secret() -> str:
    """A secret as Standard Webhooks writes it: whsec_ and base64 of 32 random bytes."""
    return _SIGNING_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


async def create(
    tx: Transaction,
    parts: Outlets,
    *,
    url: str,
    by: Caller | str,
    format: str = OWN,  # noqa: A002 - the word of the API and the table
    topics: tuple[str, ...] = (),
    description: str = "",
    secret: str | None = None,
    details: dict[str, Any] | None = None,
    sending: Sending | None = None,
) -> WithSecret:
    """A new active endpoint. topics: empty for all that the format can tell. secret: made here unless given.

    Raises Invalid by field, TooManyEndpoints.
    """
    _check(parts, {"url": url, "format": format, "topics": topics, "description": description}, format)
    if sending is not None:
        check_sending(sending)
    if await store.count_endpoints(tx) >= WEBHOOKS_PER_ORGANISATION_MAX:
        raise TooManyEndpoints(
            f"an organisation has at most {WEBHOOKS_PER_ORGANISATION_MAX} webhook endpoints",
            limit=WEBHOOKS_PER_ORGANISATION_MAX,
        )
    uid, chosen, now = new_uid(), _checked_secret(parts, format, secret), parts.clock.now()
    endpoint = await store.insert_endpoint(
        tx,
        {
            "uid": uid,
            "url": url,
            "description": clean(description),
            "format": format,
            "topics": sorted(set(topics)),
            "state": "active",
            "sealed_secret": seal(parts.pepper, uid, chosen),
            "details": stored(parts.pepper, uid, sending, details or {}) if sending is not None else details or {},
            "created_at": now,
            "updated_at": now,
        },
    )
    await audit.record(tx, at=now, by=by, action="webhook.create", subject=("webhook", uid))
    return WithSecret(endpoint, chosen)


def _checked_secret(parts: Outlets, message_format: str, secret: str | None) -> str:
    """The secret to sign or sign in with."""
    if isinstance(parts.message_formats[message_format], BatchFormat):
        if secret is None or ":" not in secret or len(secret) > SECRET_LENGTH_MAX:
            raise Invalid("secret must be USER:PASSWORD of the receiver", field="secret", limit=SECRET_LENGTH_MAX)
        return secret
    if secret is None:
        return new_signing_secret()
    try:
        size = len(base64.b64decode(secret.removeprefix(_SIGNING_PREFIX), validate=True))
    except ValueError:
        size = 0
    if not secret.startswith(_SIGNING_PREFIX) or not _SIGNING_BYTES_MIN <= size <= _SIGNING_BYTES_MAX:
        raise Invalid(
            f"secret must be whsec_ and base64 of {_SIGNING_BYTES_MIN} to {_SIGNING_BYTES_MAX} bytes", field="secret"
        )
    return secret


async def require(tx: Transaction, uid: str) -> Endpoint:
    """The endpoint with this uid, locked. Raises EndpointNotFound."""
    endpoint = await store.find_endpoint(tx, uid, lock=True)
    if endpoint is None:
        raise EndpointNotFound("there is no such webhook", field="webhook", value=uid)
    return endpoint


async def change(tx: Transaction, parts: Outlets, uid: str, values: dict[str, Any], *, by: Caller | str) -> Endpoint:
    """Change url, topics, description, details, sending or state. Enabling forgets earlier failures."""
    endpoint, now = await require(tx, uid), parts.clock.now()
    _check(parts, values, endpoint.format)
    changes = dict(values)
    if "details" in changes or "sending" in changes:
        sending = changes.pop("sending", None) or sending_of(parts.pepper, endpoint)
        check_sending(sending)
        changes["details"] = stored(parts.pepper, uid, sending, changes.get("details", endpoint.details))
    if "topics" in changes:
        changes["topics"] = sorted(set(changes["topics"]))
    if changes.get("state") == "active" and endpoint.state == "disabled":
        changes |= {"failing_since": None, "disabled_at": None, "disabled_reason": None}
    elif changes.get("state") == "disabled" and endpoint.state == "active":
        changes |= {"disabled_at": now, "disabled_reason": "disabled by hand"}
        await store.fail_waiting(tx, endpoint.id)
    changed = await store.change_endpoint(tx, endpoint.id, {**changes, "updated_at": now})
    await audit.record(
        tx, at=now, by=by, action="webhook.change", subject=("webhook", uid), details={"fields": sorted(values)}
    )
    return changed


async def delete(tx: Transaction, parts: Outlets, uid: str, *, by: Caller | str) -> None:
    """Remove an endpoint and its log."""
    endpoint = await require(tx, uid)
    await store.delete_endpoint(tx, endpoint.id)
    await audit.record(tx, at=parts.clock.now(), by=by, action="webhook.delete", subject=("webhook", uid))


async def rotate(tx: Transaction, parts: Outlets, uid: str, *, overlap_seconds: int, by: Caller | str) -> WithSecret:
    """A new secret; during the overlap every message carries a signature by the old one too."""
    limit = WEBHOOK_SECRET_OVERLAP_SECONDS_MAX
    if not 0 <= overlap_seconds <= limit:
        raise Invalid(
            f"overlap_seconds must be from 0 to {limit}", field="overlap_seconds", limit=limit, value=overlap_seconds
        )
    endpoint, now, secret = await require(tx, uid), parts.clock.now(), new_signing_secret()
    changed = await store.change_endpoint(
        tx,
        endpoint.id,
        {
            "sealed_secret": seal(parts.pepper, uid, secret),
            "sealed_secret_before": endpoint.sealed_secret,
            "secret_before_until": now + timedelta(seconds=overlap_seconds),
            "updated_at": now,
        },
    )
    await audit.record(tx, at=now, by=by, action="webhook.rotate", subject=("webhook", uid))
    return WithSecret(changed, secret)


async def send_test(tx: Transaction, parts: Outlets, uid: str) -> Delivery:
    """Queue a test message; how it went stands in the log of attempts. Raises EndpointDisabled."""
    endpoint, now = await _enabled(tx, uid), parts.clock.now()
    delivery_uid = await store.insert_test(tx, endpoint.id, TEST, render_test(new_uid(), render_time(now)), now)
    await jobs.enqueue(tx, SEND_JOB, {"endpoint": endpoint.id}, priority=jobs.URGENT)
    return (await find_delivery(tx, endpoint, delivery_uid))[0]


async def redeliver(tx: Transaction, parts: Outlets, uid: str, delivery_uid: str) -> Delivery:
    """Send a delivery again, whatever became of it: the same body under the same id. Raises EndpointDisabled."""
    endpoint, now = await _enabled(tx, uid), parts.clock.now()
    delivery, _ = await find_delivery(tx, endpoint, delivery_uid)
    await store.wait_again(tx, endpoint.id, now, uid=delivery.uid, since=None, limit=1)
    await jobs.enqueue(tx, SEND_JOB, {"endpoint": endpoint.id}, priority=jobs.URGENT)
    return (await find_delivery(tx, endpoint, delivery_uid))[0]


async def redeliver_failed(tx: Transaction, parts: Outlets, uid: str, since: datetime) -> int:
    """Send everything again that failed since `since`, at most WEBHOOK_REDELIVERIES_MAX at a time; how many."""
    endpoint = await _enabled(tx, uid)
    count = await store.wait_again(
        tx, endpoint.id, parts.clock.now(), uid=None, since=since, limit=WEBHOOK_REDELIVERIES_MAX
    )
    await jobs.enqueue(tx, SEND_JOB, {"endpoint": endpoint.id})
    return count


async def find_delivery(tx: Transaction, endpoint: Endpoint, uid: str) -> tuple[Delivery, list[Attempt]]:
    """A delivery and its attempts. Raises DeliveryNotFound."""
    delivery = await store.find_delivery(tx, endpoint.id, uid)
    if delivery is None:
        raise DeliveryNotFound("there is no such delivery", field="delivery", value=uid)
    return delivery, (await store.attempts_of(tx, [delivery.id]))[delivery.id]


async def _enabled(tx: Transaction, uid: str) -> Endpoint:
    endpoint = await require(tx, uid)
    if endpoint.state == "disabled":
        raise EndpointDisabled("the webhook is disabled: enable it first", field="webhook", value=uid)
    return endpoint


def _check(parts: Outlets, values: dict[str, Any], message_format: str) -> None:
    known = parts.message_formats.get(message_format)
    if known is None:
        names = ", ".join(sorted(parts.message_formats))
        raise Invalid(f"format must be one of {names}", field="format", limit=names, value=message_format)
    for index, topic in enumerate(values.get("topics", ())):
        if topic not in known.topics:
            names = ", ".join(sorted(known.topics))
            raise Invalid(f"topics[{index}] must be one of {names}", field=f"topics[{index}]", limit=names, value=topic)
    check_length(values.get("description", ""), DESCRIPTION_LENGTH_MAX, "description")
    if "url" in values:
        try:
            parts.http.check(check_length(values["url"], URL_LENGTH_MAX, "url"))
        except Blocked as blocked:
            raise Invalid(f"url cannot be used: {blocked}", field="url", value=values["url"]) from None
