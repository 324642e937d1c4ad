"""/c/{uid}.png and .svg: the badge with the signed credential inside; and with its Open Badges 2.0 assertion, for backpacks
that read nothing newer.
"""

import asyncio
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import Receive, Send

from laurel.base import json_text
from laurel.base.errors import Gone
from laurel.domain.credentials import store
from laurel.domain.credentials.model import Credential, CredentialNotFound, Signed
from laurel.domain.credentials.pictures import picture_of
from laurel.domain.designs import drawing
from laurel.domain.parts import Parts
from laurel.openbadges import baking
from laurel.rendering import render_svg
from laurel.web.hot_routes import send_answer
from laurel.web.injected import InjectedParts
from laurel.web.public.credentials import access_key_in, find_signed, headers_of
from laurel.web.public.hosted_badges import assertion_of
from laurel.web.public.negotiation import OPEN, SECURITY, header, holds

_MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


class BadgeGone(Gone):
    """A revoked credential has no badge for backpacks any more."""

    code = "badge_gone"


async def read_hot(scope: Any, _receive: Receive, send: Send) -> None:
    """Answer with the picture."""
    parts: Parts = scope["laurel.parts"]
    uid, _, suffix = scope["laurel.last"].partition(".")
    media_type = _MEDIA_TYPES.get(suffix)
    if media_type is None:
        raise CredentialNotFound("there is no such credential", field="credential", value=uid[:50])
    signed = await find_signed(parts, uid, access_key_in(scope))
    headers = headers_of(signed, media_type)
    if holds(header(scope, b"if-none-match"), headers["ETag"]):
        status, body = 304, b""
    else:
        status, body = 200, baking.bake(await _picture(parts, signed, suffix), signed.document or "")
    encoded = [(name.lower().encode(), value.encode()) for name, value in {**SECURITY, **headers}.items()]
    await send_answer(send, status, body, media_type=media_type, headers=encoded)


@get(
    ["/ob2/assertions/{credential:str}/badge.png", "/ob2/assertions/{credential:str}/badge.svg"],
    tags=["public"],
)
async def show_badge_2(
    request: Request[Any, Any, Any], parts: InjectedParts, credential: FromPath[str]
) -> Response[bytes]:
    """The badge with its Open Badges 2.0 assertion inside. Of a revoked one there is none."""
    found, assertion, gone = await assertion_of(parts, credential, request.query_params.get("key"))
    if gone:
        raise BadgeGone("the credential is revoked or suspended", field="credential", value=found.uid)
    suffix = request.scope["path"].rpartition(".")[2]
    picture = await _picture(parts, found, suffix)
    baked = baking.bake(picture, json_text.encode(assertion).decode(), standard="openbadges2")
    kept = "private, no-cache" if found.private else "public, max-age=60"
    headers = {**SECURITY, **OPEN, "Cache-Control": kept}
    return Response(baked, media_type=_MEDIA_TYPES[suffix], headers=headers)


async def _picture(parts: Parts, shown: Signed | Credential, suffix: str) -> bytes:
    async with parts.database.transaction(shown.organisation_id) as tx:
        credential = await store.find_by_uid(tx, shown.uid)
        if credential is None:
            raise CredentialNotFound("there is no such credential", field="credential", value=shown.uid)
        design, fields = await picture_of(tx, credential, "badge", parts.public_url)
    if suffix == "svg":
        return await asyncio.to_thread(render_svg, design, fields)
    return (await drawing.png(design, fields))[0]


HANDLERS = (show_badge_2,)
