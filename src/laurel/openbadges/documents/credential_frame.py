"""What credentials of every kind have in common, in the order in which people read it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from laurel.openbadges.documents.members import NARRATIVE_MAX, Json, filled, instant_of, text_of, url_of
from laurel.openbadges.documents.profile_objects import Profile, profile_member
from laurel.openbadges.faults import DocumentRefused


class CredentialValues(msgspec.Struct, frozen=True, kw_only=True):
    """The values that every kind of credential is made from. `status` is made by status_list.

    The schemas of Open Badges 3.0 allow one status; a badge with a list of them does not declare its schema.
    """

    id: str
    issuer: Profile
    name: str | None = None
    description: str | None = None
    valid_from: datetime
    valid_until: datetime | None = None
    awarded: datetime | None = None
    status: Json | list[Json] | None = None
    declare_schema: bool = True


def credential_frame(values: CredentialValues, types: list[str], contexts: Sequence[str], subject: Json) -> Json:
    """The members that every credential has. Raises DocumentRefused naming the place."""
    if values.valid_until is not None and values.valid_until <= values.valid_from:
        raise DocumentRefused("a credential must not end before it begins", field="valid_until")
    return filled(
        {
            "@context": list(contexts),
            "id": url_of(values.id, "id"),
            "type": types,
            "name": text_of(values.name, "name"),
            "description": text_of(values.description, "description", NARRATIVE_MAX),
            "issuer": profile_member(values.issuer, "issuer"),
            "validFrom": instant_of(values.valid_from, "valid_from"),
            "validUntil": instant_of(values.valid_until, "valid_until"),
            "awardedDate": instant_of(values.awarded, "awarded"),
            "credentialSubject": subject,
            "credentialStatus": values.status,
        }
    )


def schema_member(url: str, *, wanted: bool) -> Json:
    """The credentialSchema that a credential declares, if it does."""
    return {"credentialSchema": [{"id": url, "type": "1EdTechJsonSchemaValidator2019"}]} if wanted else {}
