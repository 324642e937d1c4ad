"""Taking a logo in: from a file, or once from an address; and taking it away."""

import asyncio
import hashlib
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from laurel.base.errors import Invalid, LaurelError, TooLarge
from laurel.base.ids import OrganisationId
from laurel.base.limits import LOGO_BYTES_MAX, LOGO_SIDE_MAX, LOGO_SMALL_SIDE_MAX, URL_LENGTH_MAX, check_length
from laurel.database import jobs
from laurel.database.pool import Database, Transaction
from laurel.domain.logos import store
from laurel.domain.logos.model import FETCH_JOB, Logo, LogoNotFound
from laurel.domain.organisations import audit
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.outside.clock import Clock
from laurel.outside.http import Blocked, Http, Unreachable
from laurel.rendering import Picture, normalise_image

_ACCEPT = "image/png, image/jpeg, image/webp, image/svg+xml, image/gif"
_OK = 200


class Sizes(NamedTuple):
    """One logo in the two sizes in which it is kept."""

    large: Picture
    small: Picture


class Fetching(Protocol):
    """The running parts that are needed here (domain/parts.py has them)."""

    @property
    def database(self) -> Database:
        """Where it is kept."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock."""
        ...

    @property
    def http(self) -> Http:
        """Fetches, guarded."""
        ...


async def made(data: bytes, field: str) -> Sizes:
    """A picture of any of the known formats, written anew in both sizes. Raises Invalid, TooLarge, ImageInvalid and
    ImageTooLarge naming `field`.
    """
    if not data:
        raise Invalid(f"{field} is empty", field=field)
    if len(data) > LOGO_BYTES_MAX:
        raise TooLarge(
            f"{field} has {len(data)} bytes, the limit is {LOGO_BYTES_MAX}",
            field=field,
            limit=LOGO_BYTES_MAX,
            value=len(data),
        )
    return await asyncio.to_thread(_made, data, field)


def _made(data: bytes, field: str) -> Sizes:
    large = normalise_image(data, field=field, side_max=LOGO_SIDE_MAX)
    return Sizes(large, normalise_image(large.data, field=field, side_max=LOGO_SMALL_SIDE_MAX))


async def put(tx: Transaction, sizes: Sizes, *, by: Caller | str, now: datetime, address: str | None = None) -> Logo:
    """Make it the organisation's logo; `address` is where it was fetched. What was wanted before is wanted no more."""
    name = hashlib.sha256(sizes.large.data).hexdigest()
    organisation = await organisations.update_organisation(tx, {"logo": name}, now)
    await audit.record(tx, at=now, by=by, action="logo.put", subject=("organisation", organisation.uid))
    return await store.put(
        tx,
        {
            "name": name,
            "content": sizes.large.data,
            "media_type": sizes.large.media_type,
            "width": sizes.large.width,
            "height": sizes.large.height,
            "small": sizes.small.data,
            "small_media_type": sizes.small.media_type,
            "address": address,
            "wanted": None,
            "refusal": None,
            "updated_at": now,
        },
    )


async def remove(tx: Transaction, *, by: Caller | str, now: datetime) -> None:
    """Have no logo any more. Raises LogoNotFound."""
    if not await store.delete(tx):
        raise LogoNotFound("there is no logo")
    organisation = await organisations.update_organisation(tx, {"logo": None}, now)
    await audit.record(tx, at=now, by=by, action="logo.delete", subject=("organisation", organisation.uid))


async def ask(tx: Transaction, http: Http, address: str, *, by: Caller, now: datetime) -> Logo:
    """Have the picture at `address` fetched once this transaction has committed; the logo there is stays until then.
    Raises Invalid, TooLarge naming "address".
    """
    try:
        http.check(check_length(address, URL_LENGTH_MAX, "address"))
    except Blocked as blocked:
        raise Invalid(f"address cannot be used: {blocked}", field="address", value=address[:200]) from None
    wanted = await store.put(tx, {"wanted": address, "refusal": None, "updated_at": now})
    await jobs.enqueue(tx, FETCH_JOB, {"address": address, "by": by.actor})
    return wanted


async def fetch(parts: Fetching, payload: dict[str, Any]) -> None:
    """The job of FETCH_JOB: payload {organisation_id, address, by}. What the address gives instead of a picture is noted as
    the reason; nothing is tried again unasked. An address that is wanted no more is left alone.
    """
    organisation_id, address = OrganisationId(payload["organisation_id"]), payload["address"]
    async with parts.database.transaction(organisation_id) as tx:
        if not await store.lock_wanted(tx, address):
            return
    try:
        sizes = await made(await _fetched(parts.http, address), "the picture")
    except (LaurelError, Unreachable) as refused:
        async with parts.database.transaction(organisation_id) as tx:
            await store.refuse(tx, address, str(refused), parts.clock.now())
        return
    async with parts.database.transaction(organisation_id) as tx:
        if await store.lock_wanted(tx, address):
            await put(tx, sizes, by=payload["by"], now=parts.clock.now(), address=address)


async def _fetched(http: Http, address: str) -> bytes:
    answer = await http.send("GET", address, headers={"Accept": _ACCEPT})
    if answer.status != _OK:
        raise Unreachable(f"the address answers {answer.status}")
    return answer.body
