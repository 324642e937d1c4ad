"""How a credential looks: the design of its achievement, and the attributes that fill it in, the same on every surface.

Drawing and keeping what was drawn is `domain.designs.drawing`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from laurel.base.limits import DESIGN_TEXT_LENGTH_MAX
from laurel.base.written_dates import dated
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Achievement
from laurel.domain.credentials.model import Credential
from laurel.domain.designs import library
from laurel.domain.designs import store as designs
from laurel.domain.designs.model import DesignKind
from laurel.domain.logos import showing as logos
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.branding import colour_of, signatory_of
from laurel.domain.organisations.model import Organisation
from laurel.rendering import Design, Fields, attributes_of, builtin_designs, with_colours

LOGO = "issuer.logo"
"""The picture that designs may show."""
_CUSTOM_NAME_MAX = 100  # of what may stand in square brackets after `custom.`


class Particulars(msgspec.Struct, frozen=True, kw_only=True):
    """What a credential (or a sample of one) says, before it has the names that designs know.

    `title` is what the issuer calls the achievement among themselves. `email` stays None wherever strangers may look.
    """

    name: str
    description: str = ""
    title: str = ""
    level: str = ""
    recipient: str = ""
    recipient_id: str = ""
    email: str | None = None
    number: str = ""
    license_id: str = ""
    issued_on: date | None = None
    expired_on: date | None = None
    url: str = ""
    custom: Mapping[str, Any] = {}


def attributes(said: Particulars, organisation: Organisation, public_url: str, language: str) -> dict[str, str]:
    """Every attribute that a design or a letter may name, each cut to DESIGN_TEXT_LENGTH_MAX
    (docs/reference/design-format.md).
    """
    signatory, signatory_title = signatory_of(organisation)
    values = {
        "recipient.name": said.recipient,
        "recipient.id": said.recipient_id,
        "achievement.name": said.name,
        "achievement.course_name": said.name,
        "achievement.description": said.description,
        "achievement.course_description": said.description,
        "achievement.title": said.title or said.name,
        "achievement.level": said.level,
        "credential.name": said.name,
        "credential.description": said.description,
        "credential.id": said.number,
        "credential.uuid": said.number,
        "credential.license_id": said.license_id,
        "credential.issued_on": dated(said.issued_on, language) if said.issued_on else "",
        "credential.expired_on": dated(said.expired_on, language) if said.expired_on else "",
        "credential.url": said.url,
        "issuer.name": organisation.name,
        "issuer.url": organisation.url or public_url,
        "issuer.signatory": signatory,
        "issuer.signatory_title": signatory_title,
    }
    if said.email is not None:
        values["recipient.email"] = said.email
    custom = {
        f"custom.{name[:_CUSTOM_NAME_MAX]}": str(value) for name, value in said.custom.items() if value is not None
    }
    return {name: value[:DESIGN_TEXT_LENGTH_MAX] for name, value in (custom | values).items()}


def particulars_of(
    credential: Credential, achievement: Achievement | None, organisation: Organisation, public_url: str, language: str
) -> Particulars:
    """What a credential says to anybody who may see it; the recipient's address is not among it."""
    said = credential.fields
    expires: datetime | None = credential.expires_at
    title = achievement and (
        achievement.details.get("internal_name") or achievement.name_in(language, organisation.language)
    )
    return Particulars(
        name=said["name"],
        description=said["description"],
        title=title or "",
        level=said.get("level") or "",
        recipient=said["recipient_name"],
        recipient_id=said.get("recipient_id") or "",
        number=credential.uid,
        license_id=credential.license_id or "",
        issued_on=credential.issued_on,
        expired_on=expires.date() if expires else None,
        url=f"{public_url}/c/{credential.uid}",
        custom=said.get("custom") or {},
    )


async def picture_of(
    tx: Transaction,
    credential: Credential,
    kind: DesignKind,
    public_url: str,
    *,
    language: str | None = None,
    for_issuer: bool = False,
) -> tuple[Design, Fields]:
    """What is drawn for a credential, and with what in it. language: the reader's, else the organisation's; for_issuer: only
    its issuer will see the picture, so that it may show the recipient's address.
    """
    achievement = (await achievements.find_many(tx, [credential.achievement_id]))[credential.achievement_id]
    organisation = await organisations.organisation(tx)
    language = language or organisation.language
    said = particulars_of(credential, achievement, organisation, public_url, language)
    if for_issuer:
        said = msgspec.structs.replace(said, email=credential.fields.get("recipient_email") or "")
    design = await _design_for(tx, achievement, kind, organisation)
    return design, await fields_for(
        tx, design, attributes(said, organisation, public_url, language), organisation, language
    )


async def unheld_picture(
    tx: Transaction, achievement: Achievement, organisation: Organisation, public_url: str, language: str
) -> tuple[Design, Fields]:
    """The badge of an achievement with nobody's name on it."""
    said = Particulars(
        name=achievement.name_in(language, organisation.language),
        description=achievement.description_in(language, organisation.language),
    )
    design = await _design_for(tx, achievement, "badge", organisation)
    return design, await fields_for(
        tx, design, attributes(said, organisation, public_url, language), organisation, language
    )


async def fields_for(
    tx: Transaction, design: Design, values: Mapping[str, str], organisation: Organisation, language: str
) -> Fields:
    """Attributes with the pictures that this design names: the organisation's logo, when it has one."""
    if organisation.logo is None or LOGO not in attributes_of(design):
        return Fields(values=values, language=language)
    found = await logos.picture(tx, organisation)
    return Fields(values=values, images={LOGO: found[0]} if found else {}, language=language)


def drawn_at(credential: Credential) -> datetime:
    """The instant that a PDF of the credential says it was made at, so that it is the same file each time."""
    return credential.created_at.replace(microsecond=0)


# --------------------------------------------------------------------------------------------------------------- design
async def _design_for(
    tx: Transaction, achievement: Achievement, kind: DesignKind, organisation: Organisation
) -> Design:
    """The design of an achievement's badge or certificate, else the organisation's, else the built-in one; a built-in one
    is in the organisation's colour.
    """
    return in_colours(await _chosen(tx, achievement, kind), organisation)


def in_colours(design: Design, organisation: Organisation) -> Design:
    """A design that is no other than a built-in one with the organisation's colour in the place of its own."""
    colour = colour_of(organisation)
    ours = colour is not None and design in builtin_designs().values()
    return with_colours(design, {"primary": colour}) if colour and ours else design


async def _chosen(tx: Transaction, achievement: Achievement, kind: DesignKind) -> Design:
    plan = achievement.credential
    uid = plan.badge_design if kind == "badge" else plan.certificate_design
    builtin = builtin_designs().get(uid or "")
    if builtin is not None and builtin.kind == kind:
        return builtin
    stored = (await designs.find_by_uids(tx, [uid])).get(uid) if uid else None
    if stored is None or stored.kind != kind:
        stored = (await designs.defaults(tx)).get(kind)
    return library.drawable(stored, kind)
