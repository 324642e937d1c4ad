"""How a credential looks: the design of its achievement, filled with what the credential says."""

from datetime import date, datetime

from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Achievement
from laurel.domain.credentials.model import Credential
from laurel.domain.designs import library
from laurel.domain.designs import store as designs
from laurel.domain.designs.model import DesignKind
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.rendering import Design, Fields, builtin_designs

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


async def picture_of(
    tx: Transaction, credential: Credential, kind: DesignKind, public_url: str
) -> tuple[Design, Fields]:
    """What is drawn for a credential; an achievement without a design of this kind looks like the default one."""
    found = await achievements.find_many(tx, [credential.achievement_id])
    achievement = found[credential.achievement_id]
    organisation = await organisations.organisation(tx)
    design = await design_of(tx, achievement, kind)
    return design, fields_shown(credential, achievement, organisation, public_url)


async def design_of(tx: Transaction, achievement: Achievement, kind: DesignKind) -> Design:
    """The design of an achievement's badge or certificate, else the organisation's, else the built-in one."""
    plan = achievement.credential
    uid = plan.badge_design if kind == "badge" else plan.certificate_design
    builtin = builtin_designs().get(uid or "")
    if builtin is not None and builtin.kind == kind:
        return builtin
    stored = (await designs.find_by_uids(tx, [uid])).get(uid) if uid else None
    if stored is None or stored.kind != kind:
        stored = (await designs.defaults(tx)).get(kind)
    return library.drawable(stored, kind)


def fields_shown(
    credential: Credential, achievement: Achievement, organisation: Organisation, public_url: str
) -> Fields:
    """The attributes that a design may name."""
    said = credential.fields
    language = organisation.language
    title = achievement.details.get("internal_name") or achievement.name_in(language, language)
    values = {
        "recipient.name": said["recipient_name"],
        "recipient.email": said.get("recipient_email") or "",
        "recipient.id": said.get("recipient_id") or "",
        "achievement.name": said["name"],
        "achievement.course_name": said["name"],
        "achievement.description": said["description"],
        "achievement.course_description": said["description"],
        "achievement.title": title,
        "credential.name": said["name"],
        "credential.description": said["description"],
        "credential.id": str(credential.id),
        "credential.uuid": credential.uid,
        "credential.issued_on": show_date(credential.issued_on, language),
        "credential.expired_on": show_date(credential.expires_at, language),
        "credential.url": f"{public_url}/c/{credential.uid}",
        "credential.license_id": credential.license_id or "",
        "issuer.name": organisation.name,
        "issuer.url": organisation.url or public_url,
    }
    custom = {
        f"custom.{name}"[:100]: str(value) for name, value in (said.get("custom") or {}).items() if value is not None
    }
    return Fields(values=values | custom, language=language)


def show_date(day: date | datetime | None, language: str) -> str:
    """A date for people: in words in English, in figures elsewhere; nothing for None."""
    if day is None:
        return ""
    if language.startswith("en"):
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day:%Y-%m-%d}"
