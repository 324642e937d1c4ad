"""A credential as a token (VC-JWT, ES256), made from its signed document when it is first asked for, and kept with it.

Few are ever asked for. What a token says is decided when the document is signed: nothing else goes into it but
endorsements that are tokens themselves, which a document with a proof cannot hold.
"""

import asyncio
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature

from laurel.base.errors import LaurelError
from laurel.database.pool import Transaction
from laurel.domain.credentials import organisation_keys, store
from laurel.domain.credentials.composition import with_tokens
from laurel.domain.credentials.issuer import Issuer
from laurel.domain.credentials.keys import store as key_store
from laurel.domain.credentials.model import CredentialNotFound, Signed
from laurel.domain.credentials.signer import SelfVerificationFailed
from laurel.domain.endorsements import store as endorsements
from laurel.domain.organisations import store as organisations
from laurel.openbadges import proofs, vc_jwt
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.rdfc import Order
from laurel.openbadges.reading import read_json


async def token_of(issuer: Issuer, signed: Signed) -> str:
    """The token of what was signed; whoever asks first waits for its signature, at the same time as others for the same one.

    Raises SelfVerificationFailed when the stored document does not bear its own proof: then no key signs it again.
    """
    if signed.token is not None:
        return signed.token
    async with issuer.database.transaction(signed.organisation_id, joins_request=False) as tx:
        token = await _make(issuer, tx, signed.uid, issuer.clock.now())
    issuer.forget([signed.uid])
    return token


async def _make(issuer: Issuer, tx: Transaction, uid: str, now: datetime) -> str:
    found = await store.lock_document(tx, uid)
    if found is None:
        raise CredentialNotFound("there is no such credential", field="credential", value=uid)
    if found.token is not None:
        return found.token
    document = _held_against_its_key(found, await key_store.signing_keys(tx))
    organisation = await organisations.organisation(tx)
    key = (await organisation_keys.ensure(tx, issuer.keyring, now)).es256
    told = await _with_endorsements(tx, found, document, now)
    # the check that all is defined is made on what was signed: endorsements as tokens have no term in the context
    canonical = await asyncio.to_thread(canonicalise, document, order=Order.PORTABLE)
    kid = issuer.addresses.key(organisation.uid, key.key.uid)
    ready = vc_jwt.prepare_token(told, algorithm="ES256", kid=kid, canonical=canonical)
    signature = issuer.keyring.sign_checked(key.key, ready)
    token = ready.finish(signature.value)
    try:
        vc_jwt.check_token(vc_jwt.parse_token(token), key.key.public_key())
    except LaurelError as failure:
        raise SelfVerificationFailed("a token signed just now does not verify") from failure
    await key_store.insert_signatures(tx, key.id, "token", [(uid, signature.input_sha256)], now)
    await store.set_token(tx, found.credential_id, token, key.id)
    return token


async def _with_endorsements(
    tx: Transaction, found: store.StoredDocument, document: dict[str, Any], now: datetime
) -> dict[str, Any]:
    credential = await store.find_by_id(tx, found.credential_id)
    if credential is None:
        return document
    given = await endorsements.of(tx, (credential.achievement_id,), (credential.id,), now)
    return with_tokens(document, given)


def _held_against_its_key(found: store.StoredDocument, keys: list[key_store.KeyRow]) -> dict[str, Any]:
    """The document without its proof, which must be by the key that is on record: what somebody wrote into the database
    is not vouched for a second time.
    """
    document = read_json(found.document)
    try:
        (proof,) = proofs.proofs_of(document)
        (key,) = (row.key for row in keys if row.id == found.key_id)
        proofs.check_proof(document, proof, key.public_key())
    except (LaurelError, InvalidSignature, ValueError) as failure:
        raise SelfVerificationFailed("the stored document does not bear its own proof") from failure
    return {name: value for name, value in document.items() if name != "proof"}
