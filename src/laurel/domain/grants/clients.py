"""Applications that registered themselves: checked, written into their own client id, recognised again. Stores nothing.

Source: RFC 7591 (stateless registration: appendix A.5.2); Open Badges 3.0, section 7 for what is required.
"""

import base64
import hashlib
import hmac
import zlib
from typing import Any
from urllib.parse import urlsplit

import msgspec

from laurel.base import limits
from laurel.domain.grants.model import OFFLINE_ACCESS, SCOPES, Client, GrantRefused

_VERSION = "lc1"
_TEXTS = ("client_name", "software_id", "software_version")
_ADDRESSES = ("client_uri", "logo_uri", "tos_uri", "policy_uri")
_CODE_AND_REFRESH = frozenset({"authorization_code", "refresh_token"})


def register(pepper: bytes, metadata: dict[str, Any]) -> tuple[Client, str, str]:
    """(client, client id, secret) of an application that registers. Raises GrantRefused naming what is wrong."""
    client = _checked(metadata)
    packed = zlib.compress(msgspec.json.encode(client), 9)
    body = f"{_VERSION}.{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"
    client_id = f"{body}.{_mac(pepper, 'client', body)[:32]}"
    if len(client_id) > limits.CLIENT_ID_LENGTH_MAX:
        raise _refused(f"the registration is too long; the limit is {limits.CLIENT_ID_LENGTH_MAX} characters in all")
    return client, client_id, secret_of(pepper, client_id)


def secret_of(pepper: bytes, client_id: str) -> str:
    """The secret that belongs to a client id."""
    return _mac(pepper, "secret", client_id)


def find(pepper: bytes, client_id: str) -> Client | None:
    """The application that registered under this id, or None."""
    body, _, given = client_id.rpartition(".")
    if len(client_id) > limits.CLIENT_ID_LENGTH_MAX or not client_id.isascii():
        return None
    if not hmac.compare_digest(given, _mac(pepper, "client", body)[:32]):
        return None
    packed = body.partition(".")[2]
    return msgspec.json.decode(
        zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))), type=Client
    )


def authenticate(pepper: bytes, client_id: str | None, secret: str | None) -> Client:
    """The application that proves to be itself. Raises GrantRefused (invalid_client)."""
    client = None if client_id is None else find(pepper, client_id)
    right = hmac.compare_digest(
        secret_of(pepper, client_id or "").encode(), (secret or "").encode("utf-8", "surrogatepass")
    )
    if client is None or not right:
        raise GrantRefused("invalid_client", "the application is not known, or its secret is not right")
    return client


def client_hash(client_id: str) -> bytes:
    """What is stored of a client id."""
    return hashlib.sha256(client_id.encode()).digest()


def _mac(pepper: bytes, purpose: str, text: str) -> str:
    return hmac.new(pepper, f"oauth {purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


def _checked(metadata: dict[str, Any]) -> Client:
    texts = {name: _text(metadata, name) for name in _TEXTS}
    addresses = {name: _address(metadata.get(name), name) for name in _ADDRESSES}
    redirects = metadata.get("redirect_uris")
    if not isinstance(redirects, list) or not 1 <= len(redirects) <= limits.REDIRECT_ADDRESSES_MAX:
        raise _refused(
            f"redirect_uris must be a list of 1 to {limits.REDIRECT_ADDRESSES_MAX} addresses", "redirect_uri"
        )
    checked = tuple(_address(one, "redirect_uris", "invalid_redirect_uri") for one in redirects)
    hosts = {urlsplit(one).hostname for one in (*addresses.values(), *checked)}
    if len(hosts) != 1:
        raise _refused("all addresses must be of one host")
    if metadata.get("token_endpoint_auth_method", "client_secret_basic") != "client_secret_basic":
        raise _refused("token_endpoint_auth_method must be client_secret_basic")
    grants = metadata.get("grant_types", ["authorization_code"])
    if not isinstance(grants, list) or not all(one in _CODE_AND_REFRESH for one in grants):
        raise _refused("grant_types may be authorization_code and refresh_token")
    if metadata.get("response_types", ["code"]) != ["code"]:
        raise _refused('response_types must be ["code"]')
    return Client(**texts, **addresses, redirect_uris=checked, scope=" ".join(_scopes(metadata.get("scope"))))


def _scopes(value: Any) -> list[str]:
    wanted = list(dict.fromkeys(value.split())) if isinstance(value, str) else []
    unknown = [one for one in wanted if one not in SCOPES]
    if not [one for one in wanted if one != OFFLINE_ACCESS] or unknown:
        raise _refused(f"scope must name some of: {' '.join(SCOPES)}")
    return wanted


def _text(metadata: dict[str, Any], name: str) -> str:
    value = metadata.get(name)
    limit = limits.TAG_LENGTH_MAX
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > limit:
        raise _refused(f"{name} must be a line of 1 to {limit} characters", name)
    return value


def _address(value: Any, name: str, error: str = "invalid_client_metadata") -> str:
    if not isinstance(value, str) or not _is_address(value):
        limit = limits.CLIENT_ADDRESS_LENGTH_MAX
        raise GrantRefused(error, f"{name} must be an https address of at most {limit} characters", field=name)
    return value


def _is_address(value: str) -> bool:
    if len(value) > limits.CLIENT_ADDRESS_LENGTH_MAX or not value.isascii() or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None and not parts.fragment


def _refused(message: str, field: str | None = None) -> GrantRefused:
    return GrantRefused("invalid_client_metadata", message, field=field)
