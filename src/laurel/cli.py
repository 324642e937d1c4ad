"""The command line: what an operator types. Turns failures into one sentence and an exit code; holds no rules."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from laurel import __version__, application
from laurel.base.errors import LaurelError, Unavailable
from laurel.base.times import parse_time, render_time
from laurel.database import readiness
from laurel.database.migrate import current_revision, known_revisions, migrate
from laurel.domain.organisations import audit, keys, store, tenancy
from laurel.domain.organisations.keys import KeyWish
from laurel.domain.organisations.model import ApiKey, Organisation
from laurel.domain.parts import Parts
from laurel.outside import logs
from laurel.settings import Settings, SettingsError, read_settings, wants_colour_logs


class Exit(IntEnum):
    """How a command ends; docs/reference/commands.md says the same to operators."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    SETTINGS = 3
    PORT_TAKEN = 4
    DIRECTORY_TAKEN = 5
    UNAVAILABLE = 6
    UNHEALTHY = 7


app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Laurel, an achievement server."
)
organisations_app = typer.Typer(no_args_is_help=True, help="The organisations of this server.")
keys_app = typer.Typer(no_args_is_help=True, help="API keys.")
app.add_typer(organisations_app, name="organisations")
app.add_typer(keys_app, name="keys")
console = Console()

OrganisationOption = Annotated[
    str | None, typer.Option("--organisation", "-o", help="Its slug or id; needed when there are several.")
]


def main() -> None:
    """Run a command; a failure is one sentence on standard error and an exit code."""
    try:
        app()
    except SettingsError as failure:
        _end(Exit.SETTINGS, str(failure))
    except application.PortTaken as failure:
        _end(Exit.PORT_TAKEN, str(failure))
    except application.DirectoryTaken as failure:
        _end(Exit.DIRECTORY_TAKEN, str(failure))
    except Unavailable as failure:
        _end(Exit.UNAVAILABLE, failure.message)
    except LaurelError as failure:
        _end(Exit.REFUSED, failure.message)


def _end(code: Exit, sentence: str) -> NoReturn:
    print(f"laurel: {sentence}", file=sys.stderr)
    sys.exit(code)


def _settings() -> Settings:
    settings = read_settings()
    logs.configure(level=settings.log_level, coloured=wants_colour_logs(settings))
    return settings


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Parts]:
    """The parts for one command, beside a running server or without one."""
    embedded = application.open_embedded(settings, must_own=False)
    try:
        url = embedded.start() if embedded else settings.database_url or ""
        revision = await current_revision(url)
        if revision != known_revisions()[-1]:
            await migrate(url)
        async with application.open_parts(settings, url) as parts:
            yield parts
    finally:
        if embedded:
            embedded.stop()


def _with_parts(command: Callable[[Parts], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with _opened(_settings()) as parts:
            await command(parts)

    asyncio.run(run())


async def _chosen(parts: Parts, wanted: str | None) -> Organisation:
    async with parts.database.every_organisation() as tx:
        if wanted is not None:
            found = await store.organisation_by_slug_or_uid(tx, wanted)
            if found is None:
                _end(Exit.REFUSED, f"there is no organisation {wanted}.")
            return found
        known = await store.organisations(tx)
    if len(known) != 1:
        _end(Exit.USAGE, f"there are {len(known)} organisations: say which with --organisation.")
    return known[0]


# ----------------------------------------------------------------------------------------------------------- processes
@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Overrides LAUREL_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Overrides LAUREL_PORT.")] = None,
) -> None:
    """Serve HTTP and run jobs until told to stop. Prepares the database first."""
    settings = _settings()
    if host is not None or port is not None:
        settings = settings.listening_on(host or settings.host, port or settings.port)
    application.serve(settings, on_ready=_announce)


def _announce(settings: Settings, first: tenancy.FirstStart | None) -> None:
    base = settings.public_url
    if first is not None:
        key = first.key.text
        print(
            f"""
This is the first start. Laurel made the organisation "{first.organisation.name}" with

  administrator  {first.administrator.email}   password {first.password}
  API key        {key}

Both are shown only now. To try it:

  curl -s {base}/api/v1/organisation -H 'Authorization: Bearer {key}'
  curl -s {base}/api/v1/keys -H 'Authorization: Bearer {key}'
  curl -s {base}/api/v1/departments -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
       -d '{{"name": "Evening school"}}'
""",
            flush=True,
        )
    print(f"Laurel {__version__} serves on {base} (API by hand: {base}/docs); stop it with Ctrl-C.", flush=True)


@app.command()
def worker() -> None:
    """Run jobs apart from the server (which then has LAUREL_JOBS_IN_SERVER=false)."""
    settings = _settings()
    embedded = application.open_embedded(settings, must_own=False)
    try:
        url = embedded.start() if embedded else settings.database_url or ""
        asyncio.run(application.work(settings, url))
    finally:
        if embedded:
            embedded.stop()


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database to this version's schema."""
    settings = _settings()
    embedded = application.open_embedded(settings, must_own=False)
    try:
        changed = asyncio.run(migrate(embedded.start() if embedded else settings.database_url or ""))
    finally:
        if embedded:
            embedded.stop()
    newest = known_revisions()[-1]
    print(f"The database is now at revision {newest}." if changed else f"Nothing to do: revision {newest}.")


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


@app.command()
def doctor() -> None:
    """Check this deployment and say what to do."""
    settings = _settings()
    findings: list[tuple[bool, str]] = []

    async def check(parts: Parts) -> None:
        found = await readiness.look(parts.database)
        findings.append((True, f"PostgreSQL {found.server_version} answers"))
        shortcomings = found.shortcomings()
        findings.extend((False, shortcoming) for shortcoming in shortcomings)
        if not shortcomings:
            findings.append((True, f"schema at revision {found.revision}, {found.jobs_queued} jobs waiting"))
        if found.jobs_failed:
            findings.append((False, f"{found.jobs_failed} jobs failed for good: see the log for `a job failed`"))
        async with parts.database.every_organisation() as tx:
            count = len(await store.organisations(tx))
        findings.append(
            (count > 0, f"{count} organisations" if count else "no organisation: `laurel organisations create`")
        )

    _with_parts(check)
    if settings.embedded:
        findings.append((True, f"embedded PostgreSQL under {settings.data_dir.resolve()}: back this directory up"))
    else:
        for name in ("pepper", "master_key"):
            findings.append((getattr(settings, name) is not None, f"LAUREL_{name.upper()} comes from outside"))
    local = settings.public_url.startswith(("http://127.", "http://localhost", "http://[::1]"))
    if settings.public_url.startswith("http://") and not local:
        findings.append((False, "LAUREL_PUBLIC_URL is plain http: put TLS in front and use its https address"))
    for good, sentence in findings:
        print(f"{'ok  ' if good else 'LOOK'}  {sentence}")
    if not all(good for good, _ in findings):
        raise typer.Exit(Exit.UNHEALTHY)


# ------------------------------------------------------------------------------------------------------ organisations
@organisations_app.command("create")
def create_organisation(
    name: str,
    slug: Annotated[str | None, typer.Option(help="Part of addresses; made from the name.")] = None,
    time_zone: Annotated[str, typer.Option(help="Where its days and weeks begin.")] = "UTC",
    language: Annotated[str, typer.Option(help="Its main language.")] = "en",
    email: Annotated[str | None, typer.Option(help="Its address for questions.")] = None,
) -> None:
    """Make an organisation and a key for it, printed once."""

    async def command(parts: Parts) -> None:
        now = parts.clock.now()
        async with parts.database.every_organisation() as tx:
            made = await tenancy.add_organisation(
                tx, name=name, slug=slug, time_zone=time_zone, language=language, email=email, now=now
            )
        async with parts.database.transaction(made.id) as tx:
            wish = KeyWish(name="First key")
            issued = await keys.issue(tx, pepper=parts.pepper, wish=wish, by=audit.COMMAND_LINE, now=now)
        print(f"Made {made.name} ({made.slug}, {made.uid}).\nIts first key, shown only now: {issued.text}")

    _with_parts(command)


@organisations_app.command("list")
def list_organisations() -> None:
    """List the organisations."""

    async def command(parts: Parts) -> None:
        table = Table("slug", "id", "name", "time zone", "made")
        async with parts.database.every_organisation() as tx:
            for known in await store.organisations(tx):
                table.add_row(known.slug, known.uid, known.name, known.time_zone, render_time(known.created_at))
        console.print(table)

    _with_parts(command)


@organisations_app.command("show")
def show_organisation(organisation: OrganisationOption = None) -> None:
    """Show one organisation."""

    async def command(parts: Parts) -> None:
        found = await _chosen(parts, organisation)
        for field in ("name", "slug", "uid", "description", "url", "email", "time_zone", "language"):
            print(f"{field:<12} {getattr(found, field) or ''}")
        async with parts.database.transaction(found.id) as tx:
            for department in await store.departments(tx, after=0, limit=1_000):
                print(f"{'department':<12} {department.name} ({department.uid})")

    _with_parts(command)


# --------------------------------------------------------------------------------------------------------------- keys
@keys_app.command("create")
def create_key(
    name: str,
    organisation: OrganisationOption = None,
    scope: Annotated[list[str] | None, typer.Option(help="May be given several times; every scope without.")] = None,
    department: Annotated[str | None, typer.Option(help="The id of the department that it is bound to.")] = None,
    expires_at: Annotated[str | None, typer.Option(help="When it runs out, as 2027-01-31T00:00:00Z.")] = None,
) -> None:
    """Make an API key and print it once."""

    async def command(parts: Parts) -> None:
        found = await _chosen(parts, organisation)
        async with parts.database.transaction(found.id) as tx:
            bound_to = await tenancy.find_department(tx, department, audit.COMMAND_LINE) if department else None
            wish = KeyWish(
                name=name,
                scopes=tuple(scope or ["*"]),
                department_id=bound_to.id if bound_to else None,
                expires_at=parse_time(expires_at, "expires_at") if expires_at else None,
            )
            issued = await keys.issue(tx, pepper=parts.pepper, wish=wish, by=audit.COMMAND_LINE, now=parts.clock.now())
        print(issued.text)

    _with_parts(command)


@keys_app.command("list")
def list_keys(organisation: OrganisationOption = None) -> None:
    """List the API keys; the secrets are nowhere."""

    async def command(parts: Parts) -> None:
        found = await _chosen(parts, organisation)
        table = Table("id", "name", "scopes", "state", "last used", "made")
        async with parts.database.transaction(found.id) as tx:
            for key in await store.keys(tx, after=0, limit=10_000):
                last = render_time(key.last_used_at) if key.last_used_at else "never"
                state = _state(key, parts.clock.now())
                table.add_row(key.uid, key.name, " ".join(key.scopes), state, last, render_time(key.created_at))
        console.print(table)

    _with_parts(command)


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None:
        return f"{'runs' if now < key.expires_at else 'ran'} out {key.expires_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    return "valid"


@keys_app.command("revoke")
def revoke_key(key: str, organisation: OrganisationOption = None) -> None:
    """Take a key, named by its id, out of use; running servers follow within a second."""

    async def command(parts: Parts) -> None:
        found = await _chosen(parts, organisation)
        async with parts.database.transaction(found.id) as tx:
            await keys.revoke(tx, key, by=audit.COMMAND_LINE, now=parts.clock.now())
        print(f"Revoked {key}.")

    _with_parts(command)


@keys_app.command("rotate")
def rotate_key(
    key: str,
    organisation: OrganisationOption = None,
    overlap_hours: Annotated[float, typer.Option(min=0, help="How long the old key still works.")] = 24,
) -> None:
    """Make a successor with the same rights, printed once; the old key runs out after the overlap."""

    async def command(parts: Parts) -> None:
        found = await _chosen(parts, organisation)
        async with parts.database.transaction(found.id) as tx:
            issued = await keys.rotate(
                tx,
                key,
                pepper=parts.pepper,
                overlap=timedelta(hours=overlap_hours),
                by=audit.COMMAND_LINE,
                now=parts.clock.now(),
            )
        print(issued.text)

    _with_parts(command)


if __name__ == "__main__":
    main()
