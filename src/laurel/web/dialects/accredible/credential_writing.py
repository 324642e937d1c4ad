"""Creates and changes credentials: drafts become gifts of the spine, changes become its amendments."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import UNSET, UnsetType

from laurel.base.errors import AlreadyHeld, Invalid
from laurel.base.ids import AchievementId, CredentialId, PersonId, new_secret
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Achievement, Award
from laurel.domain.catalogue import store as catalogue
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.model import Credential
from laurel.domain.people.addressed import people_by_email
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import EXTERNAL, Person
from laurel.domain.record_events import award as awards
from laurel.domain.record_events.amend import amend, move
from laurel.domain.record_events.revoke import reinstate, revoke
from laurel.domain.record_events.run import Run
from laurel.domain.register import activity, allowance
from laurel.domain.register import store as register
from laurel.domain.register.model import facet, facets_of
from laurel.web.dialects.accredible.calls import DIALECT, Desk, details_of
from laurel.web.dialects.accredible.credential_input import CredentialDraft, Recipient, require_recipient
from laurel.web.dialects.accredible.credential_view import Shown, approved
from laurel.web.dialects.accredible.errors import credential_unknown, invalid_fields
from laurel.web.dialects.accredible.group_view import is_publishable, public_name

SANDBOX = "the account is in sandbox mode: nothing is published"
NO_DESIGN = "the group has no design"
NO_CREDITS = "no credits are left for this year"
UNPUBLISHED = "unpublished by the issuer"
TAKEN = "has already been taken. Your group settings do not allow duplicates of this credential to be sent to the same email."


# -------------------------------------------------------------------------------------------------------------- create
async def create(desk: Desk, run: Run, drafts: Sequence[CredentialDraft]) -> list[Shown]:
    """Credentials for all drafts, in order, or none. Raises Invalid; `details["index"]` says which draft is to blame."""
    recipients = []
    groups = await _groups(desk, drafts)
    for index, draft in enumerate(drafts):
        try:
            recipients.append(require_recipient(draft))
        except Invalid as refusal:
            refusal.details["index"] = index
            raise
    known = await people_by_email(desk.tx, dict(recipients), run.now)
    persons = [known[email] for email, _ in recipients]
    held_back = await _held_back(desk, drafts, groups, persons)
    await _number_items(desk, drafts)
    department_default = await _private_departments(desk, drafts, groups)
    gifts = [
        _gift(desk, run, draft, group, person, reason, department_default)
        for draft, group, person, reason in zip(drafts, groups, persons, held_back, strict=True)
    ]
    try:
        given = await awards.give(run, gifts)
    except AlreadyHeld as held:
        raise duplicate(held) from None
    await _name_people(desk, drafts, persons)
    return [Shown(_made(one.credential), group) for one, group in zip(given, groups, strict=True)]


def duplicate(held: AlreadyHeld) -> Invalid:
    """The refusal of a second credential for one address, naming the first."""
    existing = held.details.get("credential_id")
    refusal = invalid_fields({"recipient.email": [TAKEN], "credential": [TAKEN]}, "recipient.email")
    refusal.details |= {"index": held.details.get("index", 0), "existing_credential_id": existing}
    if "credential" in held.details:
        refusal.details["existing_credential_uuid"] = held.details["credential"]
    return refusal


def _made(credential: Credential | None) -> Credential:
    if credential is None:
        raise AssertionError("a gift with a credential made none")
    return credential


async def _groups(desk: Desk, drafts: Sequence[CredentialDraft]) -> list[Achievement]:
    """The group of each draft. Raises Invalid in the words that clients know."""
    ids = sorted({draft.group_id for draft in drafts if not isinstance(draft.group_id, UnsetType)})
    known = await achievements.find_many(desk.tx, [AchievementId(one) for one in ids if 0 < one < 2**63])
    found = []
    by_name: dict[str, Achievement | None] = {}
    for index, draft in enumerate(drafts):
        group = None
        if not isinstance(draft.group_id, UnsetType):
            group = known.get(AchievementId(draft.group_id))
        elif not isinstance(draft.group_name, UnsetType):
            if draft.group_name not in by_name:
                by_name[draft.group_name] = await catalogue.find_by_title(desk.tx, draft.group_name)
            group = by_name[draft.group_name]
        if group is None or group.deleted_at is not None or not await desk.sees(group.department_id):
            value = draft.group_id if draft.group_id is not UNSET else draft.group_name
            details = {"errors": "Invalid Group", "index": index}
            shown = None if value is UNSET else value
            raise Invalid("Invalid Group", field="group_id", value=shown, details=details)
        found.append(group)
    return found


async def _held_back(
    desk: Desk, drafts: Sequence[CredentialDraft], groups: Sequence[Achievement], persons: Sequence[Person]
) -> list[str | None]:
    """Why each credential is not published; None for those that are."""
    reasons: list[str | None] = []
    for draft, group in zip(drafts, groups, strict=True):
        if draft.approve is False:
            reasons.append("approve is false")
        else:
            reasons.append(_refused_to_publish(desk, group))
    wanting = [person.id for person, reason in zip(persons, reasons, strict=True) if reason is None]
    allowed = await _take_credits(desk, wanting)
    return [
        NO_CREDITS if reason is None and person.id not in allowed else reason
        for person, reason in zip(persons, reasons, strict=True)
    ]


def _refused_to_publish(desk: Desk, group: Achievement) -> str | None:
    if desk.settings.get("sandbox_mode"):
        return SANDBOX
    return None if is_publishable(group) else NO_DESIGN


async def _take_credits(desk: Desk, people_ids: Sequence[PersonId]) -> set[PersonId]:
    limit = desk.settings.get("credits")
    if not isinstance(limit, int) or isinstance(limit, bool):
        return set(people_ids)
    return await allowance.take(desk.tx, desk.call.now.year, people_ids, limit)


async def _private_departments(
    desk: Desk, drafts: Sequence[CredentialDraft], groups: Sequence[Achievement]
) -> dict[int, bool]:
    """By group: whether its department makes credentials private, where neither credential nor group says."""
    answer: dict[int, bool] = {}
    for draft, group in zip(drafts, groups, strict=True):
        said = isinstance(draft.private, bool) or details_of(group).get("generate_private_credential") is not None
        if said or group.id in answer:
            continue
        if group.department_id is None:
            department = await desk.default_department()
        else:
            department = await desk.department(group.department_id)
        answer[group.id] = bool(details_of(department).get("generate_private_credential"))
    return answer


def _gift(
    desk: Desk,
    run: Run,
    draft: CredentialDraft,
    group: Achievement,
    person: Person,
    held_back: str | None,
    private_departments: dict[int, bool],
) -> awards.Gift:
    group_extra = details_of(group)
    if isinstance(draft.private, bool):
        private = draft.private
    elif group_extra.get("generate_private_credential") is not None:
        private = bool(group_extra["generate_private_credential"])
    else:
        private = private_departments.get(group.id, False)
    issued_on = draft.issued_on or run.now.date()
    overrides = {"name": public_name(group), **_fields(draft)}
    extra = _extra({}, draft)
    if held_back:
        extra["held_back"] = held_back
    return awards.Gift(
        person=person,
        achievement=group,
        awarded_at=awarded_at(issued_on, run.now),
        source="issuer",
        again=bool(group_extra.get("allow_duplicate_credentials")),
        published=held_back is None,
        credential=True,
        overrides=overrides,
        details={DIALECT: extra},
        license_id=draft.license_id or None,
        private=private,
        expires_at=_ends_at(draft.expired_on, awarded_at(issued_on, run.now)) if draft.expired_on else None,
        issued_on=issued_on,
        facets=_facets(desk, overrides, extra),
        score=None if draft.grade is UNSET or draft.grade is None else str(draft.grade)[:100],
    )


def awarded_at(issued_on: date, now: datetime) -> datetime:
    """When the award was earned: now for today and days to come, else the beginning of that day."""
    return now if issued_on >= now.date() else _midnight(issued_on)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _ends_at(day: date, begins_at: datetime) -> datetime:
    """When a credential that expires on `day` does: as that day begins, and never before it is valid at all. One that is
    to be expired at once would otherwise have a document that cannot be signed.
    """
    return max(_midnight(day), begins_at + timedelta(seconds=1))


def _fields(draft: CredentialDraft) -> dict[str, Any]:
    """What the draft says of the document."""
    recipient = draft.recipient
    texts = (("name", draft.name), ("description", draft.description))
    fields: dict[str, Any] = {name: value for name, value in texts if isinstance(value, str)}
    if recipient.name is not UNSET:
        fields["recipient_name"] = recipient.name
    if recipient.email is not UNSET:
        fields["recipient_email"] = recipient.email
    if recipient.id is not UNSET:
        fields["recipient_id"] = recipient.id
    if draft.custom_attributes is not UNSET:
        fields["custom"] = draft.custom_attributes
    if not isinstance(draft.evidence_items, UnsetType):
        fields["evidence"] = evidence_statements(draft.evidence_items)
    return fields


def evidence_statements(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Evidence items as the document says them."""
    statements = []
    for item in items:
        content = item.get("string_object")
        statement = {
            "id": item.get("link_url"),
            "name": (item.get("description") or "")[:200] or None,
            "narrative": content if isinstance(content, str) else None,
            "description": None if content is None or isinstance(content, str) else f"{item['type']}: {content}"[:1000],
            "genre": item.get("type"),
        }
        statements.append({name: value for name, value in statement.items() if value is not None})
    return statements


def _extra(old: dict[str, Any], draft: CredentialDraft) -> dict[str, Any]:
    """What is stored besides: the old with what the draft says; defaults are left out."""
    extra = dict(old)
    recipient: Recipient = draft.recipient
    said = {
        "course_link": draft.course_link,
        "grade": draft.grade,
        "meta_data": draft.meta_data,
        "complete": draft.complete,
        "allow_supplemental_evidence": draft.allow_supplemental_evidence,
        "allow_supplemental_references": draft.allow_supplemental_references,
        "phone_number": recipient.phone_number,
        "recipient_meta_data": recipient.meta_data,
        "evidence_items": draft.evidence_items,
        "references": draft.references,
    }
    for name, value in said.items():
        if value is UNSET:
            continue
        if value is None or value == [] or (value is True and name != "grade"):
            extra.pop(name, None)
        else:
            extra[name] = value
    return extra


def _facets(desk: Desk, fields: dict[str, Any], extra: dict[str, Any]) -> tuple[str, ...]:
    organisation_id = desk.organisation.id
    tokens = [
        *facets_of(organisation_id, "m", extra.get("meta_data")),
        *facets_of(organisation_id, "c", fields.get("custom")),
        *facets_of(organisation_id, "p", extra.get("recipient_meta_data")),
    ]
    if fields.get("recipient_id"):
        tokens.append(facet(organisation_id, "r", fields["recipient_id"]))
    return tuple(tokens)


async def _number_items(desk: Desk, drafts: Sequence[CredentialDraft]) -> None:
    """Give evidence items and references their ids and places."""
    lists = [
        found
        for draft in drafts
        for found in (draft.evidence_items, draft.references)
        if not isinstance(found, UnsetType) and found
    ]
    if not lists:
        return
    numbers = iter(await register.next_item_ids(desk.tx, sum(len(items) for items in lists)))
    for items in lists:
        for position, item in enumerate(items):
            item["id"] = next(numbers)
            item.setdefault("position", position)


async def _name_people(desk: Desk, drafts: Sequence[CredentialDraft], persons: Sequence[Person]) -> None:
    """Note the issuer's own ids of people as theirs, where both are free."""
    wanted = {
        person.id: draft.recipient.id
        for draft, person in zip(drafts, persons, strict=True)
        if isinstance(draft.recipient.id, str)
    }
    if not wanted:
        return
    known = await known_as.of_people(desk.tx, sorted(wanted))
    for person_id, value in sorted(wanted.items()):
        if EXTERNAL not in known.get(person_id, {}):
            await known_as.insert(desk.tx, person_id, EXTERNAL, value)


# -------------------------------------------------------------------------------------------------------------- change
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
    await _number_items(desk, [draft])
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
        target = (await _groups(desk, [draft]))[0]
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
    fields = {**credential.fields, **_fields(draft)}
    if draft.description is None:
        fields["description"] = ""
    extra = _extra(details_of(credential), draft)
    changes: dict[str, Any] = {"fields": fields, "details": {**credential.details, DIALECT: extra}}
    changes["facets"] = list(_facets(desk, fields, extra)) or None
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
        changes["expires_at"] = _ends_at(draft.expired_on, begins_at)
    return changes


async def _publish(desk: Desk, run: Run, award: Award, credential: Credential, group: Achievement) -> Credential:
    """Publish, or say on the credential why not. What its issuer revoked stays revoked: raises Invalid."""
    extra = details_of(credential)
    if credential.published_at is not None and extra.get("held_back") != UNPUBLISHED:
        words = f"the credential was revoked: {credential.revoke_reason}"
        raise Invalid(words, field="approve", value=True)
    reason = _refused_to_publish(desk, group)
    if reason is None and award.person_id not in await _take_credits(desk, [award.person_id]):
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
