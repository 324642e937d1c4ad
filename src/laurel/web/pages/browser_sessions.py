"""The sessions that one browser holds: one in use, and those of other organisations that it may switch to.

Every one of them was opened by proving an account of that organisation: an address alone switches nowhere.
"""

import contextlib
from collections.abc import Sequence

import msgspec
from litestar import Response

from laurel.base.limits import ACCOUNTS_PER_ADDRESS_MAX, SESSION_SECONDS_MAX
from laurel.domain.access import sessions
from laurel.domain.access.model import SignedIn
from laurel.web.pages.visits import OTHERS, SESSION, Visit, local

_BETWEEN = "~"


class Kept(msgspec.Struct):
    """A form that could not be taken: where it was going and what it says."""

    path: str
    fields: list[tuple[str, str]]


class Held(msgspec.Struct, frozen=True):
    """A session in the browser with the cookie that opens it."""

    cookie: str
    signed_in: SignedIn


async def held(visit: Visit) -> list[Held]:
    """The living sessions that this browser holds, the one in use first."""
    cookies = [visit.request.cookies.get(SESSION, ""), *visit.request.cookies.get(OTHERS, "").split(_BETWEEN)]
    found: list[Held] = []
    for cookie in dict.fromkeys(cookies[: ACCOUNTS_PER_ADDRESS_MAX + 1]):
        signed_in = await _recognised(visit, cookie) if cookie else None
        if signed_in is not None:
            found.append(Held(cookie, signed_in))
    return found


async def _recognised(visit: Visit, cookie: str) -> SignedIn | None:
    parts = visit.parts
    return await sessions.recognise(parts.database, cookie, pepper=parts.pepper, now=parts.clock.now())


async def use(visit: Visit, cookie: str, others: Sequence[str]) -> None:
    """Put a session in use and keep the others; an older session of the same organisation gives way."""
    signed_in = await _recognised(visit, cookie)
    if signed_in is None:
        raise AssertionError("a session that was just opened is not recognised")
    organisations = {signed_in.organisation.id}
    kept = []
    for other in dict.fromkeys(others):
        known = await _recognised(visit, other) if other != cookie else None
        if known is not None and known.organisation.id not in organisations:
            organisations.add(known.organisation.id)
            kept.append(other)
    visit.remember(SESSION, cookie, seconds=SESSION_SECONDS_MAX)
    hold(visit, kept)
    visit.signed_in = signed_in
    visit.request.cookies[SESSION] = cookie


def hold(visit: Visit, cookies: Sequence[str]) -> None:
    """Keep sessions that are not in use in the browser."""
    value = _BETWEEN.join(cookies[:ACCOUNTS_PER_ADDRESS_MAX])
    if value or visit.request.cookies.get(OTHERS):
        visit.remember(OTHERS, value, seconds=SESSION_SECONDS_MAX if value else 0)
    visit.request.cookies[OTHERS] = value


async def enter(visit: Visit, opened: Sequence[str], *, kept: str, next_address: str) -> Response[bytes]:
    """Go on with the sessions that were just opened: choose among several, else on to where the visitor wanted, or offer
    the form that was interrupted again.
    """
    before = [one.cookie for one in await held(visit)]
    if len(opened) > 1:
        if SESSION in visit.request.cookies:
            visit.remember(SESSION, "", seconds=0)
            visit.request.cookies.pop(SESSION)
            visit.signed_in = None
        hold(visit, [*opened, *before])
        return await show_choice(visit, kept=kept, next_address=next_address)
    await use(visit, opened[0], before)
    return go_on(visit, kept=kept, next_address=next_address)


def go_on(visit: Visit, *, kept: str, next_address: str) -> Response[bytes]:
    """To the address that was wanted, or to the form that was interrupted."""
    interrupted: Kept | None = None
    with contextlib.suppress(msgspec.MsgspecError):
        interrupted = msgspec.json.decode(kept.encode(), type=Kept) if kept else None
    if interrupted is None or local(interrupted.path, "") == "":
        return visit.to(local(next_address))
    return visit.show("console/send_again.html", kept=kept, target=interrupted.path, fields=interrupted.fields)


async def show_choice(visit: Visit, *, kept: str = "", next_address: str = "") -> Response[bytes]:
    """The organisations that this browser may enter."""
    choices = sorted(
        await held(visit), key=lambda one: (one.signed_in.organisation.name, one.signed_in.organisation.id)
    )
    present = visit.signed_in.organisation.id if visit.signed_in is not None else None
    return visit.show(
        "console/choose.html",
        choices=[one.signed_in for one in choices],
        present=present,
        kept=kept,
        next=next_address,
    )
