"""/i/{uid}/logo: the logo of an issuer for everybody. Documents and designs elsewhere name the address for good."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from laurel.domain.logos import store
from laurel.domain.logos.model import LogoNotFound, Size
from laurel.web.injected import InjectedParts
from laurel.web.public.negotiation import published

_HEADERS = {"Content-Security-Policy": "default-src 'none'", "Cross-Origin-Resource-Policy": "cross-origin"}


@get("/i/{issuer:str}/logo", tags=["public"])
async def show_logo(
    request: Request[Any, Any, Any], parts: InjectedParts, issuer: FromPath[str], size: FromQuery[Size] = "large"
) -> Response[Any]:
    """The issuer's logo as PNG or JPEG; the small one has at most 160 pixels on a side."""
    organisation = await parts.issuer.find_organisation(issuer)
    async with parts.database.transaction(organisation.id) as tx:
        found = await store.content(tx, size)
    if found is None:
        raise LogoNotFound("this issuer has no logo here", field="issuer", value=issuer[:50])
    data, media_type, name = found
    answer = published(data, media_type, etag=f'"{name[:32]}-{size}"', scope=request.scope)
    answer.headers.update(_HEADERS)
    return answer


HANDLERS = (show_logo,)
