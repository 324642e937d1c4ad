"""What of a draft is stored with its credential: fields, what this product knows besides, what is searched for, times."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import UNSET, UnsetType

from laurel.domain.register import store as register
from laurel.domain.register.model import facet, facets_of
from laurel.web.dialects.accredible.calls import Desk
from laurel.web.dialects.accredible.credential_input import CredentialDraft, Recipient


def awarded_at(issued_on: date, now: datetime) -> datetime:
    """When the award was earned: now for today and days to come, else the beginning of that day."""
    return now if issued_on >= now.date() else _midnight(issued_on)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def ends_at(day: date, begins_at: datetime) -> datetime:
    """When a credential that expires on `day` does: as that day begins, and never before it is valid at all. One that is
    to be expired at once would otherwise have a document that cannot be signed.
    """
    return max(_midnight(day), begins_at + timedelta(seconds=1))


def fields_of(draft: CredentialDraft) -> dict[str, Any]:
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


def extra_of(old: dict[str, Any], draft: CredentialDraft) -> dict[str, Any]:
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


def facet_tokens(desk: Desk, fields: dict[str, Any], extra: dict[str, Any]) -> tuple[str, ...]:
    """What issuers find the credential by besides: the tokens of its fields and of what this product knows."""
    organisation_id = desk.organisation.id
    tokens = [
        *facets_of(organisation_id, "m", extra.get("meta_data")),
        *facets_of(organisation_id, "c", fields.get("custom")),
        *facets_of(organisation_id, "p", extra.get("recipient_meta_data")),
    ]
    if fields.get("recipient_id"):
        tokens.append(facet(organisation_id, "r", fields["recipient_id"]))
    return tuple(tokens)


async def number_items(desk: Desk, drafts: Sequence[CredentialDraft]) -> None:
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
