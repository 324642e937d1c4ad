"""The composition root: settings in, running parts out. Knows every part and holds no rules."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog

from laurel.database.pool import open_database
from laurel.domain.parts import Parts
from laurel.outside import logs
from laurel.outside.clock import Clock, SystemClock
from laurel.settings import Settings, read_secret, read_settings, wants_colour_logs
from laurel.web import health
from laurel.web.api import organisation
from laurel.web.api.wire import own_surface
from laurel.web.server import create_web
from laurel.web.surfaces import Surface
from laurel.worker.runner import Worker

_PARENT_WATCH_SECONDS = 0.5

log = structlog.get_logger("laurel.application")


def surfaces() -> list[Surface]:
    """Every surface of the server. A dialect is one line here."""
    return [
        own_surface([*health.HANDLERS, *organisation.HANDLERS]),
    ]


@asynccontextmanager
async def open_parts(settings: Settings, database_url: str, clock: Clock | None = None) -> AsyncIterator[Parts]:
    """The parts that web and worker share, closed on the way out. Raises Unavailable, SettingsError."""
    database = await open_database(database_url, connections_max=settings.database_connections)
    try:
        yield Parts(
            database=database,
            clock=clock or SystemClock(),
            public_url=settings.public_url,
            pepper=read_secret(settings, "pepper"),
        )
    finally:
        await database.close()


class ServerProcess:
    """One serving process as ASGI sees it: opens its parts at start-up, runs jobs beside, closes at shutdown."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        self._settings = settings
        self._database_url = database_url
        self._web: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._web(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        async with open_parts(self._settings, self._database_url) as parts:
            self._web = create_web(parts, surfaces(), trusted_proxies=self._settings.trusted_proxies)
            watch = asyncio.create_task(_end_with_parent(os.getppid()))
            worker = Worker(parts)
            jobs = asyncio.create_task(worker.run()) if self._settings.jobs_in_server else None
            await send({"type": "lifespan.startup.complete"})
            await receive()
            watch.cancel()
            if jobs is not None:
                await worker.stop(patience_seconds=self._settings.stop_seconds, task=jobs)
        await send({"type": "lifespan.shutdown.complete"})


async def _end_with_parent(parent: int) -> None:
    """Stop this process when the one that started it is gone (killed, it cannot tell us)."""
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_WATCH_SECONDS)
    log.error("the main process is gone, this one ends too")
    os.kill(os.getpid(), signal.SIGKILL)


def asgi() -> ServerProcess:
    """What each serving process loads; its settings were handed down by the main process."""
    settings = read_settings()
    logs.configure(level=settings.log_level, coloured=wants_colour_logs(settings))
    return ServerProcess(settings, settings.database_url or "")
