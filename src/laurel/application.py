"""The composition root: settings in, running parts out. Knows every part and holds no rules."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import structlog

from laurel.base import garbage
from laurel.database.embedded import DirectoryTaken, EmbeddedPostgres
from laurel.database.migrate import migrate
from laurel.database.pool import open_database
from laurel.domain.notifications import formats
from laurel.domain.notifications.outlets import MessageFormat
from laurel.domain.organisations import audit, tenancy
from laurel.domain.organisations.tenancy import FirstStart
from laurel.domain.parts import Parts
from laurel.outside import logs
from laurel.outside.clock import Clock, SystemClock
from laurel.outside.http import GuardedHttp
from laurel.outside.mail import FileMailer, Mailer, SmtpMailer
from laurel.outside.ports import check_port
from laurel.settings import (
    Settings,
    hand_down,
    read_secret,
    read_settings,
    share_metrics,
    shared_metrics,
    wants_colour_logs,
)
from laurel.web import health, metrics, openapi
from laurel.web.api import (
    accounts,
    achievements,
    api_keys,
    attempts,
    audit_trail,
    awards,
    challenges,
    consents,
    departments,
    designs,
    endorsement_entries,
    events,
    experience_levels,
    export_streams,
    holder_bindings,
    identity_provider,
    issued_credentials,
    leaderboards,
    logo,
    movements,
    organisation,
    own_letters,
    people,
    recorded_events,
    rewards,
    signing_keys,
    streaks,
    webhooks,
)
from laurel.web.api.wire import own_surface
from laurel.web.dialects import accredible
from laurel.web.dialects.accredible.throttle import Limits
from laurel.web.dialects.learner_profile import routes as learner_profile
from laurel.web.dialects.litmos import routes as litmos
from laurel.web.dialects.litmos.achievement_earned import AchievementEarned
from laurel.web.dialects.nudj.routes import NUDJ
from laurel.web.dialects.nudj.webhook_format import NudjFormat
from laurel.web.pages import page_surface
from laurel.web.public import credentials, hosted_badges, issuer_logo, issuers
from laurel.web.server import create_web
from laurel.web.standards import exchanges, vc_api, verdicts, xapi
from laurel.web.standards.clr_api import LEARNER_RECORDS
from laurel.web.standards.consent import OAUTH
from laurel.web.standards.open_badges_api import OPEN_BADGES
from laurel.web.standards.xapi_emission import StatementFormat
from laurel.web.surfaces import Surface
from laurel.worker.runner import CANCEL_SECONDS, Worker

_PARENT_WATCH_SECONDS = 0.5
_KILL_AFTER_SECONDS = 5  # beyond what a process takes to end by itself

log = structlog.get_logger("laurel.application")


_DEFAULT_SETTINGS = Settings()


def surfaces(settings: Settings = _DEFAULT_SETTINGS) -> list[Surface]:
    """Every surface of the server. A dialect is one line here."""
    return [
        own_surface(
            [
                *health.HANDLERS,
                *openapi.HANDLERS,
                *accounts.HANDLERS,
                *identity_provider.HANDLERS,
                *api_keys.HANDLERS,
                *consents.HANDLERS,
                *audit_trail.HANDLERS,
                *departments.HANDLERS,
                *organisation.HANDLERS,
                *logo.HANDLERS,
                *experience_levels.HANDLERS,
                *people.HANDLERS,
                *achievements.HANDLERS,
                *awards.HANDLERS,
                *events.HANDLERS,
                *recorded_events.HANDLERS,
                *rewards.HANDLERS,
                *movements.HANDLERS,
                *leaderboards.HANDLERS,
                *challenges.HANDLERS,
                *attempts.HANDLERS,
                *streaks.HANDLERS,
                *designs.HANDLERS,
                *credentials.HANDLERS,
                *issuers.HANDLERS,
                *issuer_logo.HANDLERS,
                *hosted_badges.HANDLERS,
                *signing_keys.HANDLERS,
                *issued_credentials.HANDLERS,
                *holder_bindings.HANDLERS,
                *endorsement_entries.HANDLERS,
                *own_letters.HANDLERS,
                *webhooks.HANDLERS,
                *export_streams.HANDLERS,
                *verdicts.HANDLERS,
                *vc_api.HANDLERS,
                *exchanges.HANDLERS,
            ],
            hot={**events.HOT, **credentials.HOT},
        ),
        OAUTH,
        OPEN_BADGES,
        LEARNER_RECORDS,
        NUDJ,
        learner_profile.surface(settings.learner_profile_organisation),
        litmos.surface(),
        xapi.surface(),
        accredible.surface(Limits(settings.accredible_requests_max, settings.accredible_searches_max)),
        page_surface.SURFACE,
    ]


def message_formats() -> dict[str, MessageFormat]:
    """How webhook endpoints may ask to be told, by name. A dialect or standard is one line here."""
    return {
        formats.OWN: formats.OwnFormat(),
        "litmos": AchievementEarned(),
        "nudj": NudjFormat(),
        "xapi": StatementFormat(),
    }


@asynccontextmanager
async def open_parts(settings: Settings, database_url: str, clock: Clock | None = None) -> AsyncIterator[Parts]:
    """The parts that web and worker share, closed on the way out. Raises Unavailable, SettingsError."""
    database = await open_database(database_url, connections_max=settings.database_connections)
    http = GuardedHttp(settings.outgoing_networks)
    clock = clock or SystemClock()
    try:
        yield Parts(
            database=database,
            clock=clock,
            public_url=settings.public_url,
            pepper=read_secret(settings, "pepper"),
            master_key=read_secret(settings, "master_key"),
            http=http,
            mailer=_mailer(settings, clock),
            message_formats=message_formats(),
            terms_url=settings.terms_url,
            privacy_url=settings.privacy_url,
        )
    finally:
        await http.close()
        await database.close()


def _mailer(settings: Settings, clock: Clock) -> Mailer:
    if settings.smtp_url is None:
        return FileMailer(settings.data_dir / "mail", settings.mail_from, clock)
    return SmtpMailer(settings.smtp_url, settings.mail_from, clock, settings.bounce_address)


class ServerProcess:
    """One serving process as ASGI sees it: opens its parts at start-up, runs jobs beside, closes at shutdown."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        self._settings = settings
        self._database_url = database_url
        self._web: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The lifespan, or one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._web(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        async with open_parts(self._settings, self._database_url) as parts:
            self._web = create_web(parts, surfaces(self._settings), trusted_proxies=self._settings.trusted_proxies)
            garbage.leave_alone_what_is_there()
            watch = asyncio.create_task(_end_with_parent(os.getppid()))
            worker = Worker(parts)
            jobs = asyncio.create_task(worker.run()) if self._settings.jobs_in_server else None
            told_to_stop = _told_to_stop()
            await send({"type": "lifespan.startup.complete"})
            answered = asyncio.create_task(receive())  # lifespan.shutdown comes when every request has its answer
            await asyncio.wait({answered, told_to_stop}, return_when=asyncio.FIRST_COMPLETED)
            watch.cancel()
            stopping = {answered}
            if jobs is not None:
                patience = self._settings.stop_seconds
                stopping.add(asyncio.create_task(worker.stop(patience_seconds=patience, task=jobs)))
            await _all_of(stopping, self._settings.stop_seconds)
        await send({"type": "lifespan.shutdown.complete"})


def _told_to_stop() -> "asyncio.Future[None]":
    """Done at SIGTERM, which the main process sends at any stop. The HTTP server, which says nothing of it before the last
    connection is gone, gets it passed on as SIGINT, for which its own handler stays.
    """
    loop = asyncio.get_running_loop()
    told: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not told.done():
            told.set_result(None)
        os.kill(os.getpid(), signal.SIGINT)

    loop.add_signal_handler(signal.SIGTERM, tell)
    return told


async def _all_of(stopping: set["asyncio.Task[Any]"], patience_seconds: float) -> None:
    """Wait for what stops. A client that neither sends its request nor reads its answer to the end does not hold the process:
    it ends without, and the database undoes what was begun.
    """
    _, late = await asyncio.wait(stopping, timeout=patience_seconds + CANCEL_SECONDS)
    if late:
        log.warning("what still runs is broken off", patience_seconds=patience_seconds)
        os._exit(0)


async def _end_with_parent(parent: int) -> None:
    """Stop this process when the one that started it is gone (killed, it cannot tell us)."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody sets an event when a process dies
        await asyncio.sleep(_PARENT_WATCH_SECONDS)
    log.error("the main process is gone, this one ends too")
    os.kill(os.getpid(), signal.SIGKILL)


def asgi() -> ServerProcess:
    """What each serving process loads; its settings were handed down by the main process."""
    garbage.look_rarely()
    settings = read_settings()
    if shared_metrics():
        metrics.share_between_processes()
    logs.configure(level=settings.log_level, coloured=wants_colour_logs(settings))
    return ServerProcess(settings, settings.database_url or "")


def open_embedded(settings: Settings, *, must_own: bool) -> EmbeddedPostgres | None:
    """The embedded server when the settings ask for it. Raises Unavailable; DirectoryTaken when `must_own` and another
    process serves from the directory.
    """
    if not settings.embedded:
        return None
    server = EmbeddedPostgres(settings.data_dir.resolve())
    server.take()
    if must_own and not server.owned:
        raise DirectoryTaken(
            f"another Laurel serves from {settings.data_dir.resolve()} already; stop it or set LAUREL_DATA_DIR."
        )
    return server


async def _prepare(settings: Settings, database_url: str) -> FirstStart | None:
    await migrate(database_url)
    async with open_parts(settings, database_url) as parts:
        first = await tenancy.prepare(
            parts.database, pepper=parts.pepper, bootstrap_key=settings.bootstrap_key, now=parts.clock.now()
        )
        if first is not None:
            await parts.issuer.make_keys(first.organisation.id, by=audit.START_UP)
        return first


def serve(settings: Settings, *, on_ready: Callable[[Settings, FirstStart | None], None]) -> None:
    """Serve until told to stop: database, migrations and first start here, requests in `settings.workers` processes.

    Raises PortTaken, DirectoryTaken, SettingsError, LaurelError with one sentence when it cannot begin.
    """
    check_port(settings.host, settings.port)
    embedded = open_embedded(settings, must_own=True)
    try:
        url = embedded.start() if embedded else settings.database_url or ""
        first = asyncio.run(_prepare(settings, url))
        handed = _handed_down(settings, url)
        hand_down(handed)
        with tempfile.TemporaryDirectory(prefix="laurel-metrics-") as metrics_directory:
            if settings.workers > 1:
                share_metrics(Path(metrics_directory))
            on_ready(settings, first)
            _run_processes(settings)
    finally:
        if embedded:
            embedded.stop()


def _handed_down(settings: Settings, database_url: str) -> Settings:
    """The settings of a serving process: the database as it is reached, secrets by where they lie."""
    changes: dict[str, Any] = {"database_url": database_url, "bootstrap_key": None}
    if settings.embedded:
        for name in ("pepper", "master_key"):
            if getattr(settings, name) is None:
                read_secret(settings, name)
                changes[name] = f"file:{settings.data_dir.resolve() / 'secrets' / name}"
    return msgspec.structs.replace(settings, data_dir=settings.data_dir.resolve(), **changes)


def _run_processes(settings: Settings) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "laurel.application:asgi",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=settings.stop_seconds + _KILL_AFTER_SECONDS,
    ).serve()


async def work(settings: Settings, database_url: str) -> None:
    """Run jobs until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_parts(settings, database_url) as parts:
        worker = Worker(parts)
        task = asyncio.create_task(worker.run())
        await stop.wait()
        await worker.stop(patience_seconds=settings.stop_seconds, task=task)
