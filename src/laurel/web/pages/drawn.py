"""What is drawn for a credential: which design, and what fills it in. Drawing and keeping is `domain.designs.drawing`."""

from laurel.database.pool import Transaction
from laurel.domain.achievements.model import Achievement
from laurel.domain.credentials.model import Credential
from laurel.domain.credentials.pictures import design_of
from laurel.domain.designs.model import DesignKind
from laurel.domain.organisations.model import Organisation
from laurel.rendering import Design, Fields, builtin_designs, with_colours
from laurel.web.pages.colours import colour_of
from laurel.web.pages.languages import dated

BADGES = ("badge-meridian", "badge-bastion", "badge-prism", "badge-olympia", "badge-orbit")
CERTIFICATES = (
    "certificate-sterling-a4-landscape",
    "certificate-conservatory-a4-landscape",
    "certificate-atelier-a4-portrait",
    "certificate-horizon-us-letter-landscape",
    "certificate-chancery-us-letter-portrait",
)


def fields_of(credential: Credential, organisation: Organisation, public_url: str, language: str) -> Fields:
    """What fills in a design for this credential."""
    said = credential.fields
    values = {
        "recipient.name": said["recipient_name"],
        "achievement.name": said["name"],
        "achievement.description": said["description"],
        "credential.issued_on": dated(credential.issued_on, language),
        "credential.expired_on": dated(credential.expires_at.date(), language) if credential.expires_at else "",
        "credential.url": f"{public_url}/c/{credential.uid}",
        "credential.id": credential.uid,
        "issuer.name": organisation.name,
        "issuer.url": organisation.url or "",
    }
    signatory = organisation.settings.get("branding", {})
    for name in ("signatory", "signatory_title"):
        values[f"issuer.{name}"] = str(signatory.get(name) or "") if isinstance(signatory, dict) else ""
    for key, value in (said.get("custom") or {}).items():
        values[f"custom.{key}"] = str(value)[:500]
    return Fields(values={name: value[:1_900] for name, value in values.items()}, language=language)


async def design_for(tx: Transaction, achievement: Achievement, kind: DesignKind, organisation: Organisation) -> Design:
    """The design of an achievement's badge or certificate; a built-in one is in the organisation's colour."""
    design = await design_of(tx, achievement, kind)
    return in_colours(design, organisation) if design in builtin_designs().values() else design


def in_colours(design: Design, organisation: Organisation) -> Design:
    """A built-in design with the organisation's colour in the place of its own."""
    colour = colour_of(organisation)
    return with_colours(design, {"primary": colour}) if colour else design
