"""How a group is answered: an achievement in this product's words."""

from collections.abc import Sequence
from typing import Any

from laurel.base.times import render_time
from laurel.domain.achievements.model import Achievement
from laurel.domain.catalogue import store as catalogue
from laurel.domain.catalogue.model import SKILL_CATEGORIES, Outline
from laurel.domain.designs import store as designs
from laurel.domain.designs.model import StoredDesign
from laurel.web.dialects.accredible.calls import Desk, details_of

TITLE = "internal_name"
"""The key in an achievement's details of the name that only its issuer sees."""
_CATEGORIES = {category.id: category.name for category in SKILL_CATEGORIES}


def public_name(achievement: Achievement | Outline) -> str:
    """What is achieved, in the group's language."""
    language = details_of(achievement).get("language", "en")
    return achievement.name_in(language, language)


def group_name(achievement: Achievement | Outline) -> str:
    """What the issuer calls the group; the public name of one that was made elsewhere."""
    title: str | None = achievement.details.get(TITLE)
    return title or public_name(achievement)


def designs_set(achievement: Achievement | Outline) -> tuple[bool, bool]:
    """(has a badge, has a certificate). What was made on another surface looks like the defaults of both kinds."""
    plan = achievement.credential
    if plan.badge_design is None and plan.certificate_design is None and not details_of(achievement):
        return True, True
    return plan.badge_design is not None, plan.certificate_design is not None


def is_publishable(achievement: Achievement | Outline) -> bool:
    """Whether credentials of the group can be published: it has a design."""
    return any(designs_set(achievement))


async def show_groups(desk: Desk, shown: Sequence[Achievement], *, collections: bool = True) -> list[dict[str, Any]]:
    """Groups as they are answered."""
    uids = {
        uid
        for achievement in shown
        for uid in (achievement.credential.badge_design, achievement.credential.certificate_design)
        if uid
    }
    known = await designs.find_by_uids(desk.tx, sorted(uids)) if uids else {}
    members = await catalogue.collections_of(desk.tx, [one.id for one in shown]) if collections and shown else {}
    default = (await desk.default_department()).id
    rows = []
    for achievement in shown:
        row = _show_group(achievement, known, default)
        if collections:
            row["collections"] = [
                {"id": uuid, "name": name, "description": text} for uuid, name, text in members.get(achievement.id, [])
            ]
        rows.append(row)
    return rows


def _show_group(achievement: Achievement, known: dict[str, StoredDesign], default: int) -> dict[str, Any]:
    extra, plan = details_of(achievement), achievement.credential
    badge = known.get(plan.badge_design or "")
    certificate = known.get(plan.certificate_design or "")
    primary = badge or certificate
    category = extra.get("skill_category_id")
    return {
        "id": achievement.id,
        "name": group_name(achievement),
        "course_name": public_name(achievement),
        "course_description": achievement.description_in(extra.get("language", "en"), extra.get("language", "en")),
        "course_link": extra.get("course_link"),
        "language": extra.get("language", "en"),
        "attach_pdf": extra.get("attach_pdf", False),
        "created_at": render_time(achievement.created_at),
        "updated_at": render_time(achievement.updated_at),
        "certificate_design_id": certificate and certificate.id,
        "badge_design_id": badge and badge.id,
        "primary_design_id": primary and primary.id,
        "design_id": certificate and certificate.id,
        "design_name": primary and primary.name,
        "meta_data": extra.get("meta_data"),
        "learning_outcomes": extra.get("learning_outcomes"),
        "department_id": achievement.department_id or default,
        "blockchain": extra.get("blockchain", False),
        "generate_private_credential": extra.get("generate_private_credential"),
        "auto_expiry": plan.valid_years,
        "signup_url": extra.get("signup_url"),
        "signup_url_show": extra.get("signup_url_show", False),
        "course_link_show": extra.get("course_link_show", False),
        "organization_link_show": extra.get("organization_link_show", False),
        "skill_category": {"id": category, "name": _CATEGORIES[category]} if category in _CATEGORIES else None,
        "achievement_type": extra.get("achievement_type"),
        "earning_criteria": extra.get("earning_criteria", []),
    }
