"""/console/achievements/{achievement}: one achievement as its group of credentials: who holds it, how it looks, its state."""

from typing import Any

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.base.text import clean_email
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions, store
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.explain import explain
from laurel.domain.achievements.model import Achievement, StoredStatus
from laurel.domain.achievements.standing import present_entry, standings, state_of
from laurel.domain.designs import store as designs
from laurel.domain.designs.library import DEFAULTS
from laurel.domain.designs.model import KINDS
from laurel.domain.endorsements import store as endorsements
from laurel.domain.events import store as events
from laurel.domain.organisations import audit
from laurel.domain.people import registry
from laurel.domain.people import store as people
from laurel.domain.register.model import Condition, Search
from laurel.domain.register.search import Found, count, find
from laurel.domain.rewards import store as rewards
from laurel.rendering import builtin_designs
from laurel.web.pages import criteria_form, plan_form
from laurel.web.pages.console_designs import look_of
from laurel.web.pages.criteria_form import MEASURES, OPERATORS
from laurel.web.pages.visits import Visit, page
from laurel.web.paging import write_cursor

_PAGE = 30
_EVENTS_EXPLAINED = 50
_STATES = {"": "Every state", "valid": "Published", "revoked": "Revoked or held back", "expired": "Expired"}
_STATUSES: dict[str, StoredStatus] = {"archive": "archived", "revive": "live"}


@page("/console/achievements/{achievement:str}", needs="achievements:read")
async def show_achievement_page(visit: Visit) -> Response[bytes]:
    """What it asks and pays, how it looks, and the credentials that were issued in it, or who holds it."""
    return await _show(visit)


async def _show(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    async with visit.transaction() as tx:
        achievement = await definitions.require(tx, visit.path("achievement"))
        tab = _tab(visit, achievement)
        held = await awarded.count_active(tx, [achievement.id])
        needed = await store.find_many(tx, achievement.prerequisites)
        paid = await rewards.find_by_uids(tx, [item.reward for item in achievement.rewards.items])
        shown: dict[str, Any] = {}
        if tab == "credentials":
            found = await _credentials(tx, visit, achievement)
            shown |= {"credentials": found.credentials, "next": write_cursor(*found.last) if found.last else None}
        elif tab == "holders":
            holders = await awarded.holders(tx, achievement.id, visit.cursor(), _PAGE + 1)
            shown |= {"holders": holders[:_PAGE], "next": visit.next_after(holders, _PAGE)}
            shown |= {"known": await people.find_many(tx, [award.person_id for award in holders])}
        issued = await count(tx, Search(conditions=(Condition("achievement_id", "in", [achievement.id]),)))
        pictures = await _pictures(tx, visit, achievement)
        given = await endorsements.of(tx, (achievement.id,), (), visit.parts.clock.now())
    return visit.show(
        "console/achievement.html",
        error=error,
        achievement=achievement,
        status=achievement.status_at(visit.parts.clock.now()),
        now=visit.parts.clock.now(),
        rules=criteria_form.shown(achievement),
        tab=tab,
        q=visit.asked("q"),
        state=visit.asked("state"),
        states=list(_STATES.items()),
        issued=issued,
        pictures=pictures,
        endorsed=sum(one.kind == "achievement" for one in given),
        held=held.get(achievement.id, (0, 0)),
        needed=list(needed.values()),
        paid=paid,
        xp=plan_form.total_of(achievement.rewards.xp),
        measures=dict(MEASURES),
        operators=dict(OPERATORS),
        **shown,
    )


def _tab(visit: Visit, achievement: Achievement) -> str:
    """Which list is shown: the credentials, for those who may see them, or the people who hold it."""
    wanted = visit.asked("tab") or ("credentials" if achievement.issues_credential else "holders")
    return "credentials" if wanted == "credentials" and visit.may("credentials:read") else "holders"


async def _credentials(tx: Transaction, visit: Visit, achievement: Achievement) -> Found:
    """A page of the credentials issued in it, newest first, by address, exact name or number, and by state."""
    conditions = [Condition("achievement_id", "in", [achievement.id])]
    asked, after = visit.asked("q"), visit.cursor()
    if address := clean_email(asked):
        conditions.append(Condition("recipient_email", "eq", address))
    elif asked:
        conditions.append(Condition("uid" if len(asked) == 24 else "recipient_name", "eq", asked))
    match visit.asked("state"):
        case "valid":
            conditions.append(Condition("published", "eq", True))
        case "revoked":
            conditions.append(Condition("published", "eq", False))
        case "expired":
            conditions.append(Condition("expires_at", "lt", visit.parts.clock.now().date()))
    search = Search(conditions=tuple(conditions), descending=True, after=(after,) if after else None, limit=_PAGE)
    return await find(tx, search)


async def _pictures(tx: Transaction, visit: Visit, achievement: Achievement) -> list[tuple[str, str, str, str]]:
    """(kind, name of the design, what people call it, version) of its badge and certificate."""
    plan = achievement.credential
    chosen = {"badge": plan.badge_design, "certificate": plan.certificate_design}
    stored = await designs.find_by_uids(tx, [name for name in chosen.values() if name])
    defaults = await designs.defaults(tx)
    pictures: list[tuple[str, str, str, str]] = []
    for kind in KINDS:
        name = chosen[kind] or ""
        own = stored.get(name)
        if name in builtin_designs() and builtin_designs()[name].kind == kind:
            pictures.append((kind, name, builtin_designs()[name].name, "0"))
        elif own is not None and own.kind == kind:
            look = look_of(own, visit.organisation)
            pictures.append((kind, look.name, look.title, look.version))
        elif kind in defaults:
            look = look_of(defaults[kind], visit.organisation)
            pictures.append((kind, look.name, f"{look.title}, the default", look.version))
        else:
            pictures.append((kind, DEFAULTS[kind], f"{builtin_designs()[DEFAULTS[kind]].name}, the default", "0"))
    return pictures


@page("/console/achievements/{achievement:str}", needs="achievements:write", post=True)
async def change_status(visit: Visit) -> Response[bytes]:
    """Archive it, or bring it back."""
    now, wanted = visit.parts.clock.now(), _STATUSES.get(visit.form.get("change"))
    try:
        if wanted is None:
            raise Invalid("there is no such change", field="change", value=visit.form.get("change")[:50])
        async with visit.transaction() as tx:
            achievement = await definitions.require(tx, visit.path("achievement"))
            await definitions.change(tx, achievement, Definition(status=wanted), actor=visit.caller.actor, now=now)
            await audit.record(
                tx, at=now, by=visit.caller, action="achievement.change", subject=("achievement", achievement.uid)
            )
    except LaurelError as refused:
        return await _show(visit, refused)
    said = (
        "It is archived: nothing counts any more, and what was issued stays." if wanted == "archived" else "It is live."
    )
    return visit.to(f"/console/achievements/{achievement.uid}", said)


@page("/console/achievements/{achievement:str}/delete", needs="achievements:write", post=True)
async def delete_achievement_page(visit: Visit) -> Response[bytes]:
    """Take the definition away; what was earned stays."""
    now = visit.parts.clock.now()
    async with visit.transaction() as tx:
        achievement = await definitions.require(tx, visit.path("achievement"))
        await definitions.delete(tx, achievement, actor=visit.caller.actor, now=now)
        await audit.record(
            tx, at=now, by=visit.caller, action="achievement.delete", subject=("achievement", achievement.uid)
        )
    return visit.to("/console/achievements", "The achievement is deleted. What was earned by it stays earned.")


async def explained(tx: Transaction, visit: Visit, achievement: Achievement, person_uid: str) -> Any:
    """Why somebody has not earned it yet, and what became of their latest events."""
    now = visit.parts.clock.now()
    person = await registry.require(tx, person_uid)
    opening = await visit.parts.spine.open(tx)
    (standing,) = await standings(tx, opening.book, person.id, [achievement], now)
    state = await state_of(tx, opening.book, person.id, [achievement])
    entry = await present_entry(tx, opening.book, achievement, state, now)
    missing = [needed for needed in achievement.prerequisites if not state.held.get(needed)]
    names = {one.id: one.name_in(visit.organisation.language) for one in (await store.find_many(tx, missing)).values()}
    recent = await events.recent_of_person(tx, person.id, _EVENTS_EXPLAINED)
    return explain(
        opening.book,
        achievement,
        entry,
        [names[needed] for needed in missing],
        recent,
        now,
        held=standing.current is not None,
    )


HANDLERS = (show_achievement_page, change_status, delete_achievement_page)
