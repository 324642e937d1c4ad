"""Commands about organisations, departments and people."""

from typing import Annotated

import typer
from rich.table import Table

from laurel.base.times import render_time
from laurel.cli.running import OrganisationOption, console, with_organisation, with_parts
from laurel.domain.organisations import audit, keys, store, tenancy
from laurel.domain.organisations.keys import KeyWish
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.people import registry
from laurel.domain.people import store as people_store
from laurel.domain.people.known_as import store as known_as
from laurel.domain.people.model import EXTERNAL
from laurel.domain.people.registry import Details

organisations = typer.Typer(no_args_is_help=True, help="The organisations of this server.")
departments = typer.Typer(no_args_is_help=True, help="The departments (communities) of an organisation.")
people = typer.Typer(no_args_is_help=True, help="Who can earn.")
_LISTED_MAX = 1_000


@organisations.command("create")
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
        await parts.issuer.make_keys(made.id, by=audit.COMMAND_LINE)
        print(f"Made {made.name} ({made.slug}, {made.uid}).\nIts first key, shown only now: {issued.text}")

    with_parts(command)


@organisations.command("list")
def list_organisations() -> None:
    """List the organisations."""

    async def command(parts: Parts) -> None:
        table = Table("slug", "id", "name", "time zone", "made")
        async with parts.database.every_organisation() as tx:
            for known in await store.organisations(tx):
                table.add_row(known.slug, known.uid, known.name, known.time_zone, render_time(known.created_at))
        console.print(table)

    with_parts(command)


@organisations.command("show")
def show_organisation(organisation: OrganisationOption = None) -> None:
    """Show one organisation."""

    async def command(parts: Parts, found: Organisation) -> None:
        for field in ("name", "slug", "uid", "description", "url", "email", "time_zone", "language"):
            print(f"{field:<12} {getattr(found, field) or ''}")
        async with parts.database.transaction(found.id) as tx:
            for department in await store.departments(tx, after=0, limit=_LISTED_MAX):
                print(f"{'department':<12} {department.name} ({department.uid})")

    with_organisation(organisation, command)


# -------------------------------------------------------------------------------------------------------- departments
@departments.command("create")
def create_department(name: str, organisation: OrganisationOption = None) -> None:
    """Make a department."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            made = await tenancy.add_department(tx, name=name, by=audit.COMMAND_LINE, now=parts.clock.now())
        print(f"Made {made.name} ({made.slug}, {made.uid}).")

    with_organisation(organisation, command)


@departments.command("list")
def list_departments(organisation: OrganisationOption = None) -> None:
    """List the departments."""

    async def command(parts: Parts, found: Organisation) -> None:
        table = Table("id", "slug", "name", "default", "made")
        async with parts.database.transaction(found.id) as tx:
            for known in await store.departments(tx, after=0, limit=_LISTED_MAX):
                default = "yes" if known.is_default else ""
                table.add_row(known.uid, known.slug, known.name, default, render_time(known.created_at))
        console.print(table)

    with_organisation(organisation, command)


@departments.command("remove")
def remove_department(department: str, organisation: OrganisationOption = None) -> None:
    """Remove a department, named by its id; what refers to it keeps its reference."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            await tenancy.remove_department(tx, department, by=audit.COMMAND_LINE, now=parts.clock.now())
        print(f"Removed {department}.")

    with_organisation(organisation, command)


# ------------------------------------------------------------------------------------------------------------- people
@people.command("create")
def create_person(
    organisation: OrganisationOption = None,
    email: Annotated[str | None, typer.Option(help="Their address.")] = None,
    external_id: Annotated[str | None, typer.Option(help="Their id in your systems.")] = None,
    name: Annotated[str, typer.Option(help="What to call them.")] = "",
) -> None:
    """Make a person."""

    async def command(parts: Parts, found: Organisation) -> None:
        now = parts.clock.now()
        identifiers = {EXTERNAL: external_id} if external_id else {}
        async with parts.database.transaction(found.id) as tx:
            made = await registry.create(tx, Details(email=email, display_name=name), identifiers, now=now)
            subject = ("person", made.uid)
            await audit.record(tx, at=now, by=audit.COMMAND_LINE, action="person.create", subject=subject)
        print(f"Made {made.full_name} ({made.uid}).")

    with_organisation(organisation, command)


@people.command("show")
def show_person(person: str, organisation: OrganisationOption = None) -> None:
    """Show one person, named by id, e-mail address or external id."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            one = await registry.named(tx, person)
            identifiers = (await known_as.of_people(tx, [one.id])).get(one.id, {})
        for field in ("uid", "email", "first_name", "last_name", "display_name", "time_zone", "language"):
            print(f"{field:<12} {getattr(one, field) or ''}")
        for kind, value in sorted(identifiers.items()):
            print(f"{kind:<12} {value}")

    with_organisation(organisation, command)


@people.command("list")
def list_people(
    organisation: OrganisationOption = None,
    limit: Annotated[int, typer.Option(min=1, max=_LISTED_MAX, help="How many at most.")] = 50,
) -> None:
    """List the newest people."""

    async def command(parts: Parts, found: Organisation) -> None:
        table = Table("id", "e-mail", "name", "made")
        async with parts.database.transaction(found.id) as tx:
            for known in await people_store.list_newest(tx, None, limit):
                table.add_row(known.uid, known.email or "", known.full_name, render_time(known.created_at))
        console.print(table)

    with_organisation(organisation, command)


@people.command("remove")
def remove_person(person: str, organisation: OrganisationOption = None) -> None:
    """Remove a person, named by id: address and identifiers are free again, what was earned stays."""

    async def command(parts: Parts, found: Organisation) -> None:
        now = parts.clock.now()
        async with parts.database.transaction(found.id) as tx:
            await registry.delete(tx, await registry.require(tx, person), now=now)
            subject = ("person", person)
            await audit.record(tx, at=now, by=audit.COMMAND_LINE, action="person.delete", subject=subject)
        print(f"Removed {person}.")

    with_organisation(organisation, command)
