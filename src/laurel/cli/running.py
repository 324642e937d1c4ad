"""What every command needs: settings, the opened parts, the organisation that is meant.

The application is imported when it is opened: reading a command's options does not need it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from rich.console import Console

from laurel.cli.endings import Exit, end
from laurel.database.migrate import current_revision, known_revisions, migrate
from laurel.domain.organisations import store
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.outside import logs
from laurel.settings import Settings, read_settings, wants_colour_logs

console = Console()

OrganisationOption = Annotated[
    str | None, typer.Option("--organisation", "-o", help="Its slug or id; needed when there are several.")
]


def settings_of_command() -> Settings:
    """The settings, with logs going where they say."""
    settings = read_settings()
    logs.configure(level=settings.log_level, coloured=wants_colour_logs(settings))
    return settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Parts]:
    """The parts for one command, beside a running server or without one."""
    from laurel import application

    embedded = application.open_embedded(settings, must_own=False)
    try:
        url = embedded.start() if embedded else settings.database_url or ""
        if await current_revision(url) != known_revisions()[-1]:
            await migrate(url)
        async with application.open_parts(settings, url) as parts:
            yield parts
    finally:
        if embedded:
            embedded.stop()


def with_parts(command: Callable[[Parts], Awaitable[None]]) -> None:
    """Run `command` with the opened parts."""

    async def run() -> None:
        async with opened(settings_of_command()) as parts:
            await command(parts)

    asyncio.run(run())


def with_organisation(wanted: str | None, command: Callable[[Parts, Organisation], Awaitable[None]]) -> None:
    """Run `command` with the opened parts and the organisation that is meant."""

    async def run(parts: Parts) -> None:
        await command(parts, await chosen(parts, wanted))

    with_parts(run)


async def chosen(parts: Parts, wanted: str | None) -> Organisation:
    """The organisation of this slug or id, or the only one there is."""
    async with parts.database.every_organisation() as tx:
        if wanted is not None:
            found = await store.organisation_by_slug_or_uid(tx, wanted)
            if found is None:
                end(Exit.REFUSED, f"there is no organisation {wanted}.")
            return found
        known = await store.organisations(tx)
    if len(known) != 1:
        end(Exit.USAGE, f"there are {len(known)} organisations: say which with --organisation.")
    return known[0]
