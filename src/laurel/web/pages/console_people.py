"""/console/people: who can earn: found, made, changed, deleted; what each has and did, and why something did not count."""

from typing import Any

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.base.limits import EXPLAIN_EVENTS_MAX, SEARCH_LENGTH_MAX, check_length
from laurel.database.pool import Transaction
from laurel.domain.achievements import definitions
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.credentials import store as credentials
from laurel.domain.erasure.erasing import erase
from laurel.domain.events import store as events
from laurel.domain.give_rewards.points import Movement, move
from laurel.domain.letters import bounces
from laurel.domain.letters import store as letters
from laurel.domain.organisations import audit
from laurel.domain.people import registry, store
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import EXTERNAL, Person
from laurel.domain.people.registry import Details
from laurel.domain.record_events.races import in_run
from laurel.domain.record_events.run import Run
from laurel.domain.rewards import store as rewards
from laurel.domain.rewards.ledger import store as ledger
from laurel.web.pages.console_achievement import explained
from laurel.web.pages.form_values import amount
from laurel.web.pages.visits import Form, Visit, page

_PAGE = 30
_LATEST_EVENTS = 20_000
_OFFERED_MAX = 300
_OWNED_MAX = 50
_MOVED_MAX = 30


@page("/console/people", needs="people:read")
async def list_people_pages(visit: Visit) -> Response[bytes]:
    """Everybody, newest first, or those whose name or address holds what was asked."""
    asked = check_length(visit.asked("q"), SEARCH_LENGTH_MAX, "q")
    async with visit.transaction() as tx:
        if asked:
            found = await store.search(tx, asked, visit.cursor(), _PAGE + 1)
        else:
            found = await store.list_newest(tx, visit.cursor(), _PAGE + 1)
    return visit.show("console/people.html", people=found[:_PAGE], next=visit.next_after(found, _PAGE), q=asked)


# ------------------------------------------------------------------------------------------------------------ the form
def _details(form: Form) -> Details:
    return Details(
        email=form.get("email") or None,
        first_name=form.get("first_name"),
        last_name=form.get("last_name"),
        display_name=form.get("display_name"),
        language=form.get("language") or None,
    )


def _identifiers(form: Form, known: dict[str, str]) -> dict[str, str]:
    others = {kind: value for kind, value in known.items() if kind != EXTERNAL}
    return {**others, EXTERNAL: form.get("external_id")} if form.get("external_id") else others


def _show_form(
    visit: Visit, person: Person | None, external_id: str, error: LaurelError | None = None
) -> Response[bytes]:
    form = visit.form
    values: dict[str, Any] = {
        name: form.get(name) if form.values else (getattr(person, name, None) or "")
        for name in ("email", "first_name", "last_name", "display_name", "language")
    }
    values["external_id"] = form.get("external_id") if form.values else external_id
    if error is not None and error.field == f"identifiers.{EXTERNAL}":
        error.field = "external_id"
    once = form.get("once") or visit.new_once()
    return visit.show("console/person_form.html", error=error, person=person, values=values, once=once)


@page("/console/people/new", needs="people:write")
async def show_new_person(visit: Visit) -> Response[bytes]:
    """An empty form."""
    return _show_form(visit, None, "")


@page("/console/people/new", needs="people:write", post=True)
async def make_person(visit: Visit) -> Response[bytes]:
    """Add somebody."""
    now = visit.parts.clock.now()
    try:
        uid = visit.once()
        async with visit.transaction() as tx:
            if await store.find_by_uid(tx, uid) is None:
                await registry.create(tx, _details(visit.form), _identifiers(visit.form, {}), now=now, uid=uid)
                await audit.record(tx, at=now, by=visit.caller, action="person.create", subject=("person", uid))
    except LaurelError as refused:
        return _show_form(visit, None, "", refused)
    return visit.to(f"/console/people/{uid}", "Saved.")


@page("/console/people/{person:str}/edit", needs="people:write")
async def show_person_form(visit: Visit) -> Response[bytes]:
    """The form as it stands."""
    async with visit.transaction() as tx:
        person = await registry.require(tx, visit.path("person"))
        known = (await known_as.of_people(tx, [person.id])).get(person.id, {})
    return _show_form(visit, person, known.get(EXTERNAL, ""))


@page("/console/people/{person:str}/edit", needs="people:write", post=True)
async def change_person_page(visit: Visit) -> Response[bytes]:
    """Change somebody."""
    now = visit.parts.clock.now()
    async with visit.transaction() as tx:
        person = await registry.require(tx, visit.path("person"))
        known = (await known_as.of_people(tx, [person.id])).get(person.id, {})
    try:
        async with visit.transaction() as tx:
            identifiers = _identifiers(visit.form, known)
            await registry.change(tx, person, _details(visit.form), now=now, identifiers=identifiers)
            await audit.record(tx, at=now, by=visit.caller, action="person.change", subject=("person", person.uid))
    except LaurelError as refused:
        return _show_form(visit, person, "", refused)
    return visit.to(f"/console/people/{person.uid}", "Saved.")


@page("/console/people/{person:str}/delete", needs="people:write", post=True)
async def delete_person_page(visit: Visit) -> Response[bytes]:
    """Take somebody away; what was earned stays."""
    now = visit.parts.clock.now()
    async with visit.transaction() as tx:
        person = await registry.require(tx, visit.path("person"))
        await registry.delete(tx, person, now=now)
        await audit.record(tx, at=now, by=visit.caller, action="person.delete", subject=("person", person.uid))
    return visit.to("/console/people", "The person is deleted; their credentials stay.")


@page("/console/people/{person:str}/erase", needs="people:write", post=True)
async def erase_person_page(visit: Visit) -> Response[bytes]:
    """Forget somebody: the box must be ticked."""
    uid = visit.path("person")
    if not visit.form.ticked("sure"):
        return visit.to(f"/console/people/{uid}", "Nothing was erased: tick the box to say that you are sure.")

    async def work(run: Run) -> None:
        await erase(run, await registry.require(run.tx, uid), by=visit.caller)

    await in_run(visit.parts.spine, visit.organisation_id, work, quiet=True)
    return visit.to("/console/people", "The person is erased; figures about nobody stay.")


# -------------------------------------------------------------------------------------------------------------- a page
@page("/console/people/{person:str}", needs="people:read")
async def show_person_page(visit: Visit) -> Response[bytes]:
    """What somebody has, did, and owns."""
    return await _show_person(visit)


async def _show_person(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    async with visit.transaction() as tx:
        person = await registry.require(tx, visit.path("person"))
        awards = await awarded.of_person(tx, person.id, limit=100)
        owned = (await rewards.grants_of(tx, person.id))[:_OWNED_MAX]
        moved = await ledger.ledger_of(tx, person.id, None, _MOVED_MAX)
        context: dict[str, Any] = {
            "awards": awards,
            "known": await achievements.find_many(tx, sorted({award.achievement_id for award in awards})),
            "credentials": await credentials.of_awards(tx, [award.id for award in awards]),
            "events": await events.recent_of_person(tx, person.id, 30),
            "balances": [one for one in await ledger.balances(tx, [person.id]) if one[3] == 0 and one[2] == ""],
            "identifiers": (await known_as.of_people(tx, [person.id])).get(person.id, {}),
            "offered": await _live(tx),
            "bounce": await letters.find_bounce(tx, person.email) if person.email else None,
            "owned": owned,
            "owned_rewards": await rewards.find_by_ids(tx, sorted({one.reward_id for one in owned})),
            "moved": [(entry, at) for _, entry, at in moved if entry.dimension == ""],
            "once": visit.form.get("once") or visit.new_once(),
        }
    return visit.show("console/person.html", error=error, person=person, **context)


@page("/console/people/{person:str}/points", needs="rewards:write", post=True)
async def move_points(visit: Visit) -> Response[bytes]:
    """Give somebody points, or take some; twice the same form does it once."""

    async def work(run: Run) -> bool:
        person = await registry.require(run.tx, visit.path("person"))
        points = amount(visit.form, "amount")
        if not points:
            raise Invalid("say how many points", field="amount")
        reference, takes = f"console:{visit.once()}", visit.form.get("direction") == "take"
        movement = Movement(
            person_id=person.id, amount=-points if takes else points, reference=reference, actor=visit.caller.actor
        )
        moved = await move(run, movement)
        if not moved.replayed:
            details = {"unit": "points", "amount": str(movement.amount)}
            await audit.record(
                run.tx,
                at=run.now,
                by=visit.caller,
                action="ledger.move",
                subject=("person", person.uid),
                details=details,
            )
        return takes

    try:
        took = await in_run(visit.parts.spine, visit.organisation_id, work)
    except LaurelError as refused:
        return await _show_person(visit, refused)
    return visit.to(
        f"/console/people/{visit.path('person')}", "The points are taken." if took else "The points are given."
    )


@page("/console/people/{person:str}/bounce", needs="people:write", post=True)
async def clear_bounce_page(visit: Visit) -> Response[bytes]:
    """Let letters go to somebody's address again."""
    async with visit.transaction() as tx:
        person = await registry.require(tx, visit.path("person"))
        await bounces.clear(tx, person.email or "", by=visit.caller, now=visit.parts.clock.now())
    return visit.to(f"/console/people/{person.uid}", "Letters go to this address again.")


async def _live(tx: Transaction) -> list[Any]:
    return await achievements.list_newest(tx, before_id=None, limit=_OFFERED_MAX, status="live")


# -------------------------------------------------------------------------------------------------------------- events
@page("/console/events", needs="events:read")
async def explore_events(visit: Visit) -> Response[bytes]:
    """The latest events, of everybody or of one; with an achievement: why each did or did not count."""
    asked_person, asked_achievement = visit.asked("person"), visit.asked("achievement")
    explanation, person, trouble = None, None, ""
    async with visit.transaction() as tx:
        offered = await _live(tx)
        if asked_person:
            person = await person_asked_for(tx, asked_person)
            trouble = "" if person else "Nobody has this address, name or id."
        if person is not None:
            recorded = await events.recent_of_person(tx, person.id, EXPLAIN_EVENTS_MAX)
        else:
            recorded = await events.latest(tx, _LATEST_EVENTS, EXPLAIN_EVENTS_MAX) if not asked_person else []
        if person is not None and asked_achievement:
            wanted = await definitions.require(tx, asked_achievement)
            explanation = await explained(tx, visit, wanted, person.uid)
        known = await store.find_many(tx, sorted({event.person_id for event, _ in recorded}))
    return visit.show(
        "console/events.html",
        recorded=recorded,
        known=known,
        offered=offered,
        person=person,
        asked_person=asked_person,
        asked_achievement=asked_achievement,
        explanation=explanation,
        trouble=trouble,
        verdicts={verdict.key: verdict for verdict in explanation.events} if explanation else {},
    )


async def person_asked_for(tx: Transaction, asked: str) -> Person | None:
    """Somebody by uid, address, external id, or a part of the name."""
    text = check_length(asked, SEARCH_LENGTH_MAX, "person")
    if (person := await store.find_by_uid(tx, text)) is not None:
        return person
    found = (await known_as.ids_by_value(tx, EXTERNAL, [text])).get(text)
    if found is not None:
        return (await store.find_many(tx, [found]))[found]
    matches = await store.search(tx, text, None, 1)
    return matches[0] if matches else None


HANDLERS = (
    list_people_pages,
    show_new_person,
    make_person,
    show_person_form,
    change_person_page,
    delete_person_page,
    erase_person_page,
    show_person_page,
    clear_bounce_page,
    move_points,
    explore_events,
)
