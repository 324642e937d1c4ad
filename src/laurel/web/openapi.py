"""The description of the API (OpenAPI 3.1) and a page to try it, served from here alone: no other host is asked."""

from functools import cache
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from laurel import __version__
from laurel.base import json_text

_STATIC = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}

CONFIGURATION = OpenAPIConfig(
    title="Laurel",
    version=__version__,
    description="Events in, awards, rewards and signed credentials out.",
    path="/docs/openapi",
    render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    use_handler_docstrings=True,
    components=Components(
        security_schemes={"key": SecurityScheme(type="http", scheme="bearer", description="An API key: lrl_…")}
    ),
    security=[{"key": []}],
)


_REFUSAL = {
    "description": "Refused: a problem document (RFC 9457) that names the field, the limit and the value. Other products' "
    "interfaces refuse in their own shape.",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "properties": {
                    **{name: {"type": "string"} for name in ("type", "title", "detail", "code", "request_id", "field")},
                    "status": {"type": "integer"},
                    "limit": {},
                    "value": {},
                },
                "required": ["type", "title", "status", "code"],
            }
        }
    },
}


@cache
def _description(application: Litestar) -> bytes:
    """The document with the refusals as they are: the framework's own description of them does not hold here."""
    described = application.openapi_schema.to_schema()
    for operations in described["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"].pop("400", None)
                operation["responses"]["default"] = _REFUSAL
    return json_text.encode(described)


@get("/openapi.json", include_in_schema=False, sync_to_thread=True)
def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The description of every route."""
    return Response(_description(request.app), media_type="application/vnd.oai.openapi+json")


def _static(name: str) -> Response[bytes]:
    headers = {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    path = _STATIC / name
    return Response(path.read_bytes(), media_type=_MEDIA_TYPES[path.suffix], headers=headers)


@get("/docs", include_in_schema=False, sync_to_thread=True)
def try_page() -> Response[bytes]:
    """The page to try the API."""
    return _static("try.html")


@get("/docs/try.js", include_in_schema=False, sync_to_thread=True)
def try_script() -> Response[bytes]:
    """Its script."""
    return _static("try.js")


@get("/docs/try.css", include_in_schema=False, sync_to_thread=True)
def try_style() -> Response[bytes]:
    """Its style."""
    return _static("try.css")


HANDLERS = (openapi_json, try_page, try_script, try_style)
