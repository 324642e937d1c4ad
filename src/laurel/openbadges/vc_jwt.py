"""VC-JWT: a credential as a compact JWS with ES256, RS256 or EdDSA. Tokens that name their own key server are refused.

Source: Open Badges 3.0, section 8.2 (JSON Web Token proof format); RFC 7515, RFC 7519; RFC 8725 for what to refuse.
"""

from datetime import datetime
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from laurel.base import limits
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.faults import KeyRefused, ProofRejected
from laurel.openbadges.jsonld import BUNDLED, ContextLoader
from laurel.openbadges.multikey import PublicKey, base64url, base64url_bytes
from laurel.openbadges.proofs import Sign
from laurel.openbadges.rdfc import Order

ALGORITHMS: Final = ("ES256", "RS256", "EdDSA")
CLAIMS: Final = frozenset({"iss", "jti", "nbf", "sub", "exp", "iat", "aud"})
"""What of a token's payload is the token's own, not the credential's."""
_REFUSED_HEADERS: Final = ("jku", "x5u", "crit", "zip", "b64")
_KEY_KINDS: Final = {
    "ES256": ec.EllipticCurvePublicKey,
    "RS256": rsa.RSAPublicKey,
    "EdDSA": ed25519.Ed25519PublicKey,
}
_VERIFIERS: Final = get_default_algorithms()


class TokenToSign(msgspec.Struct, frozen=True):
    """A checked credential as a token without its signature."""

    signing_input: bytes
    algorithm: str

    def finish(self, signature: bytes) -> str:
        """The compact token. For ES256 the signature is r and s, 32 bytes each."""
        return f"{self.signing_input.decode()}.{base64url(signature)}"


class Token(msgspec.Struct, frozen=True):
    """A parsed token whose signature has not been checked."""

    header: dict[str, Any]
    claims: dict[str, Any]
    credential: dict[str, Any]
    signing_input: bytes
    signature: bytes

    @property
    def algorithm(self) -> str:
        """The `alg` of the header, one of ALGORITHMS."""
        return str(self.header["alg"])


def prepare_token(
    credential: dict[str, Any],
    *,
    algorithm: str,
    kid: str | None = None,
    jwk: dict[str, str] | None = None,
    canonical: str | None = None,
    loader: ContextLoader = BUNDLED,
) -> TokenToSign:
    """The token of a credential, ready to be signed. The key is named by `kid` (a URL of one JWK) or carried as `jwk`.

    `canonical` is the credential's canonical text when it was made already; making it is the check that all is defined.
    Raises ProofRejected when the credential lacks what a token needs (id, issuer, validFrom, a subject with an id),
    DocumentRefused when its contexts leave something undefined.
    """
    if algorithm not in ALGORITHMS or (kid is None) == (jwk is None):
        raise ProofRejected("a token needs one of the known algorithms and one way to find the key", field="alg")
    if canonical is None:
        canonicalise(credential, loader=loader, order=Order.PORTABLE)
    header = {"alg": algorithm, "typ": "JWT"} | ({"kid": kid} if kid is not None else {"jwk": jwk})
    claims = {**credential, **registered_claims(credential)}
    parts = (base64url(msgspec.json.encode(part)) for part in (header, claims))
    return TokenToSign(signing_input=".".join(parts).encode(), algorithm=algorithm)


def sign_token(credential: dict[str, Any], *, sign: Sign, **settings: Any) -> str:
    """The credential as a signed compact token; settings and refusals as in prepare_token."""
    ready = prepare_token(credential, **settings)
    return ready.finish(sign(ready.signing_input))


def registered_claims(credential: dict[str, Any]) -> dict[str, Any]:
    """iss, jti, nbf, sub and exp as the credential itself says them. Raises ProofRejected when one cannot be had."""
    issuer, subject = credential.get("issuer"), credential.get("credentialSubject")
    subject_id = subject.get("id") if isinstance(subject, dict) else None
    claims = {
        "iss": issuer.get("id") if isinstance(issuer, dict) else issuer,
        "jti": credential.get("id"),
        "sub": subject_id,
    }
    for name, value in claims.items():
        if not isinstance(value, str):
            raise ProofRejected(f"a token needs the {name} claim: the credential has no id for it", field=name)
    valid_from = credential.get("validFrom", credential.get("issuanceDate"))
    dates: dict[str, Any] = {"nbf": _seconds(valid_from, "validFrom")}
    valid_until = credential.get("validUntil", credential.get("expirationDate"))
    if valid_until is not None:
        dates["exp"] = _seconds(valid_until, "validUntil")
    return claims | dates


def parse_token(text: str) -> Token:
    """A compact token taken apart and held against everything but its signature. Raises ProofRejected."""
    return _taken_apart(text, "vc", CLAIMS)


def parse_presentation_token(text: str) -> Token:
    """As parse_token, for a presentation, which stands where the credential would. Raises ProofRejected."""
    return _taken_apart(text, "vp", CLAIMS | {"nonce"})


def _taken_apart(text: str, member: str, own: frozenset[str]) -> Token:
    if len(text) > limits.JWT_BYTES_MAX:
        raise ProofRejected("the token is too long", limit=limits.JWT_BYTES_MAX, value=len(text))
    parts = text.split(".")
    if len(parts) != 3 or not text.isascii():
        raise ProofRejected("not a compact token of three parts", value=len(parts))
    header, claims = _json_part(parts[0], "header"), _json_part(parts[1], "payload")
    if header.get("alg") not in ALGORITHMS:
        raise ProofRejected("the algorithm is not one that is accepted", field="alg", value=str(header.get("alg"))[:50])
    for name in _REFUSED_HEADERS:
        if name in header:
            raise ProofRejected(f"a token with {name} is refused", field=name)
    content = claims.get(member, claims)
    if not isinstance(content, dict):
        raise ProofRejected(f"the {member} claim is not an object", field=member)
    if content is claims:
        content = {name: value for name, value in claims.items() if name not in own}
    return Token(
        header=header,
        claims=claims,
        credential=content,
        signing_input=text.rpartition(".")[0].encode(),
        signature=_decoded(parts[2], "signature"),
    )


def check_token(token: Token, key: PublicKey) -> None:
    """Hold the signature and the registered claims against the key and the credential. Raises ProofRejected."""
    check_signature(token, key)
    _check_claims(token)


def check_signature(token: Token, key: PublicKey) -> None:
    """Hold the signature alone against the key. Raises ProofRejected."""
    if not isinstance(key, _KEY_KINDS[token.algorithm]):
        raise ProofRejected(f"the key is not one for {token.algorithm}", field="alg")
    if not _VERIFIERS[token.algorithm].verify(token.signing_input, key, token.signature):
        raise ProofRejected("the signature does not fit the token and key", field="signature")


def _check_claims(token: Token) -> None:
    credential = token.credential
    merged = {name: token.claims[name] for name in ("iss", "jti", "sub", "nbf", "exp") if name in token.claims}
    issuer, subject = credential.get("issuer"), credential.get("credentialSubject")
    said = {
        "iss": issuer.get("id") if isinstance(issuer, dict) else issuer,
        "jti": credential.get("id"),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
    }
    for name, value in said.items():
        if name in merged and value is not None and merged[name] != value:
            raise ProofRejected(f"the {name} claim is not what the credential says", field=name)
    for name, members in (("nbf", ("validFrom", "issuanceDate")), ("exp", ("validUntil", "expirationDate"))):
        value = next((credential[member] for member in members if member in credential), None)
        if name in merged and value is not None and not _same_instant(merged[name], value, members[0]):
            raise ProofRejected(f"the {name} claim is not what the credential says", field=name)


def _same_instant(claim: Any, value: Any, field: str) -> bool:
    """Whether a claim is the instant that the credential says, or its whole second: not all issuers write fractions."""
    exact = _seconds(value, field)
    return not isinstance(claim, bool) and isinstance(claim, int | float) and claim in {exact, int(exact)}


def _seconds(value: Any, field: str) -> int | float:
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ProofRejected(f"{field} is not an RFC 3339 timestamp", field=field, value=str(value)[:100]) from None
    if instant.tzinfo is None:
        raise ProofRejected(f"{field} has no time zone", field=field, value=str(value)[:100])
    seconds = instant.timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def _json_part(text: str, name: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(_decoded(text, name))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise ProofRejected(f"the token's {name} is not JSON", field=name) from None
    if not isinstance(value, dict):
        raise ProofRejected(f"the token's {name} is not an object", field=name)
    return value


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64url_bytes(text)
    except KeyRefused:
        raise ProofRejected(f"the token's {name} is not base64url", field=name) from None
