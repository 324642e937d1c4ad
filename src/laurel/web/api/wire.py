"""What the modules of our own API share: the base of request bodies and how our API refuses and authenticates."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar.types import ControllerRouterHandler
from msgspec import UnsetType

from laurel.web.callers import OWN_SPELLINGS, by_api_key
from laurel.web.hot_routes import HotTable
from laurel.web.problems import render_problem
from laurel.web.surfaces import Surface


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every request body: a field that we do not know is an error, not a silence."""


def given(body: Body) -> dict[str, Any]:
    """The fields that a body names."""
    return {
        field: value for field in body.__struct_fields__ if not isinstance(value := getattr(body, field), UnsetType)
    }


def own_surface(handlers: Sequence[ControllerRouterHandler], hot: HotTable) -> Surface:
    """Our API and the operator's routes: everything that no other surface claims."""
    return Surface(
        name="api",
        prefixes=("",),
        handlers=handlers,
        hot=hot,
        render_error=render_problem,
        authenticate=by_api_key(OWN_SPELLINGS),
    )
