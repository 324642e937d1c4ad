"""/console/achievements/{achievement}/endorsements: who speaks for an achievement; endorsing it, taking in what somebody else
has signed, taking back our own, taking out any.
"""

from datetime import UTC, datetime, time
from typing import Final

from litestar import Response

from laurel.base import limits
from laurel.base.errors import Invalid, LaurelError
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions
from laurel.domain.achievements.model import Achievement
from laurel.domain.credentials import endorsing
from laurel.domain.endorsements import store
from laurel.web.pages.visits import Visit, page

_PATH: Final = "/console/achievements/{achievement:str}/endorsements"
_SAID: Final = {
    "endorse": "It is endorsed: every credential that is signed from now on says so.",
    "accept": "The endorsement was verified and is kept: every credential that is signed from now on holds it.",
    "revoke": "The endorsement is revoked, and verifiers are told.",
    "remove": "The endorsement is put into nothing new any more.",
}


@page(_PATH, needs="credentials:read")
async def show_endorsements(visit: Visit) -> Response[bytes]:
    """The endorsements of an achievement, and what can be done with them."""
    return await _show(visit)


async def _show(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    async with visit.transaction() as tx:
        achievement = await definitions.require(tx, visit.path("achievement"))
        found = await store.listed(tx, "achievement", achievement.id)
    return visit.show(
        "console/endorsements.html",
        error=error,
        doing=visit.form.get("change"),
        achievement=achievement,
        endorsements=found,
        endorsements_max=limits.ENDORSEMENTS_PER_SUBJECT_MAX,
        now=visit.parts.clock.now(),
        subject=visit.parts.issuer.addresses.achievement(achievement.uid),
        once=visit.form.get("once") or visit.new_once(),
    )


@page(_PATH, needs="credentials:write", post=True)
async def change_endorsements(visit: Visit) -> Response[bytes]:
    """Endorse, take in, revoke or remove."""
    change = visit.form.get("change")
    try:
        match change:
            case "endorse":
                await _endorse(visit)
            case "accept":
                await _accept(visit)
            case "revoke" | "remove":
                await _take_away(visit, change)
            case _:
                raise Invalid("there is no such change", field="change", value=change[:50])
    except LaurelError as refused:
        return await _show(visit, refused)
    return visit.to(visit.request.scope["path"], _SAID[change])


async def _endorse(visit: Visit) -> None:
    form, parts = visit.form, visit.parts
    if not form.get("comment"):
        raise Invalid("say what you endorse it for", field="comment")
    until = _last_moment_of(form.get("until"), parts.clock.now())
    async with visit.transaction() as tx:
        if await visit.led_to(tx) is not None:
            return
        achievement = await definitions.require(tx, visit.path("achievement"))
        await endorsing.endorse(
            parts.issuer,
            tx,
            await _endorsed(visit, tx, achievement),
            comment=form.get("comment"),
            name=None,
            valid_until=until,
            by=visit.caller,
            now=parts.clock.now(),
        )
        await visit.note_sent(tx, visit.request.scope["path"])


async def _accept(visit: Visit) -> None:
    """What was pasted is verified before anything is locked: that may ask others."""
    parts = visit.parts
    offered = visit.form.get("document").encode("utf-8", "replace")
    if not offered:
        raise Invalid("paste the endorsement: JSON, or a compact token", field="document")
    async with visit.transaction() as tx:
        await definitions.require(tx, visit.path("achievement"))
    verdict = await parts.verifier.verify(offered)
    async with visit.transaction() as tx:
        achievement = await definitions.require(tx, visit.path("achievement"))
        of = await _endorsed(visit, tx, achievement)
        await endorsing.accept(parts.issuer, tx, of, offered, verdict, by=visit.caller, now=parts.clock.now())


async def _take_away(visit: Visit, change: str) -> None:
    """Revoke or remove one that is of this achievement."""
    now, uid = visit.parts.clock.now(), visit.form.get("endorsement")
    async with visit.transaction() as tx:
        achievement = await definitions.require(tx, visit.path("achievement"))
        found = await endorsing.find(tx, uid)
        if (found.kind, found.subject_id) != ("achievement", achievement.id):
            raise Invalid("this endorsement is of something else", field="endorsement", value=uid[:50])
        if change == "revoke":
            await endorsing.revoke(tx, uid, visit.form.get("reason"), by=visit.caller, now=now)
        else:
            await endorsing.remove(tx, uid, by=visit.caller, now=now)


async def _endorsed(visit: Visit, tx: Transaction, achievement: Achievement) -> endorsing.Endorsed:
    return await endorsing.endorsed(tx, visit.parts.issuer, "achievement", achievement.uid)


def _last_moment_of(day: str, now: datetime) -> datetime | None:
    """The end (UTC) of the last day on which it counts; None for no day."""
    try:
        end = datetime.combine(datetime.strptime(day, "%Y-%m-%d"), time(23, 59, 59), UTC) if day else None  # noqa: DTZ007 - combined with its zone
    except ValueError:
        raise Invalid("say a day as year-month-day, or nothing", field="until", value=day[:50]) from None
    if end is not None and end <= now:
        raise Invalid("this day is over", field="until", value=day)
    return end


HANDLERS = (show_endorsements, change_endorsements)
