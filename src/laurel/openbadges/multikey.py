"""Keys in the spellings of the standards: Multikey (multibase base58btc), JWK, PEM. Public keys only go out of here."""

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from laurel.openbadges.faults import KeyRefused

PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_PART: Final = 58**10
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_ED25519_PUBLIC: Final = b"\xed\x01"
_ED25519_SECRET: Final = b"\x80\x26"
_P256_PUBLIC: Final = b"\x80\x24"
_MULTIBASE_LENGTH_MAX: Final = 2_000
_RSA_BITS_MIN, _RSA_BITS_MAX = 2_048, 8_192
_RSA_EXPONENT_MAX: Final = 2**32


def base58(data: bytes) -> str:
    """`data` in base58btc."""
    number = int.from_bytes(data)
    pairs = []
    while number:
        number, part = divmod(number, _PART)  # dividing the large number seldom is what makes this fast
        for _ in range(5):
            part, pair = divmod(part, 3364)
            pairs.append(_PAIRS[pair])
    pairs.reverse()
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(pairs).lstrip("1")


def base58_bytes(text: str) -> bytes:
    """The bytes that `text` spells. Raises KeyRefused for other characters or more than 2,000 of them."""
    if len(text) > _MULTIBASE_LENGTH_MAX:
        raise KeyRefused("base58 text is too long", limit=_MULTIBASE_LENGTH_MAX, value=len(text))
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            raise KeyRefused("not base58btc", value=text[:100])
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def base64url(data: bytes) -> str:
    """`data` in base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def base64url_bytes(text: str) -> bytes:
    """The bytes that unpadded base64url `text` spells. Raises KeyRefused."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
    except ValueError:
        raise KeyRefused("not base64url", value=text[:100]) from None


def multibase_bytes(text: str) -> bytes:
    """The bytes of a multibase string in base58btc (`z`) or base64url (`u`). Raises KeyRefused."""
    if text[:1] == "z":
        return base58_bytes(text[1:])
    if text[:1] == "u":
        return base64url_bytes(text[1:])
    raise KeyRefused("a multibase value must begin with z or u", value=text[:100])


def render_multikey(key: PublicKey) -> str:
    """The publicKeyMultibase of an Ed25519 (`z6Mk…`) or P-256 (`zDn…`) key. Raises KeyRefused for others."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "z" + base58(_ED25519_PUBLIC + key.public_bytes_raw())
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "z" + base58(_P256_PUBLIC + key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    raise KeyRefused("only Ed25519 and P-256 keys have a Multikey form here")


@lru_cache(maxsize=4_096)
def parse_multikey(text: str) -> PublicKey:
    """The public key that a publicKeyMultibase names. Raises KeyRefused."""
    data = multibase_bytes(text)
    try:
        if data[:2] == _ED25519_PUBLIC:
            return ed25519.Ed25519PublicKey.from_public_bytes(data[2:])
        if data[:2] == _P256_PUBLIC:
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data[2:])
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("the Multikey holds no valid key", value=text[:100]) from None
    raise KeyRefused("the Multikey is of a kind that is not read here", value=text[:100])


def parse_secret_multikey(text: str) -> ed25519.Ed25519PrivateKey:
    """The Ed25519 private key of a secretKeyMultibase, for importing keys. Raises KeyRefused."""
    data = multibase_bytes(text)
    if data[:2] != _ED25519_SECRET or len(data) not in {34, 66}:
        raise KeyRefused("not an Ed25519 secret Multikey")
    return ed25519.Ed25519PrivateKey.from_private_bytes(data[2:34])


def render_jwk(key: PublicKey) -> dict[str, str]:
    """The public JWK (RFC 7517) with `alg`, without `kid`."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(key.public_bytes_raw()), "alg": "EdDSA"}
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        modulus, exponent = (base64url(n.to_bytes((n.bit_length() + 7) // 8)) for n in (numbers.n, numbers.e))
        return {"kty": "RSA", "n": modulus, "e": exponent, "alg": "RS256"}
    if not isinstance(key.curve, ec.SECP256R1):
        raise KeyRefused("only P-256 is used for elliptic curve keys")
    point = key.public_numbers()
    x, y = (base64url(n.to_bytes(32)) for n in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256"}


def parse_jwk(jwk: Any) -> PublicKey:
    """The public key of a JWK: OKP Ed25519, EC P-256 or RSA of 2,048 to 8,192 bits. Raises KeyRefused."""
    if not isinstance(jwk, dict):
        raise KeyRefused("a JWK must be an object")
    kind = (jwk.get("kty"), jwk.get("crv"))
    try:
        if kind == ("OKP", "Ed25519"):
            return ed25519.Ed25519PublicKey.from_public_bytes(_member(jwk, "x"))
        if kind == ("EC", "P-256"):
            x, y = int.from_bytes(_member(jwk, "x")), int.from_bytes(_member(jwk, "y"))
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        if kind[0] == "RSA":
            exponent, modulus = int.from_bytes(_member(jwk, "e")), int.from_bytes(_member(jwk, "n"))
            return _sized(rsa.RSAPublicNumbers(exponent, modulus).public_key())
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("the JWK holds no valid key") from None
    raise KeyRefused("the JWK is of a kind that is not read here", value=str(kind)[:100])


def parse_pem(text: str) -> PublicKey:
    """The RSA, P-256 or Ed25519 key of a PEM public key (Open Badges 2.0 `publicKeyPem`). Raises KeyRefused."""
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("not a PEM public key") from None
    if isinstance(key, rsa.RSAPublicKey):
        return _sized(key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise KeyRefused("the PEM key is of a kind that is not read here")


def jwk_thumbprint(jwk: dict[str, Any]) -> str:
    """The RFC 7638 SHA-256 thumbprint, used as the key's own name."""
    names = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}[jwk["kty"]]
    text = json.dumps({name: jwk[name] for name in names}, separators=(",", ":"), sort_keys=True)
    return base64url(hashlib.sha256(text.encode()).digest())


def _member(jwk: dict[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    if not isinstance(value, str) or len(value) > _MULTIBASE_LENGTH_MAX:
        raise KeyRefused(f"the JWK member {name} is missing or not text", field=name)
    return base64url_bytes(value)


def _sized(key: rsa.RSAPublicKey) -> rsa.RSAPublicKey:
    if key.public_numbers().e > _RSA_EXPONENT_MAX:
        raise KeyRefused("an RSA key with so large an exponent is refused")
    if not _RSA_BITS_MIN <= key.key_size <= _RSA_BITS_MAX:
        raise KeyRefused(f"an RSA key must have {_RSA_BITS_MIN} to {_RSA_BITS_MAX} bits", value=key.key_size)
    return key
