"""/console/experience: what events pay in XP, how XP becomes levels, what makes a streak."""

from decimal import Decimal

from litestar import Response

from laurel.base.errors import Invalid, LaurelError
from laurel.domain.achievements import store as achievements
from laurel.domain.organisations import audit
from laurel.domain.organisations import store as organisations
from laurel.domain.rewards import experience
from laurel.domain.rewards.experience import LevelPlan, NewXpRule, XpRule
from laurel.domain.rewards.ledger import store as ledger
from laurel.domain.streaks import store as streaks
from laurel.domain.streaks import streak_rules
from laurel.web.pages.form_values import amount, whole
from laurel.web.pages.plan_form import total_of, with_total
from laurel.web.pages.visits import Visit, page


async def _show(visit: Visit, error: LaurelError | None = None) -> Response[bytes]:
    async with visit.transaction() as tx:
        rules = [XpRule.from_row(row) for row in await ledger.xp_rules(tx)]
        plan = experience.levels_of(await organisations.organisation(tx))
        kept = await streaks.rules(tx)
    return visit.show(
        "console/experience.html",
        error=error,
        rules=rules,
        xp_of=total_of,
        plan=plan,
        targets=experience.level_targets(plan),
        streak=next((one for one in kept if not one.department_id), None),
        others=[one for one in kept if one.department_id],
    )


@page("/console/experience", needs="rewards:read")
async def show_experience(visit: Visit) -> Response[bytes]:
    """The rules as they stand."""
    return await _show(visit)


@page("/console/experience", needs="rewards:write", post=True)
async def change_experience(visit: Visit) -> Response[bytes]:
    """Save a rule of XP, the levels, or the streaks."""
    change = visit.form.get("change")
    try:
        match change:
            case "rule":
                await _save_rule(visit)
            case "levels":
                await _save_levels(visit)
            case "streak":
                await _save_streak(visit)
            case _:
                raise Invalid("there is no such change", field="change", value=change[:50])
    except LaurelError as refused:
        refused.field = _AT_FORM.get((refused.field or "").split("[")[0].rpartition(".")[2], refused.field)
        return await _show(visit, refused)
    return visit.to("/console/experience", "Saved.")


_AT_FORM = {
    "eventCategory": "category", "eventSubCategory": "sub_category", "target": "target", "highest": "highest",
    "sub_categories": "sub_categories", "names": "names", "xpConfigs": "category",
}  # fmt: skip


async def _save_rule(visit: Visit) -> None:
    form, now = visit.form, visit.parts.clock.now()
    if not form.get("category"):
        raise Invalid("say which events", field="category")
    total = amount(form, "total")
    if total is None:
        raise Invalid("say how much XP, or 0 for none", field="total")
    async with visit.transaction() as tx:
        known = [XpRule.from_row(row) for row in await ledger.xp_rules(tx)]
        same = (form.get("category"), form.get("sub_category"))
        before = next((one.amounts for one in known if (one.category, one.sub_category) == same), {})
        amounts = with_total(before, total) if total else dict.fromkeys(before, Decimal(0))
        await experience.set_rules(tx, [NewXpRule(*same, form.get("description"), amounts)], now=now)
        await achievements.bump_rules(tx)
        await audit.record(tx, at=now, by=visit.caller, action="xp_rule.change", subject=("xp_rule", "/".join(same)))


async def _save_levels(visit: Visit) -> None:
    form, now = visit.form, visit.parts.clock.now()
    highest = whole(form, "highest", least=1)
    if highest is None:
        raise Invalid("say how many levels there are", field="highest")
    async with visit.transaction() as tx:
        await experience.set_levels(tx, LevelPlan(form.get("target"), highest), now=now)
        await audit.record(
            tx, at=now, by=visit.caller, action="levels.change", subject=("organisation", visit.organisation.uid)
        )


async def _save_streak(visit: Visit) -> None:
    form, now = visit.form, visit.parts.clock.now()
    changes = {
        "enabled": form.ticked("enabled"),
        "sub_categories": _parts(form.get("sub_categories")),
        "names": _parts(form.get("names")),
        "freezes_max": whole(form, "freezes_max") or 0,
        "freeze_every": whole(form, "freeze_every") or 0,
    }
    async with visit.transaction() as tx:
        rule = await streak_rules.set_rule(tx, 0, changes, actor=visit.caller.actor, now=now)
        await audit.record(tx, at=now, by=visit.caller, action="streak_rule.change", subject=("streak_rule", rule.uid))


def _parts(text: str) -> list[str]:
    return [part for piece in text.split(",") if (part := piece.strip())]


HANDLERS = (show_experience, change_experience)
