"""The service description of the Open Badges API: an OpenAPI document with what 1EdTech adds to it.

Source: Open Badges 3.0, section 6.2 (service description document).
"""

from collections.abc import Mapping
from typing import Any

import laurel
from laurel.domain.parts import Parts

_ERRORS = {
    "400": "the request is not valid",
    "401": "no valid access token",
    "403": "the access token lacks the scope",
    "default": "an imsx_StatusInfo that says what went wrong",
}


def own_texts(parts: Parts) -> dict[str, str]:
    """Where terms and privacy policy are, by the names of service descriptions: the operator's, or pages of ours."""
    return {
        "termsOfService": parts.terms_url or f"{parts.public_url}/terms",
        "x-imssf-privacyPolicyUrl": parts.privacy_url or f"{parts.public_url}/privacy",
    }


def discovery_of(parts: Parts, base: str, scopes: Mapping[str, str]) -> dict[str, Any]:
    """The document."""
    public_url = parts.public_url
    scope = {name.rpartition("/")[2]: name for name in scopes if "/ob/" in name}
    page = [
        _query("limit", "how many at most", {"type": "integer", "minimum": 1}),
        _query("offset", "how many to pass over", {"type": "integer", "minimum": 0}),
        _query("since", "only what was issued or put here later", {"type": "string", "format": "date-time"}),
    ]
    listing = _schema_of({"credential": {"type": "array"}, "compactJwsString": {"type": "array"}})
    return {
        "openapi": "3.0.1",
        "info": {
            "title": "Laurel",
            "version": laurel.__version__,
            "description": "Open Badges 3.0 API",
            **own_texts(parts),
        },
        "servers": [{"url": f"{public_url}{base}"}],
        "paths": {
            "/discovery": {"get": _operation("getServiceDescription", None, "this document", {"type": "object"})},
            "/credentials": {
                "get": {
                    **_operation("getCredentials", scope["credential.readonly"], "credentials of the person", listing),
                    "parameters": page,
                },
                "post": _operation(
                    "upsertCredential", scope["credential.upsert"], "replaced; 201 when new", {"type": "object"}
                ),
            },
            "/profile": {
                "get": _operation("getProfile", scope["profile.readonly"], "the profile", {"type": "object"}),
                "put": _operation("putProfile", scope["profile.update"], "the new profile", {"type": "object"}),
            },
        },
        "components": {
            "securitySchemes": {
                "OAuth2ACG": {
                    "type": "oauth2",
                    "x-imssf-name": "Laurel",
                    "x-imssf-registrationUrl": f"{public_url}/oauth/register",
                    "flows": {
                        "authorizationCode": {
                            "authorizationUrl": f"{public_url}/oauth/authorize",
                            "tokenUrl": f"{public_url}/oauth/token",
                            "refreshUrl": f"{public_url}/oauth/token",
                            "scopes": dict(scopes),
                        }
                    },
                }
            }
        },
    }


def _operation(name: str, scope: str | None, answer: str, schema: dict[str, Any]) -> dict[str, Any]:
    good = {"description": answer, "content": {"application/json": {"schema": schema}}}
    operation: dict[str, Any] = {
        "operationId": name,
        "responses": {"200": good, **{status: {"description": text} for status, text in _ERRORS.items()}},
    }
    if scope is not None:
        operation["security"] = [{"OAuth2ACG": [scope]}]
    return operation


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _schema_of(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}
