"""The surface: every route of the service under its base path, who may call it, and how it refuses."""

import time
from typing import Any

from litestar import Response, Router
from litestar.response import Redirect
from litestar.types import Scope

from laurel.base.errors import Unauthenticated
from laurel.base.ids import OrganisationId
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller
from laurel.domain.parts import Parts
from laurel.web.callers import REMEMBERED_SECONDS, Spelling, by_api_key, presented_key
from laurel.web.dialects.learner_profile import (
    routes_achievements,
    routes_elsewhere,
    routes_goals,
    routes_learners,
    routes_profiles,
)
from laurel.web.dialects.learner_profile.errors import render_error
from laurel.web.dialects.learner_profile.incoming import AnyRequest
from laurel.web.surfaces import Authenticate, Surface

SERVICE = "/learner-profile-service"
BASE = f"{SERVICE}/api/v1"
_KEY_PREFIX = "lrl_"
_GATEWAY_SCOPES = frozenset({"people:write", "profiles:write", "achievements:write", "awards:write"})


def surface(gateway_organisation: str | None = None) -> Surface:
    """The service. With the uid of an organisation its requests need no key of ours: a gateway in front has seen to
    that, and whoever comes through it acts for that organisation.
    """
    handlers = [
        *routes_achievements.HANDLERS,
        *routes_learners.HANDLERS,
        *routes_profiles.HANDLERS,
        *routes_goals.HANDLERS,
        *routes_elsewhere.HANDLERS,
    ]
    router = Router(BASE, route_handlers=handlers, before_request=_without_trailing_slash, include_in_schema=False)
    return Surface(
        name="learner_profile",
        prefixes=(SERVICE, "/ping"),
        handlers=[router, routes_elsewhere.ping],
        render_error=render_error,
        authenticate=_authenticate(gateway_organisation),
    )


def _without_trailing_slash(request: AnyRequest) -> Response[Any] | None:
    """The service sends a path with a slash at its end to the one without."""
    sent: str = request.scope.get("laurel.path_as_sent", "")  # type: ignore[assignment]  # our own key, set by the edge
    if not sent.endswith("/"):
        return None
    query = request.url.query
    return Redirect(f"{request.url.path}?{query}" if query else request.url.path, status_code=307)


def _authenticate(gateway_organisation: str | None) -> Authenticate:
    by_key = by_api_key(Spelling.BEARER)
    gateway = _Gateway(gateway_organisation) if gateway_organisation else None

    async def authenticate(scope: Scope, parts: Parts) -> Caller:
        key = presented_key(scope["headers"], b"", Spelling.BEARER)
        if gateway is not None and not (key or "").startswith(_KEY_PREFIX):
            return await gateway.caller(parts)
        if key is None:
            raise Unauthenticated("Unauthorized")
        return await by_key(scope, parts)

    return authenticate


class _Gateway:
    """The caller that a gateway's requests are; its organisation is looked up again every second."""

    def __init__(self, organisation_uid: str) -> None:
        self._uid = organisation_uid
        self._known: tuple[OrganisationId, float] | None = None

    async def caller(self, parts: Parts) -> Caller:
        """Raises Unauthenticated when there is no such organisation."""
        if self._known is None or time.monotonic() >= self._known[1]:
            async with parts.database.public_lookup(self._uid) as tx:
                found = await organisations.organisation_by_slug_or_uid(tx, self._uid)
            if found is None:
                raise Unauthenticated("the organisation of the gateway does not exist")
            self._known = (found.id, time.monotonic() + REMEMBERED_SECONDS)
        return Caller(
            organisation_id=self._known[0],
            identity="gateway:learner_profile",
            actor="gateway:learner_profile",
            scopes=_GATEWAY_SCOPES,
        )
