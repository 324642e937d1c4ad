"""What a credential's document says, from the snapshot of the credential and what is published about it. No I/O.

The members that differ from one credential of an achievement to the next are also given as slots, so that many are made
from one template; `compose` and `slot_values` must say the same.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from laurel.base import json_text
from laurel.base.limits import NAME_LENGTH_MAX
from laurel.base.text import clean
from laurel.domain.achievements.model import Achievement
from laurel.domain.credentials.addresses import Addresses, subject_id, suspensions_of
from laurel.domain.credentials.model import CredentialFields, Waiting
from laurel.domain.endorsements.model import Endorsement, Kind
from laurel.domain.logos.showing import image_of
from laurel.domain.organisations.model import Organisation
from laurel.openbadges import documents, status_list
from laurel.openbadges.template import Path

_WEB = ("https://", "http://")


class Making(msgspec.Struct, frozen=True):
    """A credential about to be signed, with everything that its document depends on."""

    credential: Waiting
    achievement: Achievement
    person_uid: str
    awarded_at: datetime
    valid_from: datetime
    list_url: str
    status_index: int
    salt: str
    email: str | None
    """The address that is published as a salted hash."""
    name: str | None
    """The name that is published as it is."""
    license_number: str | None
    """The issuer's own number of the credential."""
    endorsements: tuple[Endorsement, ...] = ()

    @property
    def fields(self) -> CredentialFields:
        """What it says."""
        return self.credential.fields

    @property
    def subject(self) -> str:
        """What the subject is called: the DID that a wallet proved, or a name that leads nowhere."""
        return self.credential.holder or subject_id(self.person_uid)

    @property
    def names_suspensions(self) -> bool:
        """Whether the document names its place in the list of suspensions besides that in the list of revocations."""
        return self.achievement.credential.suspendable or self.credential.suspended_at is not None


def published_email(fields: CredentialFields) -> str | None:
    """The address that is published as a salted hash."""
    return clean(fields.recipient_email).strip().lower() or None if fields.recipient_email else None


def published_name(fields: CredentialFields) -> str | None:
    """The name that is published as it is; never an address, even where that stands for a name."""
    name = clean(fields.recipient_name).strip()
    return None if not name or "@" in name or len(name) > NAME_LENGTH_MAX else name


def published_number(credential: Waiting) -> str | None:
    """The issuer's own number of the credential."""
    number = clean(credential.license_id) if credential.license_id else ""
    return number if number.strip() else None


def issuer_profile(
    organisation: Organisation,
    addresses: Addresses,
    *,
    own_id: str | None = None,
    endorsements: Sequence[Endorsement] = (),
) -> documents.Profile:
    """The issuer as its credentials name it; `own_id` instead of the DID where it stands under another name."""
    image = _web(image_of(organisation, addresses.public_url))
    return documents.Profile(
        id=own_id or addresses.did(organisation.uid),
        name=organisation.name,
        url=organisation.url or addresses.issuer(organisation.uid),
        email=organisation.email,
        description=organisation.description or None,
        image=documents.Image(id=image) if image else None,
        endorsements=_embedded(endorsements, "issuer"),
    )


def _embedded(endorsements: Sequence[Endorsement], kind: Kind) -> tuple[documents.Json, ...]:
    return tuple(json.loads(one.content) for one in endorsements if one.kind == kind and not one.token)


def with_tokens(document: documents.Json, endorsements: Sequence[Endorsement]) -> documents.Json:
    """The document as its token says it: with endorsements that are tokens themselves, for which there is no term in the
    context, so that a document with a proof cannot hold them.
    """
    said: dict[str, list[str]] = {}
    for one in endorsements:
        if one.token:
            said.setdefault(one.kind, []).append(one.content)
    if not said:
        return document
    found = dict(document)
    if "credential" in said:
        found["endorsementJwt"] = said["credential"]
    if "issuer" in said:
        found["issuer"] = found["issuer"] | {"endorsementJwt": said["issuer"]}
    if "achievement" in said:
        subject = found["credentialSubject"]
        achievement = subject["achievement"] | {"endorsementJwt": said["achievement"]}
        found["credentialSubject"] = subject | {"achievement": achievement}
    return found


def achievement_of(
    achievement: Achievement,
    addresses: Addresses,
    language: str,
    fields: CredentialFields | None = None,
    *,
    endorsements: Sequence[Endorsement] = (),
) -> documents.Achievement:
    """The achievement as published; with `fields`, as one credential says it (a snapshot of when it was intended)."""
    name = fields.name if fields else achievement.name_in(language, language)
    description = (fields.description if fields else achievement.description_in(language, language)) or name
    narrative = fields.criteria_narrative if fields else achievement.criteria_narrative
    url = _web(fields.criteria_url if fields else achievement.criteria_url)
    image = _web(fields.image if fields else achievement.image) or addresses.achievement_image(achievement.uid)
    kind = fields.achievement_type if fields else achievement.type
    own = addresses.achievement(achievement.uid)
    return documents.Achievement(
        id=own,
        name=name,
        description=description,
        criteria_narrative=narrative or (None if url else description),
        criteria_url=url,
        achievement_type=kind if kind in documents.ACHIEVEMENT_TYPES else f"ext:{kind}",
        alignments=tuple(_alignments(achievement.alignments)),
        credits_available=None if achievement.credits is None else float(achievement.credits),
        field_of_study=achievement.field_of_study,
        human_code=achievement.human_code,
        image=documents.Image(id=image),
        result_descriptions=tuple(_result_descriptions(achievement.result_descriptions, own)),
        tags=tuple(tag for tag in achievement.tags if tag.strip()),
        endorsements=_embedded(endorsements, "achievement"),
    )


def compose(making: Making, organisation: Organisation, addresses: Addresses) -> documents.Json:
    """The unsigned document. Raises DocumentRefused naming the place."""
    credential, fields = making.credential, making.fields
    identities = []
    if making.email:
        identities.append(documents.Identity(identifier=making.email, salt=making.salt))
    if making.name:
        identities.append(documents.Identity(identifier=making.name, type="name", hashed=False))
    given = making.endorsements
    achievement = achievement_of(making.achievement, addresses, organisation.language, fields, endorsements=given)
    badge = documents.Badge(
        id=addresses.credential(credential.uid),
        issuer=issuer_profile(organisation, addresses, endorsements=given),
        subject=documents.Subject(
            id=making.subject,
            identities=tuple(identities),
            credits_earned=fields.credits_earned,
            license_number=making.license_number,
            narrative=fields.narrative or None,
            results=tuple(_results(fields.results, achievement)),
        ),
        achievement=achievement,
        valid_from=making.valid_from,
        valid_until=credential.expires_at,
        awarded=making.awarded_at,
        name=fields.name,
        description=fields.description or None,
        evidence=tuple(_evidence(fields.evidence)),
        endorsements=_embedded(given, "credential"),
        status=_status(making),
    )
    return documents.badge_document(badge)


def _status(making: Making) -> documents.Json | list[documents.Json]:
    """One entry, which every schema of Open Badges allows; two only where suspensions are wanted."""
    revocation = status_list.status_entry(making.list_url, making.status_index)
    if not making.names_suspensions:
        return revocation
    suspensions = suspensions_of(making.list_url)
    return [
        revocation,
        status_list.status_entry(suspensions, making.status_index, purpose=status_list.SUSPENSION),
    ]


Shape = tuple[object, ...]


def shape_of(making: Making, organisation: Organisation) -> Shape:
    """Equal for credentials whose documents differ in nothing but their slots."""
    fields = msgspec.structs.replace(
        making.fields, recipient_name="", recipient_email=None, recipient_id=None, custom={}
    )
    return (
        organisation.id,
        organisation.updated_at,
        making.achievement.id,
        making.achievement.updated_at,
        json_text.encode(fields),
        making.email is not None,
        making.name is not None,
        making.license_number is not None,
        making.credential.expires_at is not None,
        making.list_url,
        making.names_suspensions,
        tuple(endorsement.uid for endorsement in making.endorsements),
    )


def slots_of(making: Making) -> dict[str, Path]:
    """Where the slots stand in a document of this shape."""
    slots: dict[str, Path] = {
        "id": ("id",),
        "from": ("validFrom",),
        "awarded": ("awardedDate",),
        "subject": ("credentialSubject", "id"),
    }
    if making.names_suspensions:
        slots["status"] = ("credentialStatus", 0, "id")
        slots["index"] = ("credentialStatus", 0, "statusListIndex")
        slots["suspension"] = ("credentialStatus", 1, "id")
        slots["suspension_index"] = ("credentialStatus", 1, "statusListIndex")
    else:
        slots["status"] = ("credentialStatus", "id")
        slots["index"] = ("credentialStatus", "statusListIndex")
    if making.email:
        slots["hash"] = ("credentialSubject", "identifier", 0, "identityHash")
        slots["salt"] = ("credentialSubject", "identifier", 0, "salt")
    if making.name:
        slots["name"] = ("credentialSubject", "identifier", 1 if making.email else 0, "identityHash")
    if making.license_number:
        slots["license"] = ("credentialSubject", "licenseNumber")
    if making.credential.expires_at is not None:
        slots["until"] = ("validUntil",)
    return slots


def slot_values(making: Making, addresses: Addresses) -> dict[str, str]:
    """What stands in the slots."""
    awarded = documents.render_instant(making.awarded_at)
    values = {
        "id": addresses.credential(making.credential.uid),
        "from": awarded if making.valid_from is making.awarded_at else documents.render_instant(making.valid_from),
        "awarded": awarded,
        "subject": making.subject,
        "status": f"{making.list_url}#{making.status_index}",
        "index": str(making.status_index),
    }
    if making.names_suspensions:
        values["suspension"] = f"{suspensions_of(making.list_url)}#{making.status_index}"
        values["suspension_index"] = values["index"]
    if making.email:
        values["hash"] = documents.identity_hash(making.email, making.salt)
        values["salt"] = making.salt
    if making.name:
        values["name"] = making.name
    if making.license_number:
        values["license"] = making.license_number
    if making.credential.expires_at is not None:
        values["until"] = documents.render_instant(making.credential.expires_at)
    return values


# ----------------------------------------------------------------------- lists of JSON objects, by the standard's names
def _web(url: str | None) -> str | None:
    return url if url is not None and url.startswith(_WEB) else None


def _said(entry: Mapping[str, Any], *names: str) -> str | None:
    """The first of these members that has something to say, as text."""
    for name in names:
        value = entry.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return None


def _alignments(entries: Sequence[Any]) -> list[documents.Alignment]:
    """Those that name a target by name and URL; others have no place in the standard."""
    found = []
    for entry in entries:
        name = _said(entry, "targetName", "target_name", "name") if isinstance(entry, dict) else None
        url = _web(_said(entry, "targetUrl", "target_url", "url")) if isinstance(entry, dict) else None
        if name and url:
            found.append(
                documents.Alignment(
                    target_name=name,
                    target_url=url,
                    target_code=_said(entry, "targetCode", "target_code"),
                    target_description=_said(entry, "targetDescription", "target_description"),
                    target_framework=_said(entry, "targetFramework", "target_framework"),
                    target_type=_said(entry, "targetType", "target_type"),
                )
            )
    return found


def _result_descriptions(entries: Sequence[Any], own: str) -> list[documents.ResultDescription]:
    found = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            continue
        kind = _said(entry, "resultType", "result_type") or "Result"
        values = entry.get("allowedValue", entry.get("allowed_values"))
        found.append(
            documents.ResultDescription(
                id=f"{own}#result-{number}",
                name=_said(entry, "name") or kind,
                result_type=kind if kind in documents.RESULT_TYPES else f"ext:{kind}",
                allowed_values=tuple(str(value) for value in values) if isinstance(values, list) else (),
                required_value=_said(entry, "requiredValue", "required_value"),
                value_min=_said(entry, "valueMin", "value_min"),
                value_max=_said(entry, "valueMax", "value_max"),
            )
        )
    return found


def _results(entries: Sequence[Any], achievement: documents.Achievement) -> list[documents.Result]:
    """Results; one that names a result description by its place or name refers to it."""
    known = {str(number): entry.id for number, entry in enumerate(achievement.result_descriptions)}
    known |= {entry.name: entry.id for entry in achievement.result_descriptions}
    found = []
    for entry in entries:
        if isinstance(entry, dict):
            status = _said(entry, "status")
            described = _said(entry, "resultDescription", "result_description", "name")
            found.append(
                documents.Result(
                    result_description=known.get(described or ""),
                    value=_said(entry, "value"),
                    status=status if status in documents.RESULT_STATUSES else None,
                )
            )
    return [result for result in found if result.value or result.status]


def _evidence(entries: Sequence[Any]) -> list[documents.Evidence]:
    found = []
    for entry in entries:
        if isinstance(entry, dict):
            evidence = documents.Evidence(
                id=_web(_said(entry, "id", "url")),
                name=_said(entry, "name"),
                narrative=_said(entry, "narrative"),
                description=_said(entry, "description"),
                genre=_said(entry, "genre"),
                audience=_said(entry, "audience"),
            )
            if evidence != documents.Evidence():
                found.append(evidence)
    return found
