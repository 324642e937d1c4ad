"""Commands about who may do what: keys and accounts."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from laurel.base.times import parse_time, render_time
from laurel.cli.running import OrganisationOption, console, with_organisation
from laurel.domain.organisations import audit, keys, sign_in, tenancy
from laurel.domain.organisations.accounts import store as account_store
from laurel.domain.organisations.api_keys import store as api_keys
from laurel.domain.organisations.keys import KeyWish
from laurel.domain.organisations.model import ApiKey, Organisation
from laurel.domain.parts import Parts
from laurel.domain.single_sign_on import providers

keys_commands = typer.Typer(no_args_is_help=True, help="API keys.")
accounts = typer.Typer(no_args_is_help=True, help="Who runs an organisation through the console.")


@keys_commands.command("create")
def create_key(
    name: str,
    organisation: OrganisationOption = None,
    scope: Annotated[list[str] | None, typer.Option(help="May be given several times; every scope without.")] = None,
    department: Annotated[str | None, typer.Option(help="The id of the department that it is bound to.")] = None,
    expires_at: Annotated[str | None, typer.Option(help="When it runs out, as 2027-01-31T00:00:00Z.")] = None,
) -> None:
    """Make an API key and print it once."""

    async def command(parts: Parts, found: Organisation) -> None:
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

    with_organisation(organisation, command)


@keys_commands.command("list")
def list_keys(organisation: OrganisationOption = None) -> None:
    """List the API keys; the secrets are nowhere."""

    async def command(parts: Parts, found: Organisation) -> None:
        table = Table("id", "name", "scopes", "state", "last used", "made")
        async with parts.database.transaction(found.id) as tx:
            for key in await api_keys.page(tx, after=0, limit=10_000):
                last = render_time(key.last_used_at) if key.last_used_at else "never"
                state = _state(key, parts.clock.now())
                table.add_row(key.uid, key.name, " ".join(key.scopes), state, last, render_time(key.created_at))
        console.print(table)

    with_organisation(organisation, command)


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None:
        return f"{'runs' if now < key.expires_at else 'ran'} out {key.expires_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    return "valid"


@keys_commands.command("revoke")
def revoke_key(key: str, organisation: OrganisationOption = None) -> None:
    """Take a key, named by its id, out of use; running servers follow within a second."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            await keys.revoke(tx, key, by=audit.COMMAND_LINE, now=parts.clock.now())
        print(f"Revoked {key}.")

    with_organisation(organisation, command)


@keys_commands.command("rotate")
def rotate_key(
    key: str,
    organisation: OrganisationOption = None,
    overlap_hours: Annotated[float, typer.Option(min=0, help="How long the old key still works.")] = 24,
) -> None:
    """Make a successor with the same rights, printed once; the old key runs out after the overlap."""

    async def command(parts: Parts, found: Organisation) -> None:
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

    with_organisation(organisation, command)


# ----------------------------------------------------------------------------------------------------------- accounts
PasswordOption = Annotated[
    str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when absent.")
]


@accounts.command("create")
def create_account(
    email: str,
    password: PasswordOption,
    name: Annotated[str, typer.Option(help="What to call them; the address without it.")] = "",
    role: Annotated[str, typer.Option(help="viewer, moderator, manager, admin or owner.")] = "viewer",
    organisation: OrganisationOption = None,
) -> None:
    """Make an account that signs in with a password."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            made = await sign_in.add_account(
                tx,
                email=email,
                name=name or email,
                role=role,
                password=password,
                by=audit.COMMAND_LINE,
                now=parts.clock.now(),
            )
        print(f"Made {made.email} ({made.role}, {made.uid}).")

    with_organisation(organisation, command)


@accounts.command("list")
def list_accounts(organisation: OrganisationOption = None) -> None:
    """List the accounts."""

    async def command(parts: Parts, found: Organisation) -> None:
        table = Table("id", "e-mail", "name", "role", "made")
        async with parts.database.transaction(found.id) as tx:
            for known in await account_store.page(tx, after=0, limit=1_000):
                table.add_row(known.uid, known.email, known.name, known.role, render_time(known.created_at))
        console.print(table)

    with_organisation(organisation, command)


@accounts.command("password")
def change_password(account: str, password: PasswordOption, organisation: OrganisationOption = None) -> None:
    """Give an account, named by its id or e-mail address, a new password."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            known = await account_store.find_with_hash(tx, account.lower())
            await sign_in.change_account(
                tx,
                known[0].uid if known else account,
                password=password,
                by=audit.COMMAND_LINE,
                now=parts.clock.now(),
            )
        print("Changed.")

    with_organisation(organisation, command)


@accounts.command("allow-passwords")
def allow_passwords(organisation: OrganisationOption = None) -> None:
    """Let passwords open the console again, as when the identity provider does not answer any more."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            await providers.allow_passwords(tx, by=audit.COMMAND_LINE, now=parts.clock.now())
        print(f"Passwords open the console of {found.name}.")

    with_organisation(organisation, command)


@accounts.command("remove")
def remove_account(account: str, organisation: OrganisationOption = None) -> None:
    """Remove an account, named by its id; revoke the keys that act as it apart from this."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            await sign_in.remove_account(tx, account, by=audit.COMMAND_LINE, now=parts.clock.now())
        print(f"Removed {account}.")

    with_organisation(organisation, command)
