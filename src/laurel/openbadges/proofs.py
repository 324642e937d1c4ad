"""Data Integrity proofs: what is to be signed, the finished document, and whether a proof holds.

Private keys never come here: signing is a callable from bytes to bytes that the keyring gives. Issued are
eddsa-rdfc-2022 and eddsa-jcs-2022; eddsa-2022 and Ed25519Signature2020 are read besides.
Source: W3C VC Data Integrity 1.0 and Data Integrity EdDSA Cryptosuites 1.0.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from laurel.base import limits
from laurel.openbadges.canonical import canonicalise, statements
from laurel.openbadges.faults import DocumentRefused, ProofRejected
from laurel.openbadges.jcs import canonical_json
from laurel.openbadges.jsonld import BUNDLED, ContextLoader
from laurel.openbadges.multikey import PublicKey, base58, multibase_bytes
from laurel.openbadges.rdfc import Order, Work, orders_can_differ
from laurel.openbadges.terms import absolute_iri, literal

Sign = Callable[[bytes], bytes]

EDDSA_RDFC: Final = "eddsa-rdfc-2022"
EDDSA_JCS: Final = "eddsa-jcs-2022"
_RDFC_SUITES: Final = frozenset({EDDSA_RDFC, "eddsa-2022"})
ASSERTION: Final = "assertionMethod"
_PLAIN_MEMBERS: Final = frozenset({"type", "cryptosuite", "created", "verificationMethod", "proofPurpose"})
_MARK_CREATED: Final = "mark-created"
_MARK_METHOD: Final = "https://mark.invalid/method"
_SIGNATURE_BYTES: Final = 64


class ToSign(msgspec.Struct, frozen=True):
    """A document that passed every check, the proof that it will carry and the bytes that a key has to sign."""

    document: dict[str, Any]
    proof: dict[str, Any]
    signing_input: bytes
    algorithm: str = "Ed25519"

    def finish(self, signature: bytes) -> dict[str, Any]:
        """The document with its proof added to those that it had."""
        proof = {**self.proof, "proofValue": "z" + base58(signature)}
        return {**self.document, "proof": [*proofs_of(self.document), proof]}


def prepare(
    document: dict[str, Any],
    *,
    verification_method: str,
    created: str,
    cryptosuite: str = EDDSA_RDFC,
    purpose: str = ASSERTION,
    proof_id: str | None = None,
    previous: Sequence[str] = (),
    canonical: str | None = None,
    loader: ContextLoader = BUNDLED,
) -> ToSign:
    """What has to be signed so that `document` gets a proof; checks that every verifier will read it the same way.

    `created` is RFC 3339 with a zone. `previous` names proofs of the document that this one also covers (a chain).
    `canonical` is the document's canonical text when a template has already made it.
    Raises DocumentRefused with the place, WorkLimitReached, ContextUnknown.
    """
    proof: dict[str, Any] = {"type": "DataIntegrityProof"}
    if proof_id is not None:
        proof["id"] = proof_id
    proof |= {
        "cryptosuite": cryptosuite,
        "created": created,
        "verificationMethod": verification_method,
        "proofPurpose": purpose,
    }
    if previous:
        proof["previousProof"] = list(previous) if len(previous) > 1 else previous[0]
    unsecured = _covered(document, proof)
    if cryptosuite == EDDSA_JCS:
        statements(unsecured, loader=loader, order=Order.PORTABLE)
        proof["@context"] = document["@context"]
        signing_input = _jcs_input(unsecured, proof)
    elif cryptosuite == EDDSA_RDFC:
        if canonical is None:
            canonical = canonicalise(unsecured, loader=loader, order=Order.PORTABLE)
        signing_input = _hashes(_config_text(document["@context"], proof, loader), canonical)
    else:
        raise ProofRejected(f"{cryptosuite} is not a suite that is issued", field="cryptosuite", value=cryptosuite)
    return ToSign(document=document, proof=proof, signing_input=signing_input)


class SharedProof:
    """The proof (eddsa-rdfc-2022) that many documents with one context get, but for its value: what is the same in all of
    them is worked out once.
    """

    def __init__(
        self, context: Any, *, verification_method: str, created: str, loader: ContextLoader = BUNDLED
    ) -> None:
        """As prepare. Raises DocumentRefused, ContextUnknown."""
        self.context = context
        self._proof = {
            "type": "DataIntegrityProof",
            "cryptosuite": EDDSA_RDFC,
            "created": created,
            "verificationMethod": verification_method,
            "proofPurpose": ASSERTION,
        }
        self._hash = hashlib.sha256(_config_text(context, self._proof, loader).encode()).digest()

    def prepare(self, document: dict[str, Any], canonical: str) -> ToSign:
        """What has to be signed so that `document`, which has no proof yet, gets this one; `canonical` is its canonical text.
        Raises ProofRejected when it has a proof or another context.
        """
        if document.get("@context") != self.context or "proof" in document:
            raise ProofRejected("a shared proof is for documents of one context that have none yet", field="@context")
        signing_input = self._hash + hashlib.sha256(canonical.encode()).digest()
        return ToSign(document=document, proof=self._proof, signing_input=signing_input)


def add_proof(document: dict[str, Any], *, sign: Sign, **settings: Any) -> dict[str, Any]:
    """`document` with a proof made by `sign`; settings and refusals as in prepare."""
    ready = prepare(document, **settings)
    return ready.finish(sign(ready.signing_input))


def proofs_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The proofs that the document carries. Raises ProofRejected when they are not objects or too many."""
    given = document.get("proof")
    found = given if isinstance(given, list) else [] if given is None else [given]
    if len(found) > limits.PROOFS_MAX:
        raise ProofRejected(f"more than {limits.PROOFS_MAX} proofs", field="proof", limit=limits.PROOFS_MAX)
    if not all(isinstance(proof, dict) for proof in found):
        raise ProofRejected("a proof must be an object", field="proof")
    return found


def check_proof(
    document: dict[str, Any],
    proof: dict[str, Any],
    key: PublicKey,
    *,
    purpose: str = ASSERTION,
    loader: ContextLoader = BUNDLED,
    work: Work | None = None,
) -> None:
    """Hold `proof` (one of the document's) against `key`; returns when the signature is good.

    Whether the key may speak for the issuer, and times, are not looked at here. Raises ProofRejected, DocumentRefused,
    ContextUnknown, WorkLimitReached.
    """
    if proof.get("proofPurpose") != purpose:
        raise ProofRejected(
            f"the proof's purpose is not {purpose}", field="proofPurpose", value=proof.get("proofPurpose")
        )
    suite = suite_of(proof)
    if not isinstance(key, Ed25519PublicKey):
        raise ProofRejected(f"{suite} needs an Ed25519 key", field="verificationMethod")
    signature = _signature(proof)
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    unsecured = _covered(document, proof)
    if "@context" in proof:
        unsecured["@context"] = _proof_context(document, proof["@context"])
    if suite == EDDSA_JCS:
        _verify(key, signature, _jcs_input(unsecured, config))
        return
    config_text = _config_text(unsecured.get("@context"), config, loader)
    text = canonicalise(unsecured, loader=loader, work=work)
    try:
        _verify(key, signature, _hashes(config_text, text))
    except ProofRejected:
        if not orders_can_differ(text):
            raise
        text = canonicalise(unsecured, loader=loader, order=Order.UTF16, work=work)
        _verify(key, signature, _hashes(config_text, text))


def suite_of(proof: dict[str, Any]) -> str:
    """The name of the proof's suite. Raises ProofRejected for one that is not read here."""
    kind, suite = proof.get("type"), proof.get("cryptosuite")
    if kind in ("Ed25519Signature2020", ["Ed25519Signature2020"]):
        return "Ed25519Signature2020"
    if kind in ("DataIntegrityProof", ["DataIntegrityProof"]) and str(suite) in {*_RDFC_SUITES, EDDSA_JCS}:
        return str(suite)
    raise ProofRejected("the proof is of a kind that is not read here", field="type", value=str(suite or kind)[:100])


def _covered(document: dict[str, Any], proof: dict[str, Any]) -> dict[str, Any]:
    """The document as the proof covers it: without proofs, but with those that the proof builds on."""
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    if "previousProof" in proof:
        wanted = proof["previousProof"]
        names = wanted if isinstance(wanted, list) else [wanted]
        by_id = {p["id"]: p for p in proofs_of(document) if isinstance(p.get("id"), str)}
        if not names or not all(isinstance(name, str) and name in by_id for name in names):
            raise ProofRejected("a proof that this one builds on is missing", field="previousProof")
        unsecured["proof"] = [by_id[name] for name in names]
    return unsecured


def _proof_context(document: dict[str, Any], context: Any) -> Any:
    own = document.get("@context")
    own_list = own if isinstance(own, list) else [own]
    wanted = context if isinstance(context, list) else [context]
    if own_list[: len(wanted)] != wanted:
        raise ProofRejected("the proof was made under other contexts", field="@context")
    return context


def _signature(proof: dict[str, Any]) -> bytes:
    value = proof.get("proofValue")
    if not isinstance(value, str) or value[:1] != "z" or len(value) > 100:
        raise ProofRejected("proofValue is not a base58btc multibase signature", field="proofValue")
    signature = multibase_bytes(value)
    if len(signature) != _SIGNATURE_BYTES:
        raise ProofRejected("the signature is not 64 bytes long", field="proofValue", value=len(signature))
    return signature


def _verify(key: Ed25519PublicKey, signature: bytes, data: bytes) -> None:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        raise ProofRejected("the signature does not fit the document and key", field="proofValue") from None


def _hashes(config: str, document: str) -> bytes:
    return hashlib.sha256(config.encode()).digest() + hashlib.sha256(document.encode()).digest()


def _jcs_input(unsecured: dict[str, Any], config: dict[str, Any]) -> bytes:
    return _hashes(canonical_json(config), canonical_json(unsecured))


def _config_text(context: Any, config: dict[str, Any], loader: ContextLoader) -> str:
    """The canonical text of a proof without its value: five fixed lines for the usual ones."""
    created, method = config.get("created"), config.get("verificationMethod")
    plain = (
        config.keys() == _PLAIN_MEMBERS
        and isinstance(context, list)
        and all(isinstance(entry, str) for entry in context)
        and all(isinstance(config[name], str) for name in _PLAIN_MEMBERS)
    )
    if plain and isinstance(method, str) and isinstance(created, str) and method.startswith(("did:", "https://")):
        parts = _config_template(loader, tuple(context), config["type"], config["cryptosuite"], config["proofPurpose"])
        return f"{parts[0]}{literal(created)}{parts[1]}{absolute_iri(method)}{parts[2]}"
    try:
        return canonicalise({**config, "@context": context}, loader=loader)
    except DocumentRefused as refusal:
        raise refusal.under("proof") from None


@lru_cache(maxsize=256)
def _config_template(
    loader: ContextLoader, context: tuple[str, ...], kind: str, suite: str, purpose: str
) -> tuple[str, str, str]:
    config = {
        "@context": list(context),
        "type": kind,
        "cryptosuite": suite,
        "created": _MARK_CREATED,
        "verificationMethod": _MARK_METHOD,
        "proofPurpose": purpose,
    }
    try:
        text = canonicalise(config, loader=loader)
    except DocumentRefused as refusal:
        raise refusal.under("proof") from None
    before, _, rest = text.partition(f'"{_MARK_CREATED}"')
    middle, _, after = rest.partition(f"<{_MARK_METHOD}>")
    return before, middle, after
