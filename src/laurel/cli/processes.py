"""The commands that run things: serve, worker, migrate, doctor, version."""

import asyncio
from typing import Annotated

import typer

from laurel import __version__
from laurel.cli.endings import Exit
from laurel.cli.running import settings_of_command, with_parts
from laurel.database import readiness
from laurel.database.migrate import known_revisions, migrate
from laurel.domain.organisations import store, tenancy
from laurel.domain.parts import Parts
from laurel.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Overrides LAUREL_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Overrides LAUREL_PORT.")] = None,
) -> None:
    """Serve HTTP and run jobs until told to stop. Prepares the database first."""
    from laurel import application

    settings = settings_of_command()
    if host is not None or port is not None:
        settings = settings.listening_on(host or settings.host, port or settings.port)
    application.serve(settings, on_ready=_announce)


def _announce(settings: Settings, first: tenancy.FirstStart | None) -> None:
    base = settings.public_url
    if first is not None:
        own = settings.bootstrap_key is None
        key = first.key.text if own else "'$LAUREL_BOOTSTRAP_KEY'"
        print(
            f"""
This is the first start. Laurel made the organisation "{first.organisation.name}" with

  administrator  {first.administrator.email}   password {first.password}
  API key        {key if own else "the value of LAUREL_BOOTSTRAP_KEY"}

This is shown only now. Open {base}/console in a browser and sign in as the administrator, or try the API:

  curl -s {base}/api/v1/achievements -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
       -d '{{"name": "First lesson", "status": "live", "issues_credential": true,
            "queries": [{{"alias": "lessons", "event_name": "lesson.completed"}}],
            "criteria": {{"type": "count", "query": "lessons", "value": 1}}}}'
  curl -s '{base}/api/v1/events?create_people=true' -H 'Authorization: Bearer {key}' \\
       -H 'Content-Type: application/json' -d '{{"person": {{"email": "ada@example.org"}}, "name": "lesson.completed"}}'
  curl -s {base}/api/v1/people -H 'Authorization: Bearer {key}'
""",
            flush=True,
        )
    print(f"Laurel {__version__} serves on {base} (API by hand: {base}/docs); stop it with Ctrl-C.", flush=True)


def worker() -> None:
    """Run jobs apart from the server (which then has LAUREL_JOBS_IN_SERVER=false)."""
    from laurel import application

    settings = settings_of_command()
    embedded = application.open_embedded(settings, must_own=False)
    try:
        url = embedded.start() if embedded else settings.database_url or ""
        asyncio.run(application.work(settings, url))
    finally:
        if embedded:
            embedded.stop()


def migrate_command() -> None:
    """Bring the database to this version's schema."""
    from laurel import application

    settings = settings_of_command()
    embedded = application.open_embedded(settings, must_own=False)
    try:
        changed = asyncio.run(migrate(embedded.start() if embedded else settings.database_url or ""))
    finally:
        if embedded:
            embedded.stop()
    newest = known_revisions()[-1]
    print(f"The database is now at revision {newest}." if changed else f"Nothing to do: revision {newest}.")


def version() -> None:
    """Print the version."""
    print(__version__)


def doctor() -> None:
    """Check this deployment and say what to do."""
    settings = settings_of_command()
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

    with_parts(check)
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
