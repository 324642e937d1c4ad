"""What form of a published thing a reader asked for, and the headers that go with publishing. Knows no rules."""

from functools import lru_cache
from typing import Any, Final

from litestar import Response
from litestar.types import Scope

JSON_LD: Final = "application/ld+json"
JSON: Final = "application/json"
VC_JSON: Final = "application/vc+ld+json"
VC_JSON_NEW: Final = "application/vc"
VC_JWT: Final = "application/vc+jwt"
TEXT: Final = "text/plain"
HTML: Final = "text/html"
_JSON_FORMS: Final = (JSON, VC_JSON, JSON_LD, VC_JSON_NEW)
_ACCEPT_LENGTH_MAX: Final = 1_000

SECURITY: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
OPEN: Final = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
"""What is published is for everybody, also for verifiers that run in a browser."""


def header(scope: Scope, name: bytes) -> str:
    """A request header as text; empty when absent."""
    return next((value for key, value in scope["headers"] if key == name), b"").decode("latin-1")


@lru_cache(maxsize=256)
def wanted_form(accept: str, offered: tuple[str, ...]) -> str:
    """The form among `offered` that `accept` prefers; the first for one that accepts anything, or names none of them."""
    best, best_quality = offered[0], 0.0
    for entry in accept[:_ACCEPT_LENGTH_MAX].split(","):
        media_type, _, parameters = entry.strip().lower().partition(";")
        quality = _quality(parameters)
        if media_type.strip() in offered and quality > best_quality:
            best, best_quality = media_type.strip(), quality
    return best


TOKEN_FORMS: Final = (VC_JWT, TEXT)
"""As what a token may be asked for: text is what the API of Open Badges calls it."""
PROGRAM_FORMS: Final = (*_JSON_FORMS, *TOKEN_FORMS)
"""In which a credential is signed."""


def wants_page(accept: str) -> bool:
    """Whether a reader is a browser: it prefers HTML to everything that a program reads."""
    return wanted_form(accept, (*PROGRAM_FORMS, HTML)) == HTML


def published(
    body: bytes | str,
    media_type: str,
    *,
    seconds: int = 300,
    etag: str | None = None,
    scope: Scope | None = None,
    private: bool = False,
    negotiated: bool = False,
) -> Response[Any]:
    """An answer that anybody may keep for a while; empty when the reader has it already. private: only the reader may;
    negotiated: others get another form at the same address.
    """
    headers = {**OPEN, "Cache-Control": "private, no-cache" if private else f"public, max-age={seconds}"}
    if negotiated:
        headers["Vary"] = "Accept"
    if etag is not None:
        headers["ETag"] = etag
        if scope is not None and holds(header(scope, b"if-none-match"), etag):
            return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(body if isinstance(body, bytes) else body.encode(), media_type=media_type, headers=headers)


def holds(if_none_match: str, etag: str) -> bool:
    """Whether the reader says that it has this version."""
    return bool(if_none_match) and any(one.strip() in {etag, f"W/{etag}", "*"} for one in if_none_match.split(","))


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return max(0.0, min(1.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
