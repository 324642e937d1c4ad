"""/api/v1/webhooks: endpoints of the organisation's own systems, what each was sent, and every attempt."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType

from laurel.base.times import check_zoned
from laurel.domain.notifications import endpoints, store
from laurel.domain.notifications.endpoints import WithSecret
from laurel.domain.notifications.formats import OWN
from laurel.domain.notifications.model import Attempt, Delivery, DeliveryState, Endpoint, EndpointNotFound
from laurel.web.api.wire import Body, given
from laurel.web.callers import requires
from laurel.web.injected import InjectedCaller, InjectedParts
from laurel.web.paging import DEFAULT_LIMIT, After, Limit, Page, page_of, read_cursor

_NOT_KEPT = {"Cache-Control": "no-store"}
WithState = Annotated[DeliveryState | None, QueryParameter(name="state", description="Only those in this state.")]


class WebhookOut(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as our API shows it; topics empty: everything that its format can tell."""

    id: str
    url: str
    description: str
    format: str
    topics: list[str]
    state: str
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    created_at: datetime
    updated_at: datetime


class NewWebhookOut(WebhookOut, frozen=True, kw_only=True):
    """A webhook with its secret, which is shown this once."""

    secret: str


class NewWebhook(Body, frozen=True, kw_only=True):
    """What a new webhook is to be. `secret` is made unless given."""

    url: str
    format: str = OWN
    topics: tuple[str, ...] = ()
    description: str = ""
    secret: str | None = None


class WebhookChange(Body, frozen=True, kw_only=True):
    """What may be changed; what is absent stays."""

    url: str | UnsetType = UNSET
    topics: tuple[str, ...] | UnsetType = UNSET
    description: str | UnsetType = UNSET
    state: Literal["active", "disabled"] | UnsetType = UNSET


class SecretRotation(Body, frozen=True, kw_only=True):
    """For how long messages are signed with the old secret too."""

    overlap_seconds: int = 24 * 3600


class Redelivery(Body, frozen=True, kw_only=True):
    """Since when what failed is to be sent again."""

    since: datetime


class Redelivered(msgspec.Struct, frozen=True):
    """How many deliveries will be sent again."""

    count: int


class DeliveryOut(msgspec.Struct, frozen=True, kw_only=True):
    """One message for one webhook. `message` is the id that the receiver sees as webhook-id."""

    id: str
    message: str
    topic: str
    state: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None


class AttemptOut(msgspec.Struct, frozen=True, kw_only=True):
    """One try: the status that came back with the beginning of the answer, or why none came."""

    at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str
    manual: bool


class DeliveryWithAttempts(DeliveryOut, frozen=True, kw_only=True):
    """A delivery, what is sent, and how it went."""

    body: Any
    log: list[AttemptOut]


def _same(value: Any, wanted: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in wanted.__struct_fields__ if hasattr(value, name)}


def _out(endpoint: Endpoint) -> WebhookOut:
    return WebhookOut(**{**_same(endpoint, WebhookOut), "id": endpoint.uid})


def _with_secret(made: WithSecret, status: int) -> Response[NewWebhookOut]:
    out = NewWebhookOut(**{**_same(made.endpoint, WebhookOut), "id": made.endpoint.uid}, secret=made.secret)
    return Response(out, status_code=status, headers=_NOT_KEPT)


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {**_same(delivery, DeliveryOut), "id": delivery.uid, "message": f"msg_{delivery.message_uid}"}


def _attempt(attempt: Attempt) -> AttemptOut:
    return AttemptOut(**_same(attempt, AttemptOut))


async def _endpoint(parts: InjectedParts, caller: InjectedCaller, uid: str) -> Endpoint:
    async with parts.database.transaction(caller.organisation_id) as tx:
        endpoint = await store.find_endpoint(tx, uid)
    if endpoint is None:
        raise EndpointNotFound("there is no such webhook", field="webhook", value=uid)
    return endpoint


@get("/api/v1/webhooks", guards=[requires("webhooks:read")], tags=["webhooks"])
async def list_webhooks(
    parts: InjectedParts, caller: InjectedCaller, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Page[WebhookOut]:
    """The webhooks in the order they were made."""
    (last,) = read_cursor(after, int, default=(0,))
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await store.list_endpoints(tx, after=last, limit=limit + 1)
    return page_of(rows, limit, _out, lambda row: (row.id,))


@post("/api/v1/webhooks", guards=[requires("webhooks:write")], tags=["webhooks"])
async def create_webhook(
    parts: InjectedParts, caller: InjectedCaller, data: JSONBody[NewWebhook]
) -> Response[NewWebhookOut]:
    """Make a webhook. The answer is the only one that has the signing secret."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        made = await endpoints.create(
            tx,
            parts,
            url=data.url,
            format=data.format,
            topics=data.topics,
            description=data.description,
            secret=data.secret,
            by=caller,
        )
    return _with_secret(made, 201)


@get("/api/v1/webhooks/{webhook:str}", guards=[requires("webhooks:read")], tags=["webhooks"])
async def show_webhook(parts: InjectedParts, caller: InjectedCaller, webhook: FromPath[str]) -> WebhookOut:
    """One webhook."""
    return _out(await _endpoint(parts, caller, webhook))


@patch("/api/v1/webhooks/{webhook:str}", guards=[requires("webhooks:write")], tags=["webhooks"])
async def change_webhook(
    parts: InjectedParts, caller: InjectedCaller, webhook: FromPath[str], data: JSONBody[WebhookChange]
) -> WebhookOut:
    """Change what is given. Enabling a disabled one forgets why it was disabled."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return _out(await endpoints.change(tx, parts, webhook, given(data), by=caller))


@delete("/api/v1/webhooks/{webhook:str}", guards=[requires("webhooks:write")], tags=["webhooks"])
async def delete_webhook(parts: InjectedParts, caller: InjectedCaller, webhook: FromPath[str]) -> None:
    """Remove a webhook with its log."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        await endpoints.delete(tx, parts, webhook, by=caller)


@post("/api/v1/webhooks/{webhook:str}/rotate-secret", guards=[requires("webhooks:write")], tags=["webhooks"])
async def rotate_webhook_secret(
    parts: InjectedParts, caller: InjectedCaller, webhook: FromPath[str], data: JSONBody[SecretRotation]
) -> Response[NewWebhookOut]:
    """A new secret; for the overlap (a day unless said otherwise) messages are signed with the old one too."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        made = await endpoints.rotate(tx, parts, webhook, overlap_seconds=data.overlap_seconds, by=caller)
    return _with_secret(made, 200)


@post("/api/v1/webhooks/{webhook:str}/test", status_code=202, guards=[requires("webhooks:write")], tags=["webhooks"])
async def test_webhook(parts: InjectedParts, caller: InjectedCaller, webhook: FromPath[str]) -> DeliveryOut:
    """Send a test message; the delivery shows how it went."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return DeliveryOut(**_delivery(await endpoints.send_test(tx, parts, webhook)))


@get("/api/v1/webhooks/{webhook:str}/deliveries", guards=[requires("webhooks:read")], tags=["webhooks"])
async def list_deliveries(
    parts: InjectedParts,
    caller: InjectedCaller,
    webhook: FromPath[str],
    in_state: WithState = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Page[DeliveryOut]:
    """What the webhook was and will be sent, newest first."""
    (last,) = read_cursor(after, int, default=(None,))
    endpoint = await _endpoint(parts, caller, webhook)
    async with parts.database.transaction(caller.organisation_id) as tx:
        rows = await store.list_deliveries(tx, endpoint.id, state=in_state, before=last, limit=limit + 1)
    return page_of(rows, limit, lambda row: DeliveryOut(**_delivery(row)), lambda row: (row.id,))


@get("/api/v1/webhooks/{webhook:str}/deliveries/{delivery:str}", guards=[requires("webhooks:read")], tags=["webhooks"])
async def show_delivery(
    parts: InjectedParts, caller: InjectedCaller, webhook: FromPath[str], delivery: FromPath[str]
) -> DeliveryWithAttempts:
    """One delivery with its body and every attempt."""
    endpoint = await _endpoint(parts, caller, webhook)
    async with parts.database.transaction(caller.organisation_id) as tx:
        found, attempts = await endpoints.find_delivery(tx, endpoint, delivery)
    return DeliveryWithAttempts(
        **_delivery(found), body=msgspec.Raw(found.body), log=[_attempt(attempt) for attempt in attempts]
    )


@post(
    "/api/v1/webhooks/{webhook:str}/deliveries/{delivery:str}/redeliver",
    status_code=202,
    guards=[requires("webhooks:write")],
    tags=["webhooks"],
)
async def redeliver(
    parts: InjectedParts, caller: InjectedCaller, webhook: FromPath[str], delivery: FromPath[str]
) -> DeliveryOut:
    """Send a delivery again, whatever became of it: the same body under the same id."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        return DeliveryOut(**_delivery(await endpoints.redeliver(tx, parts, webhook, delivery)))


@post(
    "/api/v1/webhooks/{webhook:str}/redeliver-failed",
    status_code=202,
    guards=[requires("webhooks:write")],
    tags=["webhooks"],
)
async def redeliver_failed(
    parts: InjectedParts, caller: InjectedCaller, webhook: FromPath[str], data: JSONBody[Redelivery]
) -> Redelivered:
    """Send everything again that failed since a point in time."""
    check_zoned(data.since, "since")
    async with parts.database.transaction(caller.organisation_id) as tx:
        return Redelivered(await endpoints.redeliver_failed(tx, parts, webhook, data.since))


HANDLERS = (
    list_webhooks,
    create_webhook,
    show_webhook,
    change_webhook,
    delete_webhook,
    rotate_webhook_secret,
    test_webhook,
    list_deliveries,
    show_delivery,
    redeliver,
    redeliver_failed,
)
