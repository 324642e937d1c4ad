"""How a credential is answered: in full, and as the flat row of the new search."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from laurel.base.times import render_time
from laurel.domain.achievements.model import Achievement
from laurel.domain.catalogue import store as catalogue
from laurel.domain.catalogue.model import Outline
from laurel.domain.credentials.model import Credential
from laurel.domain.designs import store as designs
from laurel.domain.organisations.model import Organisation
from laurel.domain.register.activities import store as activities
from laurel.domain.register.activity import OPENED_BY_RECIPIENT, VIEWED
from laurel.web.dialects.accredible.calls import Desk, details_of
from laurel.web.dialects.accredible.group_view import designs_set, group_name, public_name
from laurel.web.dialects.accredible.spelling import show_day, show_encoded_id


class Shown(NamedTuple):
    """A credential with what its answer needs besides."""

    credential: Credential
    achievement: Achievement | Outline


async def with_achievements(desk: Desk, credentials: list[Credential]) -> list[Shown]:
    """Credentials with their achievements, deleted ones too."""
    known = await catalogue.outlines(desk.tx, sorted({credential.achievement_id for credential in credentials}))
    return [Shown(credential, known[credential.achievement_id]) for credential in credentials]


def approved(credential: Credential) -> bool:
    """Whether it is published and stands."""
    return credential.published_at is not None and credential.state != "revoked"


def page_address(public_url: str, credential: Credential) -> str:
    """The public page; that of a private credential with its key, since whoever is answered here may share it."""
    return f"{public_url}/c/{credential.uid}{_key(credential)}"


def show_credential(public_url: str, organisation: Organisation, shown: Shown) -> dict[str, Any]:
    """A credential in full. `unpublished_reason` and `revoke_reason` are additions of ours."""
    credential, achievement = shown
    fields, extra, group = credential.fields, details_of(credential), details_of(achievement)
    has_badge, has_certificate = designs_set(achievement)
    images = f"{public_url}/v1/frontend"
    name = f"{credential.uid}{_key(credential)}"
    is_approved = approved(credential)
    return {
        "id": credential.id,
        "uuid": credential.uid,
        "encoded_id": show_encoded_id(credential.id),
        "accredible_internal_id": credential.id,
        "license_id": credential.license_id,
        "name": fields["name"],
        "description": fields["description"],
        "approve": is_approved,
        "unpublished_reason": None if is_approved else _why_not(credential, extra),
        "revoked_at": None if credential.revoked_at is None else render_time(credential.revoked_at),
        "revoke_reason": credential.revoke_reason,
        "grade": extra.get("grade"),
        "complete": extra.get("complete", True),
        "issued_on": show_day(credential.issued_on),
        "expired_on": show_day(credential.expires_at),
        "allow_supplemental_references": extra.get("allow_supplemental_references", True),
        "allow_supplemental_evidence": extra.get("allow_supplemental_evidence", True),
        "course_link": extra.get("course_link") or group.get("course_link"),
        "custom_attributes": fields.get("custom") or {},
        "custom_attibutes": fields.get("custom") or {},
        "private": credential.private,
        "group_name": group_name(achievement),
        "group_id": achievement.id,
        "url": page_address(public_url, credential),
        "seo_image": f"{images}/credential_seo_image/{name}",
        "certificate": {
            "image": {
                "preview": f"{images}/credential_website_embed_image/certificate/{name}" if has_certificate else None
            }
        },
        "badge": {"image": {"preview": f"{images}/credential_badge_image/{name}" if has_badge else None}},
        "recipient": {
            "name": fields["recipient_name"],
            "email": fields.get("recipient_email"),
            "phone_number": extra.get("phone_number"),
            "id": fields.get("recipient_id"),
            "meta_data": extra.get("recipient_meta_data"),
        },
        "meta_data": extra.get("meta_data"),
        "evidence_items": [show_item(item) for item in extra.get("evidence_items", [])],
        "references": extra.get("references", []),
        "issuer": show_issuer_of(organisation, public_url),
        "created_at": render_time(credential.created_at),
        "updated_at": render_time(credential.updated_at),
    }


def show_issuer_of(organisation: Organisation, public_url: str) -> dict[str, Any]:
    """The issuer as it stands in a credential."""
    return {
        "name": organisation.name,
        "description": organisation.description or None,
        "url": organisation.url or public_url,
        "id": organisation.id,
    }


def show_item(item: dict[str, Any]) -> dict[str, Any]:
    """An evidence item in the order of its documentation."""
    names = ("id", "description", "preview_image_url", "link_url", "type", "string_object", "supplemental", "position")
    return {name: item.get(name) for name in names}


async def show_rows(desk: Desk, credentials: list[Credential]) -> list[dict[str, Any]]:
    """The flat rows of the new search."""
    shown = await with_achievements(desk, credentials)
    seen = await activities.events_seen(desk.tx, [credential.id for credential in credentials])
    designs = await design_ids(desk, [achievement for _, achievement in shown])
    return [_row(desk, one, seen.get(one.credential.id, set()), designs) for one in shown]


async def design_ids(desk: Desk, shown: Sequence[Achievement | Outline]) -> dict[str, int]:
    """Integer ids of the designs that achievements name."""
    uids = {
        uid
        for achievement in shown
        for uid in (achievement.credential.badge_design, achievement.credential.certificate_design)
        if uid
    }
    if not uids:
        return {}
    return {uid: int(design.id) for uid, design in (await designs.find_by_uids(desk.tx, sorted(uids))).items()}


def _row(desk: Desk, shown: Shown, seen: set[str], designs: dict[str, int]) -> dict[str, Any]:
    credential, achievement = shown
    fields, extra, plan = credential.fields, details_of(credential), achievement.credential
    return {
        "id": credential.id,
        "encoded_id": show_encoded_id(credential.id),
        "uuid": credential.uid,
        "name": fields["name"],
        "group": {
            "id": achievement.id,
            "name": group_name(achievement),
            "course_name": public_name(achievement),
            "badge_design_id": designs.get(plan.badge_design or ""),
            "certificate_design_id": designs.get(plan.certificate_design or ""),
            "phone_number": extra.get("phone_number"),
        },
        "approve": approved(credential),
        "issued_on": show_day(credential.issued_on),
        "expired_on": show_day(credential.expires_at),
        "published_on": show_day(credential.published_at),
        "custom_attributes": fields.get("custom") or {},
        "meta_data": extra.get("meta_data"),
        "private": credential.private,
        "recipient_email": fields.get("recipient_email"),
        "recipient_name": fields["recipient_name"],
        "recipient_id": fields.get("recipient_id"),
        "recipient_meta_data": extra.get("recipient_meta_data"),
        "recipient_engaged": bool(seen),
        "recipient_opened": bool(seen & {VIEWED, OPENED_BY_RECIPIENT}),
        "grade": extra.get("grade"),
        "seo_image": f"{desk.call.public_url}/v1/frontend/credential_seo_image/{credential.uid}{_key(credential)}",
        "url": page_address(desk.call.public_url, credential),
        "created_at": render_time(credential.created_at),
        "updated_at": render_time(credential.updated_at),
        "issuer_id": desk.organisation.id,
        "license_id": credential.license_id,
    }


def _key(credential: Credential) -> str:
    return f"?key={credential.access_key}" if credential.private and credential.access_key else ""


def _why_not(credential: Credential, extra: dict[str, Any]) -> str:
    held_back: str | None = extra.get("held_back")
    if held_back:
        return held_back
    if credential.state == "revoked":
        return f"revoked: {credential.revoke_reason}"
    return "approve is false"
