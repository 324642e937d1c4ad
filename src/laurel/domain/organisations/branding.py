"""How an organisation presents itself beyond its name: colour, who signs, the sentence in its letters. Values only."""

import re
from typing import Any

from laurel.base.errors import Invalid
from laurel.domain.organisations.model import Organisation

BRANDING = "branding"
"""The key in an organisation's settings."""
_HEX = re.compile(r"#[0-9a-f]{6}")


def branding_of(organisation: Organisation) -> dict[str, Any]:
    """Everything that the organisation has chosen."""
    branding = organisation.settings.get(BRANDING)
    return branding if isinstance(branding, dict) else {}


def checked_colour(text: str, field: str) -> str:
    """A colour as #rrggbb. Raises Invalid."""
    colour = text.strip().lower()
    if not _HEX.fullmatch(colour):
        raise Invalid(f"{field} must be a colour such as #1b6b48", field=field, value=text[:50])
    return colour


def colour_of(organisation: Organisation) -> str | None:
    """The organisation's own colour, when it has chosen one."""
    colour = branding_of(organisation).get("colour")
    return colour if isinstance(colour, str) and _HEX.fullmatch(colour) else None


def signatory_of(organisation: Organisation) -> tuple[str, str]:
    """(who signs certificates, as what); "" where nothing is said."""
    return _text(organisation, "signatory"), _text(organisation, "signatory_title")


def greeting_of(organisation: Organisation) -> str:
    """The sentence that stands in every built-in letter; "" when there is none."""
    return _text(organisation, "mail_greeting")


def _text(organisation: Organisation, name: str) -> str:
    return str(branding_of(organisation).get(name) or "")
