"""Changes of a credential: amendments of the spine, moves to another group, published or taken back."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from laurel.base.errors import AlreadyHeld, Invalid
from laurel.base.ids import CredentialId, new_secret
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Achievement, Award
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.model import Credential
from laurel.domain.people.addressed import people_by_email
from laurel.domain.people.model import Person
from laurel.domain.record_events import award as awards
from laurel.domain.record_events.amend import amend, move
from laurel.domain.record_events.revoke import reinstate, revoke
from laurel.domain.record_events.run import Run
from laurel.domain.register import activity
from laurel.web.dialects.accredible.calls import DIALECT, Desk, details_of
from laurel.web.dialects.accredible.credential_fields import (
    awarded_at,
    ends_at,
    evidence_statements,
    extra_of,
    facet_tokens,
    fields_of,
    number_items,
)
from laurel.web.dialects.accredible.credential_groups import (
    NO_CREDITS,
    duplicate,
    groups_of,
    refused_to_publish,
    take_credits,
)
from laurel.web.dialects.accredible.credential_input import CredentialDraft
from laurel.web.dialects.accredible.credential_view import Shown, approved
from laurel.web.dialects.accredible.errors import credential_unknown
from laurel.web.dialects.accredible.group_view import public_name

UNPUBLISHED = "unpublished by the issuer"


async def locked(desk: Desk, run: Run, credential_id: CredentialId) -> tuple[Award, Credential, Achievement]:
    """A credential with its award and group, and nobody else changing it until the transaction ends."""
    credential = await credentials.find_by_id(desk.tx, credential_id)
    if credential is None:
        raise credential_unknown(str(credential_id))
    award = await awarded.lock(desk.tx, credential.award_id)
    current = await credentials.find_by_id(desk.tx, credential_id)
    if award is None or current is None:
        raise credential_unknown(str(credential_id))
    await run.load([award.person_id])
    found = await achievements.find_many(desk.tx, [award.achievement_id])
    return award, current, found[award.achievement_id]


async def change(desk: Desk, run: Run, credential_id: CredentialId, draft: CredentialDraft) -> Shown:
    """Change what the draft says, and nothing else. Raises Invalid, NotFound."""
    award, credential, group = await locked(desk, run, credential_id)
    await number_items(desk, [draft])
    award, credential, group = await _moved(desk, run, award, credential, group, draft)
    begins_at = awarded_at(draft.issued_on, run.now) if draft.issued_on else award.awarded_at
    credential = await amend(run, credential, _changes(desk, run, credential, draft, begins_at))
    if draft.issued_on:
        changes = {"awarded_at": begins_at, "updated_at": run.now}
        award = await awarded.change(desk.tx, award, changes)
    if isinstance(draft.private, bool):
        await activity.note(desk.tx, [credential], activity.PRIVACY_CHANGED, run.now)
    if isinstance(draft.approve, bool) and draft.approve != approved(credential):
        credential = await (_publish if draft.approve else _unpublish)(desk, run, award, credential, group)
    return Shown(credential, group)


async def _moved(
    desk: Desk, run: Run, award: Award, credential: Credential, group: Achievement, draft: CredentialDraft
) -> tuple[Award, Credential, Achievement]:
    """To another group or recipient, where the draft says so; the texts of a new group follow unless they are given."""
    target: Achievement | None = None
    if (draft.group_id is not UNSET and draft.group_id != group.id) or draft.group_name is not UNSET:
        target = (await groups_of(desk, [draft]))[0]
        target = None if target.id == group.id else target
    person: Person | None = None
    email = draft.recipient.email
    if isinstance(email, str) and email != credential.fields.get("recipient_email"):
        name = draft.recipient.name if isinstance(draft.recipient.name, str) else credential.fields["recipient_name"]
        person = (await people_by_email(desk.tx, {email: name}, run.now))[email]
    if target is None and person is None:
        return award, credential, group
    try:
        award, credential = await move(run, award, credential, person=person, achievement=target)
    except AlreadyHeld as held:
        raise duplicate(held) from None
    if target is not None:
        if draft.name is UNSET:
            draft.name = public_name(target)
        if draft.description is UNSET:
            language = details_of(target).get("language", "en")
            draft.description = target.description_in(language, language)
    return award, credential, target or group


def _changes(
    desk: Desk, run: Run, credential: Credential, draft: CredentialDraft, begins_at: datetime
) -> dict[str, Any]:
    """The columns that the draft changes."""
    fields = {**credential.fields, **fields_of(draft)}
    if draft.description is None:
        fields["description"] = ""
    extra = extra_of(details_of(credential), draft)
    changes: dict[str, Any] = {"fields": fields, "details": {**credential.details, DIALECT: extra}}
    changes["facets"] = list(facet_tokens(desk, fields, extra)) or None
    if draft.license_id is not UNSET:
        changes["license_id"] = draft.license_id
    if isinstance(draft.private, bool):
        changes["private"] = draft.private
        if draft.private and credential.access_key is None:
            changes["access_key"] = new_secret()
    if draft.issued_on is not UNSET:
        changes["issued_on"] = draft.issued_on or run.now.date()
    if draft.expired_on is None:
        changes["expires_at"] = None
    elif not isinstance(draft.expired_on, UnsetType):
        changes["expires_at"] = ends_at(draft.expired_on, begins_at)
    return changes


async def _publish(desk: Desk, run: Run, award: Award, credential: Credential, group: Achievement) -> Credential:
    """Publish, or say on the credential why not. What its issuer revoked stays revoked: raises Invalid."""
    extra = details_of(credential)
    if credential.published_at is not None and extra.get("held_back") != UNPUBLISHED:
        words = f"the credential was revoked: {credential.revoke_reason}"
        raise Invalid(words, field="approve", value=True)
    reason = refused_to_publish(desk, group)
    if reason is None and award.person_id not in await take_credits(desk, [award.person_id]):
        reason = NO_CREDITS
    if reason is None:
        if credential.published_at is None:
            await awards.publish(run, [(award, group)])
        else:
            await reinstate(run, award)
    return await _note_reason(desk, credential, reason)


async def _unpublish(desk: Desk, run: Run, award: Award, credential: Credential, _: Achievement) -> Credential:
    """Withdraw what was published: its award counts no longer, and its document is revoked until it is published again."""
    await revoke(run, award, UNPUBLISHED)
    return await _note_reason(desk, credential, UNPUBLISHED)


async def _note_reason(desk: Desk, credential: Credential, reason: str | None) -> Credential:
    extra = dict(details_of(credential))
    if reason is None:
        extra.pop("held_back", None)
    else:
        extra["held_back"] = reason
    return await credentials.change(desk.tx, credential, {"details": {**credential.details, DIALECT: extra}})


async def change_items(
    desk: Desk, run: Run, credential: Credential, name: str, items: list[dict[str, Any]]
) -> Credential:
    """Make these the evidence items (or references) of a locked credential."""
    extra = {**details_of(credential), name: items}
    if not items:
        del extra[name]
    changes: dict[str, Any] = {"details": {**credential.details, DIALECT: extra}}
    if name == "evidence_items":
        changes["fields"] = {**credential.fields, "evidence": evidence_statements(items)}
    return await amend(run, credential, changes)
