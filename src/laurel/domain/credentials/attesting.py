"""Signing documents that are no award's credential: records of a person, and what an issuer's own system has composed.

The signature is in the audit like every other; the document is not stored: who asked for it has it.
"""

import asyncio
import re
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from laurel.base.errors import Invalid
from laurel.base.ids import new_uuid
from laurel.base.limits import URL_LENGTH_MAX
from laurel.database.pool import Transaction
from laurel.domain.credentials import organisation_keys
from laurel.domain.credentials.composition import issuer_profile
from laurel.domain.credentials.issuer import Issuer
from laurel.domain.credentials.keys import store as key_store
from laurel.domain.organisations import store as organisations
from laurel.domain.transparency.appending import append
from laurel.domain.transparency.model import NewEntry
from laurel.openbadges import documents, proofs, vc_jwt
from laurel.openbadges.did import method_id
from laurel.openbadges.inquiry import parse_instant
from laurel.openbadges.jsonld import CREDENTIALS_V2, OPEN_BADGES_V3
from laurel.openbadges.structure import issuer_of, listed, structural_faults, types_of

ATTESTED = "document.attested"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


class CredentialRefused(Invalid):
    """A credential that was given to be signed is not one that this issuer may sign."""

    code: ClassVar[str] = "credential_refused"


async def attest(issuer: Issuer, tx: Transaction, document: dict[str, Any], *, kind: str, now: datetime) -> bytes:
    """The document with an eddsa-rdfc-2022 proof by the organisation's key, verified before it leaves. Raises
    DocumentRefused for what verifiers would not all read alike.
    """
    organisation = await organisations.organisation(tx)
    keys = await organisation_keys.ensure(tx, issuer.keyring, now)
    public = keys.ed25519.key.public_key()
    assert isinstance(public, Ed25519PublicKey)  # noqa: S101 - what the algorithm says
    method = method_id(issuer.addresses.did(organisation.uid), public)
    created = documents.render_instant(now)
    ready = await asyncio.to_thread(proofs.prepare, document, verification_method=method, created=created)
    signature = issuer.keyring.sign_checked(keys.ed25519.key, ready)
    signed = ready.finish(signature.value)
    text = msgspec.json.encode(signed)
    await asyncio.to_thread(proofs.check_proof, signed, proofs.proofs_of(signed)[-1], public)
    audited = [(str(document.get("id")), signature.input_sha256)]
    await key_store.insert_signatures(tx, keys.ed25519.id, kind, audited, now)
    await append(tx, [NewEntry(ATTESTED, text)])
    return text


async def attest_as_token(
    issuer: Issuer, tx: Transaction, document: dict[str, Any], *, kind: str, now: datetime
) -> str:
    """The document as a compact token (VC-JWT) signed with the organisation's ES256 key, verified before it leaves. Raises
    DocumentRefused as `attest` does; ProofRejected for what a token cannot name, such as a subject without an id.
    """
    organisation = await organisations.organisation(tx)
    key = (await organisation_keys.ensure(tx, issuer.keyring, now)).es256
    kid = issuer.addresses.key(organisation.uid, key.key.uid)
    ready = await asyncio.to_thread(vc_jwt.prepare_token, document, algorithm="ES256", kid=kid)
    signature = issuer.keyring.sign_checked(key.key, ready)
    token = ready.finish(signature.value)
    vc_jwt.check_token(vc_jwt.parse_token(token), key.key.public_key())
    audited = [(str(document.get("id")), signature.input_sha256)]
    await key_store.insert_signatures(tx, key.id, kind, audited, now)
    await append(tx, [NewEntry(ATTESTED, token.encode())])
    return token


async def issue_given(issuer: Issuer, tx: Transaction, offered: dict[str, Any], now: datetime) -> bytes:
    """Sign a credential (VC 2.0) that was composed elsewhere, as this organisation: with a proof inside.

    id, issuer and validFrom are filled in where they are missing. Raises CredentialRefused naming the member, and what
    `attest` raises. It has no award: nothing here lists, revokes or shows it.
    """
    return await attest(issuer, tx, await _completed(issuer, tx, offered, now), kind="given", now=now)


async def issue_given_as_token(issuer: Issuer, tx: Transaction, offered: dict[str, Any], now: datetime) -> str:
    """As `issue_given`, in the form of a token; raises also what `attest_as_token` raises. What a token says in claims of
    its own the credential may not say for it.
    """
    for name in sorted(vc_jwt.CLAIMS & offered.keys()):
        raise CredentialRefused(f"{name} is a claim of the token, made from the credential", field=f"credential.{name}")
    return await attest_as_token(issuer, tx, await _completed(issuer, tx, offered, now), kind="given", now=now)


async def _completed(issuer: Issuer, tx: Transaction, offered: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The credential with what was missing, held against what this issuer signs."""
    organisation = await organisations.organisation(tx)
    did = issuer.addresses.did(organisation.uid)
    document = dict(offered)
    _check_form(document, issuer.addresses.public_url)
    if "issuer" not in document:
        profile = documents.profile_object(issuer_profile(organisation, issuer.addresses))
        badges = OPEN_BADGES_V3 in listed(document["@context"])
        document["issuer"] = profile if badges else did
    if issuer_of(document) != did:
        raise CredentialRefused(f"the issuer must be {did}", field="credential.issuer", value=issuer_of(document))
    document.setdefault("id", f"urn:uuid:{new_uuid()}")
    document.setdefault("validFrom", documents.render_instant(now))
    starts = parse_instant(document["validFrom"])
    if "validUntil" in document and parse_instant(document["validUntil"]) <= starts:
        raise CredentialRefused("a credential must not end before it begins", field="credential.validUntil")
    faults = structural_faults(document)
    if faults:
        path, fault = faults[0]
        raise CredentialRefused(f"the credential {fault}", field=f"credential.{path.replace('/', '.')}")
    return document


def _check_form(document: dict[str, Any], public_url: str) -> None:
    contexts = listed(document.get("@context"))
    if not contexts or contexts[0] != CREDENTIALS_V2:
        raise CredentialRefused(f"the first @context must be {CREDENTIALS_V2}", field="credential.@context")
    if "VerifiableCredential" not in types_of(document):
        raise CredentialRefused("type must have VerifiableCredential", field="credential.type")
    if "proof" in document:
        raise CredentialRefused("the credential has a proof already", field="credential.proof")
    name = document.get("id", "urn:x")
    if not isinstance(name, str) or len(name) > URL_LENGTH_MAX or _lies_here(name, public_url):
        raise CredentialRefused("id must be an address, and none of this server's", field="credential.id")
    if _has_control_characters(document):
        raise CredentialRefused("no text may have control characters other than tab and newline", field="credential")
    for status in listed(document.get("credentialStatus")):
        places = [status.get("id"), status.get("statusListCredential")] if isinstance(status, dict) else []
        if any(isinstance(place, str) and _lies_here(place, public_url) for place in places):
            raise CredentialRefused(
                "places in the status lists of this server are given to awards only",
                field="credential.credentialStatus",
            )


def _has_control_characters(document: dict[str, Any]) -> bool:
    """Whether some text has characters that verifiers write differently in the canonical form."""
    left: list[Any] = [document]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            left += [*part, *part.values()]
        elif isinstance(part, list):
            left += part
        elif isinstance(part, str) and _CONTROL.search(part):
            return True
    return False


def _lies_here(address: str, public_url: str) -> bool:
    return address.lower().startswith(f"{public_url.lower()}/")
