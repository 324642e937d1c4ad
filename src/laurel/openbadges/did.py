"""did:key and did:web: documents built for our issuers, and keys found in the documents of others. No fetching."""

import re
from typing import Any, Final
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from laurel.openbadges.faults import KeyRefused
from laurel.openbadges.jsonld import DID_V1, MULTIKEY_V1
from laurel.openbadges.multikey import (
    PublicKey,
    jwk_thumbprint,
    parse_jwk,
    parse_multikey,
    render_jwk,
    render_multikey,
)

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(%3[Aa][0-9]{1,5})?\Z")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._~%-]{1,200}\Z")
_METHODS_MAX: Final = 200


def did_web(host: str, *segments: str) -> str:
    """The did:web of a host (with `:port` if it has one) and path segments. Raises KeyRefused."""
    did = ":".join(["did:web", host.replace(":", "%3A"), *segments])
    did_web_url(did)
    return did


def did_web_url(did: str) -> str:
    """The https address of a did:web document. Raises KeyRefused for anything that is not a clean did:web."""
    parts = did.split(":")
    if parts[:2] != ["did", "web"] or len(parts) < 3 or not _HOST.match(parts[2]):
        raise KeyRefused("not a did:web", value=did[:200])
    segments = parts[3:]
    if not all(_SEGMENT.match(part) and unquote(part) not in {".", ".."} for part in segments):
        raise KeyRefused("not a did:web", value=did[:200])
    path = "/".join(segments) if segments else ".well-known"
    return f"https://{unquote(parts[2])}/{path}/did.json"


def did_key(key: PublicKey) -> str:
    """The did:key of an Ed25519 or P-256 key."""
    return f"did:key:{render_multikey(key)}"


def key_of_did_key(reference: str) -> PublicKey:
    """The key that a did:key, or its own verification method `did:key:X#X`, names. Raises KeyRefused."""
    did, _, fragment = reference.partition("#")
    name = did.removeprefix("did:key:")
    if not did.startswith("did:key:") or (fragment and fragment != name):
        raise KeyRefused("not a did:key", value=reference[:200])
    return parse_multikey(name)


def method_id(did: str, key: PublicKey) -> str:
    """The verification method id of one of our keys: `<did>#<publicKeyMultibase>`, for RSA `<did>#<thumbprint>`."""
    if isinstance(key, RSAPublicKey):
        return f"{did}#{jwk_thumbprint(render_jwk(key))}"
    return f"{did}#{render_multikey(key)}"


def did_document(did: str, keys: list[PublicKey], *, also_known_as: list[str] | None = None) -> dict[str, Any]:
    """The DID document of an issuer: each Ed25519 key as Multikey, others as JsonWebKey, all for assertions.

    `keys` are all keys that may still verify something: the current ones and those rotated out, without compromised.
    """
    methods = []
    for key in keys:
        jwk = render_jwk(key)
        if jwk["kty"] == "OKP":
            entry: dict[str, Any] = {"id": method_id(did, key), "type": "Multikey", "controller": did}
            entry["publicKeyMultibase"] = render_multikey(key)
        else:
            entry = {"id": method_id(did, key), "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk}
        methods.append(entry)
    document: dict[str, Any] = {
        "@context": [DID_V1, MULTIKEY_V1, "https://w3id.org/security/jwk/v1"],
        "id": did,
    }
    if also_known_as:
        document["alsoKnownAs"] = also_known_as
    names = [entry["id"] for entry in methods]
    return document | {"verificationMethod": methods, "assertionMethod": names, "authentication": names}


def jwks(issuer: str, keys: list[tuple[str, PublicKey]]) -> dict[str, Any]:
    """The JWK set of an issuer; each key has its `kid` (a URL of that one key) and `iss`."""
    return {"keys": [{**render_jwk(key), "kid": kid, "use": "sig", "iss": issuer} for kid, key in keys]}


def key_in_document(document: Any, reference: str, *, purpose: str = "assertionMethod") -> tuple[PublicKey, str]:
    """The key named `reference` in a fetched DID document, JWK or Multikey document, and its controller.

    Raises KeyRefused when the document does not belong to the reference, lacks the key or does not allow the purpose.
    """
    if not isinstance(document, dict):
        raise KeyRefused("the key document is not an object")
    if "verificationMethod" in document:
        return _key_in_did_document(document, reference, purpose)
    if "publicKeyMultibase" in document or "publicKeyJwk" in document:
        if document.get("id") not in (None, reference):
            raise KeyRefused("the key document names another key", value=str(document.get("id"))[:200])
        controller = document.get("controller")
        if not isinstance(controller, str):
            raise KeyRefused("the key document names no controller", field="controller")
        return _key_of_entry(document), controller
    if "kty" in document:
        return parse_jwk(document), str(document.get("iss") or reference.partition("#")[0])
    if isinstance(document.get("keys"), list):
        for jwk in document["keys"][:_METHODS_MAX]:
            if isinstance(jwk, dict) and jwk.get("kid") == reference:
                return parse_jwk(jwk), str(jwk.get("iss") or reference.partition("#")[0])
    raise KeyRefused("the key document holds no key", value=reference[:200])


def _key_in_did_document(document: dict[str, Any], reference: str, purpose: str) -> tuple[PublicKey, str]:
    did = document.get("id")
    if not isinstance(did, str) or reference.partition("#")[0] != did:
        raise KeyRefused("the key does not belong to this DID", value=reference[:200])
    allowed = document.get(purpose)
    entries = allowed if isinstance(allowed, list) else [allowed]
    methods = document["verificationMethod"]
    candidates = [*(methods if isinstance(methods, list) else [methods])[:_METHODS_MAX], *entries[:_METHODS_MAX]]
    names = [_absolute(entry.get("id") if isinstance(entry, dict) else entry, did) for entry in entries[:_METHODS_MAX]]
    if reference not in names:
        raise KeyRefused(f"the DID does not allow this key for {purpose}", field=purpose, value=reference[:200])
    for entry in candidates:
        if isinstance(entry, dict) and _absolute(entry.get("id"), did) == reference:
            controller = entry.get("controller")
            if controller != did:
                raise KeyRefused(
                    "the key is controlled by somebody else", field="controller", value=str(controller)[:200]
                )
            return _key_of_entry(entry), did
    raise KeyRefused("the DID document does not hold this key", value=reference[:200])


def _absolute(name: Any, did: str) -> Any:
    return did + name if isinstance(name, str) and name.startswith("#") else name


def _key_of_entry(entry: dict[str, Any]) -> PublicKey:
    multibase = entry.get("publicKeyMultibase")
    if isinstance(multibase, str):
        return parse_multikey(multibase)
    return parse_jwk(entry.get("publicKeyJwk"))
