"""/c/{uid}: a credential as anybody with its address sees it, as a page or as JSON."""

import hmac
from html import escape
from typing import Any
from urllib.parse import parse_qs

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from laurel.base import json_text
from laurel.base.ids import is_uid
from laurel.base.times import render_time, render_time_or_none
from laurel.domain.credentials import store
from laurel.domain.credentials.model import Credential, CredentialNotFound
from laurel.domain.parts import Parts
from laurel.web.hot_routes import HotTable, send_answer
from laurel.web.injected import InjectedParts

_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


async def find_shown(parts: Parts, uid: str, access_key: str | None) -> Credential:
    """The credential that a stranger may see; raises CredentialNotFound, also for a private one without its key."""
    credential = None
    if is_uid(uid):
        async with parts.database.public_lookup(uid) as tx:
            credential = await store.find_public(tx, uid)
    if credential is not None and credential.private:
        given = (access_key or "").encode()
        if not hmac.compare_digest(given, (credential.access_key or "").encode()) or not given:
            credential = None
    if credential is None:
        raise CredentialNotFound("there is no such credential", field="credential", value=uid[:50])
    return credential


def describe(parts: Parts, credential: Credential) -> dict[str, Any]:
    """The public facts of a credential; the signed document is added once it is issued."""
    fields = credential.fields
    facts: dict[str, Any] = {
        "id": f"{parts.public_url}/c/{credential.uid}",
        "state": credential.state_at(parts.clock.now()),
        "name": fields["name"],
        "description": fields["description"],
        "recipient": fields["recipient_name"],
        "issued_on": credential.issued_on.isoformat(),
        "expires_at": render_time_or_none(credential.expires_at),
    }
    if credential.revoked_at is not None:
        facts |= {"revoked_at": render_time(credential.revoked_at), "revoke_reason": credential.revoke_reason}
    if credential.document is not None and credential.state != "revoked":
        facts["document"] = json_text.decode(credential.document.encode())
    return facts


def page_of(facts: dict[str, Any]) -> str:
    """The page for people."""
    rows = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(str(facts[name]))}</dd>"
        for name, label in (
            ("recipient", "Awarded to"),
            ("issued_on", "Issued on"),
            ("expires_at", "Expires"),
            ("state", "State"),
            ("revoke_reason", "Revoked because"),
        )
        if facts.get(name)
    )
    name = escape(facts["name"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f'<meta name="viewport" content="width=device-width"><meta property="og:title" content="{name}"></head>'
        f"<body><main><h1>{name}</h1><p>{escape(facts['description'])}</p><dl>{rows}</dl></main></body></html>"
    )


async def read_hot(scope: Any, _receive: Receive, send: Send) -> None:
    """GET /c/{uid}.json and /c/{uid} without the router."""
    parts: Parts = scope["laurel.parts"]
    body, media_type = await _answer(parts, scope["laurel.last"], scope)
    headers = [(name.lower().encode(), value.encode()) for name, value in _SECURITY.items()]
    await send_answer(send, 200, body, media_type=media_type, headers=[*headers, (b"vary", b"accept")])


async def _answer(parts: Parts, last: str, scope: Scope) -> tuple[bytes, str]:
    uid = last.removesuffix(".json")
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"").decode("latin-1")
    key = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=20).get("key", [None])[0]
    facts = describe(parts, await find_shown(parts, uid, key))
    if not last.endswith(".json") and "text/html" in accept:
        return page_of(facts).encode(), "text/html; charset=utf-8"
    return json_text.encode(facts), "application/json"


@get("/c/{credential:str}", tags=["public"])
async def show_credential(
    request: Request[Any, Any, Any], parts: InjectedParts, credential: FromPath[str]
) -> Response[bytes]:
    """A credential, as a page or (with .json, or by Accept) as JSON; a private one with its `key`."""
    body, media_type = await _answer(parts, credential, request.scope)
    return Response(body, media_type=media_type, headers={**_SECURITY, "Vary": "Accept"})


HOT: HotTable = {("GET", "/c/{last}"): read_hot}
HANDLERS = (show_credential,)
