"""/ob2: hosted Open Badges 2.0 assertions, badge classes and profiles, for backpacks that know nothing newer."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from laurel.base.errors import NotFound
from laurel.base.times import render_time
from laurel.domain.achievements import store as achievements
from laurel.domain.credentials import composition
from laurel.domain.credentials.model import Credential, CredentialFields
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.openbadges import documents, open_badges_2
from laurel.openbadges.faults import DocumentRefused
from laurel.web.injected import InjectedParts
from laurel.web.public.credentials import find_shown, find_signed
from laurel.web.public.issuers import find_published
from laurel.web.public.negotiation import JSON_LD, published


class NoOpenBadges2(NotFound):
    """What Open Badges 2.0 demands is not there: the issuer's or the recipient's e-mail address."""

    code = "no_open_badges_2"


class _Identity(msgspec.Struct):
    salt: str = ""


class _Subject(msgspec.Struct):
    identifier: list[_Identity] = []


class _Document(msgspec.Struct):
    """What of a signed document an assertion repeats."""

    subject: _Subject = msgspec.field(name="credentialSubject")


def _base(parts: Parts) -> str:
    return f"{parts.public_url}/ob2"


def _profile(parts: Parts, organisation: Organisation) -> dict[str, Any]:
    own_id = f"{_base(parts)}/issuers/{organisation.uid}"
    profile = composition.issuer_profile(organisation, parts.issuer.addresses, own_id=own_id)
    try:
        return open_badges_2.profile_2(profile)
    except DocumentRefused as refusal:
        raise NoOpenBadges2(refusal.message, field=refusal.field) from None


@get("/ob2/assertions/{credential:str}", tags=["public"])
async def show_assertion(
    request: Request[Any, Any, Any], parts: InjectedParts, credential: FromPath[str]
) -> Response[Any]:
    """A credential as a hosted assertion; 410 with nothing but its revocation when it is revoked.

    Open Badges 2.0 knows no suspension: while one holds, the assertion is revoked, with that as the reason.
    """
    found, body, gone = await assertion_of(parts, credential, request.query_params.get("key"))
    answer = published(msgspec.json.encode(body), JSON_LD, seconds=60, private=found.private)
    answer.status_code = 410 if gone else 200
    return answer


async def assertion_of(parts: Parts, uid: str, key: str | None) -> tuple[Credential, dict[str, Any], bool]:
    """(the credential, its assertion, whether that says only that it is revoked). Raises CredentialNotFound, NotSigned,
    NoOpenBadges2.
    """
    found = await find_shown(parts, uid, key)
    own = f"{_base(parts)}/assertions/{found.uid}"
    now = parts.clock.now()
    if found.state == "revoked" or found.is_suspended_at(now):
        reason = found.revoke_reason if found.state == "revoked" else _suspension(found)
        return found, open_badges_2.revoked_assertion(id=own, reason=reason or ""), True
    signed = await find_signed(parts, uid, key)
    fields = msgspec.convert(found.fields, CredentialFields)
    if not fields.recipient_email:
        raise NoOpenBadges2("an Open Badges 2.0 recipient needs an e-mail address", field="recipient")
    async with parts.database.transaction(found.organisation_id) as tx:
        achievement = (await achievements.find_many(tx, [found.achievement_id]))[found.achievement_id]
        _profile(parts, await organisations.organisation(tx))
    identities = msgspec.json.decode(signed.document or "{}", type=_Document).subject.identifier
    assertion = open_badges_2.hosted_assertion(
        id=own,
        badge=f"{_base(parts)}/badges/{achievement.uid}",
        email=fields.recipient_email,
        salt=identities[0].salt if identities else "",
        issued=found.issued_at or found.created_at,
        expires=found.expires_at,
        image=f"{own}/badge.png",
        evidence=[item["id"] for item in fields.evidence if isinstance(item.get("id"), str)],
        narrative=fields.narrative or None,
    )
    return found, assertion, False


def _suspension(found: Credential) -> str:
    until = f" until {render_time(found.suspended_until)}" if found.suspended_until else ""
    return f"suspended{until}" + (f": {found.suspend_reason}" if found.suspend_reason else "")


@get("/ob2/badges/{achievement:str}", tags=["public"])
async def show_badge_class(parts: InjectedParts, achievement: FromPath[str]) -> Response[Any]:
    """An achievement as a badge class."""
    organisation, found = await find_published(parts, achievement)
    addresses = parts.issuer.addresses
    shown: documents.Achievement = composition.achievement_of(found, addresses, organisation.language)
    badge_class = open_badges_2.badge_class(
        shown,
        id=f"{_base(parts)}/badges/{found.uid}",
        issuer_id=_profile(parts, organisation)["id"],
        image=addresses.achievement_image(found.uid),
    )
    return published(msgspec.json.encode(badge_class), JSON_LD)


@get("/ob2/issuers/{issuer:str}", tags=["public"])
async def show_profile(parts: InjectedParts, issuer: FromPath[str]) -> Response[Any]:
    """An issuer as an Open Badges 2.0 profile."""
    organisation = await parts.issuer.find_organisation(issuer)
    return published(msgspec.json.encode(_profile(parts, organisation)), JSON_LD)


HANDLERS = (show_assertion, show_badge_class, show_profile)
