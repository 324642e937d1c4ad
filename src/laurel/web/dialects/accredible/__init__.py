"""The Accredible Credential API over Laurel's domain: groups are achievements, credentials are awards with documents."""

from laurel.web.callers import Spelling, by_api_key
from laurel.web.dialects.accredible import (
    batch_route,
    collection_routes,
    credential_routes,
    credential_search,
    department_routes,
    design_routes,
    document_routes,
    group_routes,
    item_routes,
    report_routes,
    settings_routes,
    sign_on_routes,
    team_routes,
)
from laurel.web.dialects.accredible.calls import handlers
from laurel.web.dialects.accredible.errors import render_error
from laurel.web.dialects.accredible.throttle import Limits
from laurel.web.surfaces import Surface

_LISTED = (
    credential_routes,
    credential_search,
    document_routes,
    item_routes,
    group_routes,
    collection_routes,
    design_routes,
    department_routes,
    settings_routes,
    team_routes,
    report_routes,
    sign_on_routes,
    batch_route,
)
"""The modules whose operations are listed by importing them."""


def surface(limits: Limits = Limits()) -> Surface:  # noqa: B008 - an immutable value
    """The surface under /v1 and /v2, with so many requests per address."""
    return Surface(
        name="accredible",
        prefixes=("/v1", "/v2"),
        handlers=handlers(limits),
        render_error=render_error,
        authenticate=by_api_key(Spelling.TOKEN | Spelling.BEARER),
    )
