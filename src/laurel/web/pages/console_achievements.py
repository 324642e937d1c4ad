"""/console/achievements: what can be earned: the list, the form with the criteria builder, its dry run and its looks."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.database import jobs
from laurel.domain.achievements import definitions, store
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.definitions import Definition
from laurel.domain.achievements.model import Achievement, CredentialPlan, Criteria, Query
from laurel.domain.achievements.periods import zone
from laurel.domain.catalogue import looks
from laurel.domain.organisations import audit
from laurel.domain.record_events.backfill import BACKFILL_JOB, widen
from laurel.domain.record_events.rehearse import Rehearsal, rehearse
from laurel.web.pages import criteria_form, plan_form
from laurel.web.pages.console_designs import offered_looks
from laurel.web.pages.criteria_form import MEASURES, OPERATORS, RuleRow, Typed
from laurel.web.pages.form_values import instant, instant_text
from laurel.web.pages.level_text import levels_text, typed_levels
from laurel.web.pages.plan_form import TypedPlan
from laurel.web.pages.reward_choices import reward_choices
from laurel.web.pages.visits import Form, Visit, page

_PAGE = 30


@page("/console/achievements", needs="achievements:read")
async def list_achievement_pages(visit: Visit) -> Response[bytes]:
    """What can be earned, newest first."""
    status = visit.asked("status")
    async with visit.transaction() as tx:
        found = await store.list_newest(
            tx,
            before_id=visit.cursor(),
            limit=_PAGE + 1,
            status=status if status in {"draft", "live", "archived"} else None,
        )
        held = await awarded.count_active(tx, [one.id for one in found])
    return visit.show(
        "console/achievements.html",
        achievements=found[:_PAGE],
        held=held,
        next=visit.next_after(found, _PAGE),
        status=status,
        now=visit.parts.clock.now(),
    )


# ------------------------------------------------------------------------------------------------------------ the form
def _defaults(visit: Visit, achievement: Achievement | None) -> dict[str, str]:
    """What the form's plain fields say at first."""
    if achievement is None:
        return {
            "name": "", "description": "", "narrative": "", "status": "draft", "period": "open",
            "issues_credential": "on", "private": "", "suspendable": "", "valid_for": "", "valid_unit": "years", "image": "",
            "badge_design": "", "certificate_design": "", "skills": "", "backfill": "", "link": "", "letters": "on",
            "starts_at": "", "expires_at": "", "calendar": "organisation", "secret": "", "levels": "",
        }  # fmt: skip
    language, plan = visit.organisation.language, achievement.credential
    valid = plan.valid_years or plan.valid_days
    return {
        "name": achievement.name_in(language, language),
        "description": achievement.description_in(language, language),
        "narrative": achievement.criteria_narrative,
        "status": achievement.status,
        "period": achievement.period,
        "calendar": achievement.calendar,
        "secret": "on" if achievement.secret else "",
        "levels": levels_text(achievement.levels),
        "issues_credential": "on" if achievement.issues_credential else "",
        "private": "on" if plan.private else "",
        "suspendable": "on" if plan.suspendable else "",
        "valid_for": str(valid or ""),
        "valid_unit": "days" if plan.valid_days else "years",
        "image": achievement.image or "",
        "badge_design": plan.badge_design or "",
        "certificate_design": plan.certificate_design or "",
        "link": achievement.criteria_url or "",
        "letters": "on" if plan.letters else "",
        "starts_at": instant_text(achievement.starts_at, zone(visit.organisation.time_zone)),
        "expires_at": instant_text(achievement.expires_at, zone(visit.organisation.time_zone)),
        "skills": ", ".join(achievement.tags),
        "backfill": "",
    }


async def _show_form(
    visit: Visit,
    achievement: Achievement | None,
    rules: Typed,
    plan: TypedPlan,
    *,
    values: dict[str, str],
    error: LaurelError | None = None,
    rehearsal: Rehearsal | None = None,
) -> Response[bytes]:
    async with visit.transaction() as tx:
        plan_choices = await reward_choices(tx, visit, tuple(line.reward for line in plan.lines))
        badges = await offered_looks(tx, visit.organisation, "badge")
        certificates = await offered_looks(tx, visit.organisation, "certificate")
    return visit.show(
        "console/achievement_form.html",
        error=error,
        achievement=achievement,
        values=values,
        rules=rules,
        plan=plan,
        plan_choices=plan_choices,
        rehearsal=rehearsal,
        trouble=None,
        once=visit.form.get("once") or visit.new_once(),
        badges=badges,
        certificates=certificates,
        measures=MEASURES,
        operators=OPERATORS,
    )


def _typed_values(form: Form, defaults: dict[str, str]) -> dict[str, str]:
    return {name: form.get(name) for name in defaults}


def _definition(visit: Visit, rules: tuple[list[Query], Criteria | None], old: Achievement | None) -> Definition:
    """What the form says, as the domain takes it. Raises Invalid naming the form's field."""
    form, language = visit.form, visit.organisation.language
    if not form.get("name"):
        raise Invalid("give it a name", field="name")
    queries, criteria = rules
    status: Any = form.get("status") or "draft"
    return Definition(
        names={**(old.names if old else {}), language: form.get("name")},
        descriptions={**(old.descriptions if old else {}), language: form.get("description")},
        status=status if status in {"draft", "live", "archived"} else "draft",
        period=_period(form),
        calendar="person" if form.get("calendar") == "person" else "organisation",
        secret=form.ticked("secret"),
        levels=typed_levels(form.get("levels"), old.levels if old else None),
        queries=queries,
        criteria=criteria,
        rewards=plan_form.parsed(plan_form.typed(form), old.rewards if old else None),
        issues_credential=form.ticked("issues_credential"),
        credential=_plan(form, old),
        starts_at=_instant(visit, "starts_at", old.starts_at if old else None),
        expires_at=_instant(visit, "expires_at", old.expires_at if old else None),
        criteria_url=_link(form),
        criteria_narrative=form.get("narrative"),
        image=form.get("image") or None,
        tags=[skill for part in form.get("skills").split(",") if (skill := part.strip())],
    )


def _period(form: Form) -> Any:
    period = form.get("period") or "open"
    if period not in {"open", "daily", "weekly", "monthly", "yearly"}:
        raise Invalid("there is no such period", field="period", value=period[:50])
    return period


def _instant(visit: Visit, name: str, old: datetime | None) -> datetime | None:
    """What a field of date and time says; one that was not touched keeps its seconds. Raises Invalid."""
    local = zone(visit.organisation.time_zone)
    return old if visit.form.get(name) == instant_text(old, local) else instant(visit.form, name, local)


def _link(form: Form) -> str | None:
    link = form.get("link")
    if link and not link.startswith(("https://", "http://")):
        raise Invalid("write a web address that begins with https://", field="link", value=link[:100])
    return link or None


def _plan(form: Form, old: Achievement | None) -> CredentialPlan:
    text, unit = form.get("valid_for"), form.get("valid_unit")
    if text and not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid("say a whole number, or nothing when it is valid for ever", field="valid_for", value=text[:50])
    count = int(text) if text else None
    return msgspec.structs.replace(
        old.credential if old else CredentialPlan(),
        valid_days=count if unit == "days" else None,
        valid_years=count if unit != "days" else None,
        badge_design=form.get("badge_design") or None,
        certificate_design=form.get("certificate_design") or None,
        private=form.ticked("private"),
        suspendable=form.ticked("suspendable"),
        letters=form.ticked("letters"),
    )


def _at_form(error: LaurelError) -> LaurelError:
    """The refusal at the field of this form that it is about."""
    field = error.field or ""
    for start, name in (
        ("names", "name"), ("descriptions", "description"), ("criteria_narrative", "narrative"), ("tags", "skills"),
        ("credential.valid", "valid_for"), ("criteria_url", "link"), ("criteria", "rules"), ("queries", "rules"),
        ("levels", "levels"),
    ):  # fmt: skip
        if field.startswith(start):
            error.field = name
            break
    return error


@page("/console/achievements/new", needs="achievements:write")
async def show_new_achievement(visit: Visit) -> Response[bytes]:
    """An empty form."""
    return await _show_form(visit, None, Typed([RuleRow()], "and"), TypedPlan(), values=_defaults(visit, None))


@page("/console/achievements/new", needs="achievements:write", post=True)
async def make_achievement(visit: Visit) -> Response[bytes]:
    """Define it; or show the form again with a rule more, a mistake or a dry run."""
    return await _take(visit, None)


@page("/console/achievements/{achievement:str}/edit", needs="achievements:write")
async def show_achievement_form(visit: Visit) -> Response[bytes]:
    """The form as it stands."""
    async with visit.transaction() as tx:
        achievement = await definitions.require(tx, visit.path("achievement"))
    rules, plan = criteria_form.shown(achievement), plan_form.shown(achievement.rewards)
    return await _show_form(visit, achievement, rules, plan, values=_defaults(visit, achievement))


@page("/console/achievements/{achievement:str}/edit", needs="achievements:write", post=True)
async def change_achievement_page(visit: Visit) -> Response[bytes]:
    """Change it."""
    async with visit.transaction() as tx:
        achievement = await definitions.require(tx, visit.path("achievement"))
    return await _take(visit, achievement)


async def _take(visit: Visit, old: Achievement | None) -> Response[bytes]:
    form, rules, plan = visit.form, criteria_form.typed(visit.form), plan_form.typed(visit.form)
    values = _typed_values(form, _defaults(visit, old))
    rehearsal = None
    try:
        if form.get("change") == "try":
            rehearsal = await _rehearse(visit, rules)
        elif not form.get("change"):
            return await _save(visit, old, _definition(visit, criteria_form.parsed(rules), old))
    except LaurelError as refused:
        refused = plan_form.at_form(_at_form(refused), plan)
        return await _show_form(visit, old, rules, plan, values=values, error=refused)
    return await _show_form(visit, old, rules, plan, values=values, rehearsal=rehearsal)


async def _save(visit: Visit, old: Achievement | None, definition: Definition) -> Response[bytes]:
    now, caller = visit.parts.clock.now(), visit.caller
    async with visit.transaction() as tx:
        if isinstance(definition.credential, CredentialPlan):
            await looks.check(tx, definition.credential.badge_design, "badge", "badge_design")
            await looks.check(tx, definition.credential.certificate_design, "certificate", "certificate_design")
        if old is None:
            uid = visit.once()
            saved = await store.find_by_uid(tx, uid)
            if saved is None:
                saved = await definitions.create(tx, definition, actor=caller.actor, now=now, uid=uid)
                await audit.record(
                    tx, at=now, by=caller, action="achievement.create", subject=("achievement", saved.uid)
                )
        else:
            saved = await definitions.change(tx, old, definition, actor=caller.actor, now=now)
            await audit.record(tx, at=now, by=caller, action="achievement.change", subject=("achievement", saved.uid))
        if visit.form.ticked("backfill") and saved.status == "live" and saved.criteria is not None:
            saved = await widen(tx, saved, None, now)
            await jobs.enqueue(tx, BACKFILL_JOB, {"achievement_id": saved.id, "quiet": False})
    return visit.to(f"/console/achievements/{saved.uid}", "Saved.")


async def _rehearse(visit: Visit, rules: Typed) -> Rehearsal:
    queries, criteria = criteria_form.parsed(rules)
    if criteria is None:
        raise Invalid("say which event counts, then see what would have happened", field="rules")
    definition = Definition(names={"en": "rehearsal"}, queries=queries, criteria=criteria, period=_period(visit.form))
    async with visit.transaction() as tx:
        calendar = (await visit.parts.spine.open(tx)).book.calendar
        return await rehearse(tx, definition, calendar=calendar, now=visit.parts.clock.now())


@page("/console/achievements/dry-run", needs="achievements:write", post=True)
async def show_dry_run(visit: Visit) -> Response[bytes]:
    """The live part of the form: what the rules would have done so far."""
    rehearsal, trouble = None, None
    try:
        rehearsal = await _rehearse(visit, criteria_form.typed(visit.form))
    except LaurelError as refused:
        trouble = refused.message
    return visit.show("console/dry_run.html", rehearsal=rehearsal, trouble=trouble)


@page("/console/achievements/rules", needs="achievements:write", post=True)
async def show_rules(visit: Visit) -> Response[bytes]:
    """The rows of the form, with one more or less."""
    rules = criteria_form.typed(visit.form)
    return visit.show("console/rules.html", rules=rules, measures=MEASURES, operators=OPERATORS)


@page("/console/achievements/look", needs="achievements:write", post=True)
async def show_look(visit: Visit) -> Response[bytes]:
    """The live part of the form: the chosen badge and certificate with what is typed on them."""
    return visit.show("console/look.html", values=_typed_values(visit.form, _defaults(visit, None)))


HANDLERS = (
    list_achievement_pages,
    show_new_achievement,
    make_achievement,
    show_achievement_form,
    change_achievement_page,
    show_dry_run,
    show_rules,
    show_look,
)
