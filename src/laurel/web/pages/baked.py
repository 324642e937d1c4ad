"""/c/{uid}.png and .svg: the badge with the signed credential inside."""

import asyncio
from typing import Any

from litestar.types import Receive, Send

from laurel.domain.credentials import store
from laurel.domain.credentials.model import CredentialNotFound, Signed
from laurel.domain.credentials.pictures import picture_of
from laurel.domain.designs import drawing
from laurel.domain.parts import Parts
from laurel.openbadges import baking
from laurel.rendering import render_svg
from laurel.web.hot_routes import send_answer
from laurel.web.public.credentials import access_key_in, find_signed, headers_of
from laurel.web.public.negotiation import SECURITY, header, holds

_MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


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


async def _picture(parts: Parts, signed: Signed, suffix: str) -> bytes:
    async with parts.database.transaction(signed.organisation_id) as tx:
        credential = await store.find_by_uid(tx, signed.uid)
        if credential is None:
            raise CredentialNotFound("there is no such credential", field="credential", value=signed.uid)
        design, fields = await picture_of(tx, credential, "badge", parts.public_url)
    if suffix == "svg":
        return await asyncio.to_thread(render_svg, design, fields)
    return (await drawing.png(design, fields))[0]
