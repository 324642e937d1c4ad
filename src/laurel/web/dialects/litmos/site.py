"""One request to this dialect: its organisation with what it chose, the demand for a source, and the rate limit."""

import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard

from laurel.base.errors import Limited
from laurel.base.ids import OrganisationId
from laurel.database.pool import Transaction
from laurel.domain.feeds import pages
from laurel.domain.feeds.model import FeedFilter, FeedRow
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller, Organisation
from laurel.domain.parts import Parts
from laurel.web.callers import caller_of, require_scope
from laurel.web.dialects.litmos.errors import NO_SOURCE, TOO_MANY, SourceMissing
from laurel.web.dialects.litmos.translate import SiteSettings, Window, site_settings
from laurel.web.dialects.litmos.wire import query_of

WINDOW_SECONDS = 60.0
SOURCE_LENGTH_MAX = 50


class RollingWindow:
    """How often each organisation asked within the last minute; in this process."""

    def __init__(self) -> None:
        self._asked: dict[OrganisationId, deque[float]] = {}

    def take(self, organisation_id: OrganisationId, per_minute: int, now: float) -> None:
        """Count one request at `now` (seconds of a steady clock). Raises Limited; per_minute 0 is no limit."""
        if not per_minute:
            self._asked.pop(organisation_id, None)
            return
        asked = self._asked.setdefault(organisation_id, deque())
        while asked and asked[0] <= now - WINDOW_SECONDS:
            asked.popleft()
        if len(asked) >= per_minute:
            raise Limited(TOO_MANY, limit=per_minute, retry_after_seconds=asked[0] + WINDOW_SECONDS - now)
        asked.append(now)


_window = RollingWindow()


class Site(NamedTuple):
    """The organisation of a request, in its transaction."""

    tx: Transaction
    organisation: Organisation
    settings: SiteSettings

    @property
    def language(self) -> str:
        """In which names are shown."""
        return self.organisation.language


@asynccontextmanager
async def open_site(parts: Parts, caller: Caller) -> AsyncIterator[Site]:
    """A transaction with the organisation and its settings. Raises Limited over the rate limit."""
    async with parts.database.transaction(caller.organisation_id) as tx:
        organisation = await organisations.organisation(tx)
        settings = site_settings(organisation.settings)
        _window.take(caller.organisation_id, settings.requests_per_minute, time.monotonic())
        yield Site(tx, organisation, settings)


async def earned(site: Site, parts: Parts, caller: Caller, wanted: FeedFilter, window: Window) -> list[FeedRow]:
    """The rows of the award feed in the window that was asked for."""
    found = await pages.page(
        site.tx,
        caller.identity,
        wanted,
        start=window.start,
        limit=window.limit,
        language=site.language,
        now=parts.clock.now(),
    )
    return list(found)


def permits(scope: str) -> Guard:
    """A guard: the key is known and holds `scope`, and the request names its source."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        require_scope(await caller_of(connection.scope), scope)
        source = query_of(Request(connection.scope)).get("source", "")
        if not 0 < len(source) <= SOURCE_LENGTH_MAX:
            raise SourceMissing(NO_SOURCE, field="source", limit=SOURCE_LENGTH_MAX)

    return guard
