"""/console/keys and /console/webhooks: what connects other systems, with every attempt to reach them."""

from datetime import timedelta

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.domain.notifications import endpoints
from laurel.domain.notifications import store as notifications
from laurel.domain.notifications.formats import OWN
from laurel.domain.notifications.model import TOPICS
from laurel.domain.organisations import keys
from laurel.domain.organisations.api_keys import store as api_keys
from laurel.domain.organisations.keys import KeyWish
from laurel.domain.organisations.model import EVERY_READ, EVERY_SCOPE, SCOPE_RESOURCES
from laurel.web.pages.visits import Visit, page

_KEYS_MAX = 500
_PAGE = 30
_SENT_BEFORE = "This form was sent before: the {} was made and shown then. If it is lost, make another."
SCOPE_CHOICES = [EVERY_SCOPE, EVERY_READ, *(f"{one}:{verb}" for one in SCOPE_RESOURCES for verb in ("read", "write"))]


async def _show_keys(visit: Visit, error: LaurelError | None = None, *, made: str = "") -> Response[bytes]:
    async with visit.transaction() as tx:
        known = await api_keys.page(tx, after=0, limit=_KEYS_MAX)
    return visit.show(
        "console/keys.html",
        error=error,
        made=made,
        api_keys=list(reversed(known)),
        once=visit.new_once() if made or error is None else visit.form.get("once") or visit.new_once(),
        now=visit.parts.clock.now(),
        scopes=[scope for scope in SCOPE_CHOICES if visit.may(scope)],
        resources=[one for one in SCOPE_RESOURCES if visit.may(f"{one}:read")],
    )


@page("/console/keys", needs="keys:read")
async def show_keys(visit: Visit) -> Response[bytes]:
    """The API keys; no secrets."""
    return await _show_keys(visit)


@page("/console/keys", needs="keys:write", post=True)
async def make_key(visit: Visit) -> Response[bytes]:
    """Make one, and show it this once."""
    form, parts = visit.form, visit.parts
    now = parts.clock.now()
    try:
        days = form.get("days")
        if days and not (days.isascii() and days.isdigit() and 0 < int(days[:6]) <= 3_650):
            raise Invalid("say a number of days from 1 to 3650, or nothing", field="days", value=days[:20])
        wish = KeyWish(
            name=form.get("name"),
            scopes=tuple(form.all("scopes")),
            account_id=visit.account.id,
            expires_at=now + timedelta(days=int(days)) if days else None,
        )
        async with visit.transaction() as tx:
            if (before := await visit.led_to(tx)) is not None:
                return visit.to(before, _SENT_BEFORE.format("key"))
            issued = await keys.issue(tx, pepper=parts.pepper, wish=wish, by=visit.caller, now=now)
            await visit.note_sent(tx, "/console/keys")
    except LaurelError as refused:
        if (refused.field or "").startswith("scopes"):
            refused.field = "scopes"
        return await _show_keys(visit, refused)
    return await _show_keys(visit, made=issued.text)


@page("/console/keys/{key:str}/revoke", needs="keys:write", post=True)
async def revoke_key_page(visit: Visit) -> Response[bytes]:
    """Take a key out of use for good."""
    async with visit.transaction() as tx:
        await keys.revoke(tx, visit.path("key"), by=visit.caller, now=visit.parts.clock.now())
    return visit.to("/console/keys", "The key is revoked.")


# ------------------------------------------------------------------------------------------------------------ webhooks
async def _show_webhooks(visit: Visit, error: LaurelError | None = None, *, secret: str = "") -> Response[bytes]:
    async with visit.transaction() as tx:
        known = await notifications.list_endpoints(tx)
    return visit.show(
        "console/webhooks.html",
        error=error,
        secret=secret,
        endpoints=list(reversed(known)),
        once=visit.new_once() if secret or error is None else visit.form.get("once") or visit.new_once(),
        topics=sorted(TOPICS),
        formats=[(name, name) for name in visit.parts.message_formats],
        own=OWN,
    )


@page("/console/webhooks", needs="webhooks:read")
async def show_webhooks(visit: Visit) -> Response[bytes]:
    """Who is told of what."""
    return await _show_webhooks(visit)


@page("/console/webhooks", needs="webhooks:write", post=True)
async def make_webhook(visit: Visit) -> Response[bytes]:
    """Add one, and show its secret this once."""
    form = visit.form
    try:
        async with visit.transaction() as tx:
            if (before := await visit.led_to(tx)) is not None:
                return visit.to(before, _SENT_BEFORE.format("webhook"))
            made = await endpoints.create(
                tx,
                visit.parts,
                url=form.get("url"),
                by=visit.caller,
                topics=tuple(form.all("topics")),
                description=form.get("description"),
            )
            await visit.note_sent(tx, f"/console/webhooks/{made.endpoint.uid}")
    except LaurelError as refused:
        return await _show_webhooks(visit, refused)
    return await _show_webhooks(visit, secret=made.secret)


@page("/console/webhooks/{webhook:str}", needs="webhooks:read")
async def show_webhook(visit: Visit) -> Response[bytes]:
    """One webhook: what it was sent, and every attempt."""
    return await _show_webhook(visit)


async def _show_webhook(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    async with visit.transaction() as tx:
        endpoint = await endpoints.require(tx, visit.path("webhook"))
        deliveries = await notifications.list_deliveries(
            tx, endpoint.id, state=None, before=visit.cursor(), limit=_PAGE + 1
        )
        attempts = await notifications.attempts_of(tx, [one.id for one in deliveries[:_PAGE]])
    return visit.show(
        "console/webhook.html",
        error=error,
        endpoint=endpoint,
        deliveries=deliveries[:_PAGE],
        attempts=attempts,
        next=visit.next_after(deliveries, _PAGE),
    )


@page("/console/webhooks/{webhook:str}", needs="webhooks:write", post=True)
async def change_webhook(visit: Visit) -> Response[bytes]:
    """Test it, switch it on or off, send something again, or delete it."""
    uid, change, parts = visit.path("webhook"), visit.form.get("change"), visit.parts
    said = {"test": "A test is on its way.", "again": "It is sent again.", "delete": "The webhook is deleted."}
    try:
        async with visit.transaction() as tx:
            match change:
                case "test":
                    await endpoints.send_test(tx, parts, uid)
                case "again":
                    await endpoints.redeliver(tx, parts, uid, visit.form.get("delivery"))
                case "delete":
                    await endpoints.delete(tx, parts, uid, by=visit.caller)
                case "active" | "disabled":
                    await endpoints.change(tx, parts, uid, {"state": change}, by=visit.caller)
                case _:
                    raise Invalid("there is no such change", field="change", value=change[:50])
    except LaurelError as refused:
        return await _show_webhook(visit, refused)
    where = "/console/webhooks" if change == "delete" else f"/console/webhooks/{uid}"
    return visit.to(where, said.get(change, "Saved."))


HANDLERS = (
    show_keys,
    make_key,
    revoke_key_page,
    show_webhooks,
    make_webhook,
    show_webhook,
    change_webhook,
)
