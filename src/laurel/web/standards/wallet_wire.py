"""What the Open Badges API and the CLR API of a wallet have in common on the wire: lists, links, credentials that come in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response

from laurel.base import json_text
from laurel.base.times import check_zoned
from laurel.domain.credentials.addresses import Addresses
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.domain.wallet import taking_in
from laurel.domain.wallet.model import Entry, Kept
from laurel.web.http_errors import UnsupportedMedia
from laurel.web.standards.bearers import person_of

_JSON: Final = frozenset({"application/json", "application/ld+json", "application/vc+ld+json", "application/vc"})
_TOKEN: Final = frozenset({"text/plain", "application/vc+jwt", "application/jwt"})
_STATUS: Final = {Kept.CREATED: 201, Kept.REPLACED: 200, Kept.NOT_MODIFIED: 304}


def check_since(since: datetime | None) -> None:
    """Raises Invalid for a time without a zone."""
    check_zoned(since, "since")


def listing(entries: Sequence[Entry], first: Sequence[bytes] = ()) -> bytes:
    """The body of a list: documents as they were signed (`first` before the entries), and compact tokens."""
    documents = b",".join([*first, *(entry.content.encode() for entry in entries if not entry.token)])
    tokens = json_text.encode([entry.content for entry in entries if entry.token])
    return b'{"credential":[' + documents + b'],"compactJwsString":' + tokens + b"}"


def links(address: str, limit: int, offset: int, total: int, kept: Mapping[str, str]) -> str:
    """The Link header of a page of a list; `kept` are the parameters that every page has."""
    last = max(0, (total - 1) // limit * limit)
    places = {"next": offset + limit, "last": last, "first": 0, "prev": max(0, offset - limit)}
    if offset + limit >= total:
        del places["next"]
    if offset == 0:
        del places["prev"]
    return ", ".join(
        f'<{address}?{urlencode({"limit": limit, "offset": place, **kept})}>; rel="{name}"'
        for name, place in places.items()
    )


async def take_in(
    request: Request[Any, Any, Any], parts: Parts, caller: Caller, wanted: taking_in.Wanted
) -> Response[bytes | None]:
    """Put what the body holds into the wallet of the person, once it is verified; the body comes back."""
    media_type = request.content_type[0]
    if media_type not in _JSON | _TOKEN:
        raise UnsupportedMedia("a credential as application/json or as text/plain (a compact JWS) is wanted")
    offered = await request.body()
    async with parts.database.transaction(caller.organisation_id) as tx:
        names = taking_in.names_of(await person_of(tx, caller))
    verdict = await parts.verifier.verify(offered, recipients=names)
    async with parts.database.transaction(caller.organisation_id) as tx:
        person = await person_of(tx, caller)
        kept = await taking_in.keep(
            tx, person, offered, verdict, Addresses(parts.public_url), parts.clock.now(), wanted=wanted
        )
    if kept is Kept.NOT_MODIFIED:
        return Response(None, status_code=304)
    answered = "text/plain" if verdict.carrier == "jwt" else "application/json"
    return Response(offered.strip(), status_code=_STATUS[kept], media_type=answered)
