"""Creates and changes credentials: drafts become gifts of the spine, changes become its amendments."""

from collections.abc import Sequence

from msgspec import UNSET

from laurel.base.errors import AlreadyHeld, Invalid
from laurel.domain.achievements.model import Achievement
from laurel.domain.credentials.model import Credential
from laurel.domain.people.addressed import people_by_email
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import EXTERNAL, Person
from laurel.domain.record_events import award as awards
from laurel.domain.record_events.run import Run
from laurel.web.dialects.accredible.calls import DIALECT, Desk, details_of
from laurel.web.dialects.accredible.credential_fields import (
    awarded_at,
    ends_at,
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
from laurel.web.dialects.accredible.credential_input import CredentialDraft, require_recipient
from laurel.web.dialects.accredible.credential_view import Shown
from laurel.web.dialects.accredible.group_view import public_name


async def create(desk: Desk, run: Run, drafts: Sequence[CredentialDraft]) -> list[Shown]:
    """Credentials for all drafts, in order, or none. Raises Invalid; `details["index"]` says which draft is to blame."""
    recipients = []
    groups = await groups_of(desk, drafts)
    for index, draft in enumerate(drafts):
        try:
            recipients.append(require_recipient(draft))
        except Invalid as refusal:
            refusal.details["index"] = index
            raise
    known = await people_by_email(desk.tx, dict(recipients), run.now)
    persons = [known[email] for email, _ in recipients]
    held_back = await _held_back(desk, drafts, groups, persons)
    await number_items(desk, drafts)
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


def _made(credential: Credential | None) -> Credential:
    if credential is None:
        raise AssertionError("a gift with a credential made none")
    return credential


async def _held_back(
    desk: Desk, drafts: Sequence[CredentialDraft], groups: Sequence[Achievement], persons: Sequence[Person]
) -> list[str | None]:
    """Why each credential is not published; None for those that are."""
    reasons: list[str | None] = []
    for draft, group in zip(drafts, groups, strict=True):
        if draft.approve is False:
            reasons.append("approve is false")
        else:
            reasons.append(refused_to_publish(desk, group))
    wanting = [person.id for person, reason in zip(persons, reasons, strict=True) if reason is None]
    allowed = await take_credits(desk, wanting)
    return [
        NO_CREDITS if reason is None and person.id not in allowed else reason
        for person, reason in zip(persons, reasons, strict=True)
    ]


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
    overrides = {"name": public_name(group), **fields_of(draft)}
    extra = extra_of({}, draft)
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
        expires_at=ends_at(draft.expired_on, awarded_at(issued_on, run.now)) if draft.expired_on else None,
        issued_on=issued_on,
        facets=facet_tokens(desk, overrides, extra),
        score=None if draft.grade is UNSET or draft.grade is None else str(draft.grade)[:100],
    )


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
    unnamed = {one: value for one, value in wanted.items() if EXTERNAL not in known.get(one, {})}
    await known_as.insert_many(desk.tx, EXTERNAL, unnamed)
