"""The words: a person and the ways to refer to one. No I/O."""

from datetime import datetime
from typing import Any

import msgspec

from laurel.base.errors import Conflict, Invalid, NotFound
from laurel.base.ids import OrganisationId, PersonId, is_uid
from laurel.base.limits import EMAIL_LENGTH_MAX, IDENTIFIER_LENGTH_MAX, check_length
from laurel.base.text import clean, clean_email
from laurel.database.rows import Stored

EXTERNAL = "external"
"""The kind of identifier that an organisation's own systems use; dialects add kinds of their own."""


class PersonNotFound(NotFound):
    """No such person in this organisation."""

    code = "person_not_found"


class EmailTaken(Conflict):
    """Another person of the organisation has this e-mail address."""

    code = "email_taken"


class IdentifierTaken(Conflict):
    """Another person of the organisation has this identifier."""

    code = "identifier_taken"


class PersonReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to name a person: exactly one of `id` (a uid), `external_id` and `email`."""

    id: str | None = None
    external_id: str | None = None
    email: str | None = None

    def key(self, field: str) -> tuple[str, str]:
        """(kind, value) as `resolve` takes it; raises Invalid naming `field`."""
        given = [
            (kind, value)
            for kind, value in (("uid", self.id), (EXTERNAL, self.external_id), ("email", self.email))
            if value is not None
        ]
        if len(given) != 1:
            raise Invalid(f"{field} must have exactly one of id, external_id and email", field=field)
        kind, value = given[0]
        if kind == "email":
            address = clean_email(check_length(value, EMAIL_LENGTH_MAX, f"{field}.email"))
            if address is None:
                raise Invalid(f"{field}.email is not an e-mail address", field=f"{field}.email", value=value)
            return kind, address
        if kind == "uid" and not is_uid(value):
            raise Invalid(f"{field}.id must be 24 hex digits", field=f"{field}.id", value=value)
        if not value or clean(value) != value:
            raise Invalid(f"{field}.external_id is empty or has control characters", field=f"{field}.external_id")
        return kind, check_length(value, IDENTIFIER_LENGTH_MAX, f"{field}.external_id")


class Person(Stored, frozen=True):
    """Somebody who can earn. `attributes` holds what dialects store besides (plain JSON)."""

    organisation_id: OrganisationId
    id: PersonId
    uid: str
    email: str | None
    first_name: str
    last_name: str
    display_name: str
    time_zone: str | None
    language: str | None
    attributes: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None

    @property
    def full_name(self) -> str:
        """What to call them: the display name, else first and last name, else the e-mail address, else the uid."""
        return self._own_name or self.email or self.uid

    @property
    def shown_name(self) -> str:
        """What other people may read: like `full_name`, but never the e-mail address."""
        return self._own_name or self.uid

    @property
    def _own_name(self) -> str:
        return self.display_name or f"{self.first_name} {self.last_name}".strip()
