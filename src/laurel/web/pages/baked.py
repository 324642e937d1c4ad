"""/c/{uid}.png and .svg: the badge with the signed credential inside."""

import asyncio
from typing import Any

from litestar.types import Receive, Send

from laurel.domain.achievements import store as achievements
from laurel.domain.credentials import store
from laurel.domain.credentials.model import CredentialNotFound, Signed
from laurel.domain.designs import drawing
from laurel.domain.organisations import store as organisations
from laurel.domain.parts import Parts
from laurel.openbadges import baking
from laurel.rendering import render_svg
from laurel.web.hot_routes import send_answer
from laurel.web.pages.drawn import design_for, fields_of
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
        achievement = (await achievements.find_many(tx, [credential.achievement_id]))[credential.achievement_id]
        organisation = await organisations.organisation(tx)
        design = await design_for(tx, achievement, "badge", organisation)
    fields = fields_of(credential, organisation, parts.public_url, organisation.language)
    if suffix == "svg":
        return await asyncio.to_thread(render_svg, design, fields)
    return (await drawing.png(design, fields))[0]
