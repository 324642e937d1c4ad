"""Endorsements: signing our own, taking in those of others once they were verified, taking them out and revoking them.

Source: Open Badges 3.0, EndorsementCredential; for what is embedded, both official schemas, which want lists.
"""

import hashlib
import json
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from laurel.base import json_text, limits
from laurel.base.errors import Forbidden, TooLarge
from laurel.base.ids import AchievementId, CredentialId, is_uid, new_uuid
from laurel.base.limits import check_length
from laurel.base.text import clean
from laurel.database.pool import Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import AchievementNotFound
from laurel.domain.credentials import store, validity
from laurel.domain.credentials.attesting import attest
from laurel.domain.credentials.composition import issuer_profile
from laurel.domain.credentials.issue import ask_to_issue
from laurel.domain.credentials.issuer import Issuer
from laurel.domain.credentials.model import Credential, CredentialNotFound
from laurel.domain.credentials.status import store as status
from laurel.domain.endorsements import store as endorsements
from laurel.domain.endorsements.model import (
    Endorsement,
    EndorsementKnown,
    EndorsementNotFound,
    EndorsementNotRevocable,
    EndorsementRefused,
    EndorsementRevoked,
    Kind,
    KindKept,
    NewEndorsement,
)
from laurel.domain.organisations import audit
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.transparency.appending import append
from laurel.domain.transparency.model import NewEntry
from laurel.openbadges import documents, status_list
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.inquiry import parse_instant
from laurel.openbadges.rdfc import Order
from laurel.openbadges.structure import issuer_of, types_of
from laurel.openbadges.verdict import Outcome, Verdict

_TROUBLE: Final = frozenset({Outcome.FAILED, Outcome.UNKNOWN})
_NAME: Final = "Endorsement"
REVOKED: Final = "endorsement.revoked"


class Place(NamedTuple):
    """An entry of a status list: the list's id, and the number in it."""

    list_id: int
    number: int


class Endorsed(msgspec.Struct, frozen=True, kw_only=True):
    """What is endorsed: the issuer, an achievement, a credential or something elsewhere; `names` are the ids it may be
    called by, ours first.
    """

    kind: KindKept
    id: int | None
    names: tuple[str, ...]
    credential: Credential | None = None


def check_speaks_for_issuer(tx: Transaction, field: str) -> None:
    """Raise Forbidden for whoever is held to a department."""
    if tx.department_id is not None:
        raise Forbidden("a key that is bound to a department cannot speak for the issuer", field=field)


async def endorsed(tx: Transaction, issuer: Issuer, kind: Kind, uid: str) -> Endorsed:
    """What is meant; `uid` counts for nothing where it is the issuer. Raises AchievementNotFound, CredentialNotFound."""
    addresses = issuer.addresses
    match kind:
        case "issuer":
            check_speaks_for_issuer(tx, "of")
            own = (await organisations.organisation(tx)).uid
            return Endorsed(kind=kind, id=None, names=(addresses.did(own), addresses.issuer(own)))
        case "achievement":
            achievement = await achievements.find_by_uid(tx, uid) if is_uid(uid) else None
            if achievement is None:
                raise AchievementNotFound("there is no such achievement", field="subject", value=uid[:50])
            return Endorsed(kind=kind, id=achievement.id, names=(addresses.achievement(uid),))
        case "credential":
            credential = await store.find_by_uid(tx, uid) if is_uid(uid) else None
            if credential is None:
                raise CredentialNotFound("there is no such credential", field="subject", value=uid[:50])
            return Endorsed(kind=kind, id=credential.id, names=(addresses.credential(uid),), credential=credential)


def elsewhere(tx: Transaction, subject: str) -> Endorsed:
    """Something of another issuer, by its address or DID. Raises Forbidden, TooLarge."""
    check_speaks_for_issuer(tx, "subject")
    check_length(subject, limits.URL_LENGTH_MAX, "subject")
    return Endorsed(kind="elsewhere", id=None, names=(subject,))


async def endorse(
    issuer: Issuer,
    tx: Transaction,
    of: Endorsed,
    *,
    comment: str | None,
    name: str | None,
    valid_until: datetime | None,
    by: Caller | str,
    now: datetime,
) -> Endorsement:
    """Sign an endorsement by the organisation, with a place in a status list, and keep it. It is in the log and in the
    audit of signatures. Raises DocumentRefused, TooLarge.
    """
    organisation = await organisations.organisation(tx)
    (places,) = await validity.set_places_aside(tx, 1, now)
    place = Place(places.id, validity.place(places.seed, places.first, places.length))
    document = documents.endorsement_document(
        documents.Endorsement(
            id=f"urn:uuid:{new_uuid()}",
            issuer=issuer_profile(organisation, issuer.addresses),
            subject_id=of.names[0],
            comment=comment,
            name=name or _NAME,
            valid_from=now.replace(microsecond=0),
            valid_until=valid_until,
            status=status_list.status_entry(issuer.addresses.status_list(places.uid), place.number),
        )
    )
    text = await attest(issuer, tx, document, kind="endorsement", now=now)
    return await _keep(tx, of, json.loads(text), text.decode(), token=False, own=True, place=place, by=by, now=now)


async def accept(
    issuer: Issuer, tx: Transaction, of: Endorsed, offered: bytes, verdict: Verdict, *, by: Caller | str, now: datetime
) -> Endorsement:
    """Keep an endorsement by somebody else. `verdict` is that of `offered`. Raises EndorsementRefused, EndorsementKnown,
    TooLarge; DocumentRefused for what cannot be put into a credential that verifiers read alike.
    """
    document = verdict.credential or {}
    _check_verdict(document, verdict)
    _check_subject(document, of)
    token = verdict.carrier == "jwt"
    if not token:
        _check_lists(document)
        document = document | {"proof": _as_list(document["proof"])}
        canonicalise(document, order=Order.PORTABLE)
    content = offered.decode().strip() if token else msgspec.json.encode(document).decode()
    organisation = await organisations.organisation(tx)
    own = issuer_of(document) == issuer.addresses.did(organisation.uid)
    return await _keep(tx, of, document, content, token=token, own=own, by=by, now=now)


async def remove(tx: Transaction, uid: str, *, by: Caller | str, now: datetime) -> None:
    """Put an endorsement into nothing new any more; a credential is signed again without it. It still verifies unless it
    was revoked. Raises EndorsementNotFound.
    """
    found = await find(tx, uid)
    await endorsements.remove(tx, found.id, now)
    if found.revoked_at is None:
        await _take_out(tx, found, now)
    await audit.record(tx, at=now, by=by, action="endorsement.remove", subject=("endorsement", found.uid))


async def revoke(tx: Transaction, uid: str, reason: str, *, by: Caller | str, now: datetime) -> Endorsement:
    """Take back an endorsement of our own: its status list and the log say so, nothing new holds it, and a credential is
    signed again without it. Raises EndorsementNotFound, EndorsementNotRevocable, EndorsementRevoked, TooLarge.
    """
    check_length(reason, limits.DESCRIPTION_LENGTH_MAX, "reason")
    found = await find(tx, uid)
    if not found.own:
        raise EndorsementNotRevocable("only who has signed it can revoke it; it can be removed", field="endorsement")
    if found.revoked_at is not None:
        raise EndorsementRevoked("the endorsement was revoked before", details={"reason": found.revoke_reason})
    revoked = await endorsements.revoke(tx, found.identity, clean(reason), now)
    lists = {one.status_list_id for one in revoked if one.status_list_id is not None}
    if not lists:
        raise EndorsementNotRevocable(
            "it was signed without a status, so that nobody would learn of it; it can be removed", field="endorsement"
        )
    for list_id in lists:
        await status.touch_status_lists(tx, list_id)
    for one in revoked:
        await _take_out(tx, one, now)
    said = {"event": REVOKED, "id": found.uid, "at": now.isoformat()}
    await append(tx, [NewEntry(REVOKED, json_text.encode(said))])
    await audit.record(tx, at=now, by=by, action="endorsement.revoke", subject=("endorsement", found.uid))
    return await find(tx, uid)


async def _take_out(tx: Transaction, gone: Endorsement, now: datetime) -> None:
    """Have the credential that it was of, if any, signed again without it."""
    if gone.kind == "credential" and gone.subject_id is not None:
        await _issue_again(tx, await store.find_by_id(tx, CredentialId(gone.subject_id)), now)


async def find(tx: Transaction, uid: str) -> Endorsement:
    """One endorsement, of something that the caller may see. Raises EndorsementNotFound."""
    found = await endorsements.find(tx, uid) if is_uid(uid) else None
    if found is None or not await _is_seen(tx, found):
        raise EndorsementNotFound("there is no such endorsement", field="endorsement", value=uid[:50])
    return found


async def _is_seen(tx: Transaction, found: Endorsement) -> bool:
    """Whether what is endorsed is there for this transaction, which may be bound to a department."""
    if found.subject_id is None:
        return tx.department_id is None
    if found.kind == "credential":
        return await store.find_by_id(tx, CredentialId(found.subject_id)) is not None
    achievement = (await achievements.find_many(tx, [AchievementId(found.subject_id)])).get(
        AchievementId(found.subject_id)
    )
    return achievement is not None and await achievements.find_by_uid(tx, achievement.uid) is not None


async def _keep(
    tx: Transaction,
    of: Endorsed,
    document: dict[str, Any],
    content: str,
    *,
    token: bool,
    own: bool,
    place: Place | None = None,
    by: Caller | str,
    now: datetime,
) -> Endorsement:
    if len(content) > limits.ENDORSEMENT_BYTES_MAX:
        limit = limits.ENDORSEMENT_BYTES_MAX
        raise TooLarge(
            f"the endorsement has {len(content)} bytes, the limit is {limit}",
            field="document",
            limit=limit,
            value=len(content),
        )
    issuer = document.get("issuer")
    name = issuer.get("name") if isinstance(issuer, dict) else None
    subject = document["credentialSubject"]
    ends = document.get("validUntil")
    endorser = issuer_of(document) or ""
    new = NewEndorsement(
        kind=of.kind,
        subject_id=of.id,
        subject=str(subject["id"]),
        identity=hashlib.sha256(f"{document.get('id')}\0{endorser}".encode("utf-8", "surrogatepass")).digest(),
        endorser=clean(endorser)[: limits.URL_LENGTH_MAX],
        endorser_name=clean(name)[: limits.NAME_LENGTH_MAX] if isinstance(name, str) else "",
        comment=clean(str(subject.get("endorsementComment") or ""))[: limits.DESCRIPTION_LENGTH_MAX],
        content=content,
        token=token,
        own=own,
        status_list_id=place.list_id if place else None,
        status_index=place.number if place else None,
        valid_until=None if ends is None else parse_instant(ends),
    )
    kept = await endorsements.insert(tx, new, now)
    if kept is None:
        raise EndorsementKnown(
            "this endorsement is kept already", field="document", value=str(document.get("id"))[:200]
        )
    if (
        of.kind != "elsewhere"
        and len(await endorsements.listed(tx, of.kind, of.id)) > limits.ENDORSEMENTS_PER_SUBJECT_MAX
    ):
        limit = limits.ENDORSEMENTS_PER_SUBJECT_MAX
        raise TooLarge(f"one thing has at most {limit} endorsements", field="subject", limit=limit)
    await _issue_again(tx, of.credential, now)
    await audit.record(tx, at=now, by=by, action="endorsement.add", subject=("endorsement", kept.uid))
    return kept


async def _issue_again(tx: Transaction, credential: Credential | None, now: datetime) -> None:
    """A credential that is signed already says it only when it is signed again."""
    if credential is not None and credential.state == "issued":
        await store.change(tx, credential, {"state": "intended", "refusal": None, "updated_at": now})
        await ask_to_issue(tx, 1)


def _check_verdict(document: dict[str, Any], verdict: Verdict) -> None:
    checks = [check for check in verdict.checks if check.outcome in _TROUBLE]
    if checks:
        told = [{"name": check.name, "detail": check.detail, "path": check.path} for check in checks]
        raise EndorsementRefused(
            f"the endorsement was not verified: {checks[0].detail}"[:500], field="document", details={"checks": told}
        )
    if "EndorsementCredential" not in types_of(document) or verdict.carrier not in {"json", "jwt"}:
        raise EndorsementRefused("an EndorsementCredential is wanted, as JSON or as a compact token", field="document")


def _check_subject(document: dict[str, Any], of: Endorsed) -> None:
    subject = document.get("credentialSubject")
    name = subject.get("id") if isinstance(subject, dict) else None
    if name not in of.names:
        raise EndorsementRefused(
            f"the endorsement is of something else: its subject must be {of.names[0]}",
            field="document.credentialSubject.id",
            value=str(name)[:200],
        )


def _check_lists(document: dict[str, Any]) -> None:
    """What both official schemas demand of an endorsement inside a credential."""
    issuer, subject = document.get("issuer"), document["credentialSubject"]
    wanted = {
        "type": isinstance(document.get("type"), list),
        "id": isinstance(document.get("id"), str),
        "name": isinstance(document.get("name"), str),
        "issuer": isinstance(issuer, dict) and isinstance(issuer.get("type"), list),
        "credentialSubject.type": isinstance(subject.get("type"), list),
        "validFrom": isinstance(document.get("validFrom"), str),
        "credentialStatus": isinstance(document.get("credentialStatus", {}), dict),
        "credentialSchema": isinstance(document.get("credentialSchema", []), list),
    }
    for name, fits in wanted.items():
        if not fits:
            raise EndorsementRefused(
                f"the schema of Open Badges 3.0 wants {name} in another form: lists of types, an issuer object, a name, "
                "one status",
                field=f"document.{name}",
            )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
