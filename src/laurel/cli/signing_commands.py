"""Commands about the keys that sign."""

from typing import Annotated

import typer

from laurel.base.times import render_time
from laurel.cli.running import OrganisationOption, with_organisation
from laurel.domain.credentials import organisation_keys
from laurel.domain.credentials.keys.store import KeyRow
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts

_SHOWN_MAX = 20

signing_keys_commands = typer.Typer(no_args_is_help=True, help="The keys that sign credentials.")


@signing_keys_commands.command("list")
def list_signing_keys(organisation: OrganisationOption = None) -> None:
    """List the signing keys, the newest first."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            rows = await organisation_keys.listed(tx, parts.issuer.keyring, parts.clock.now())
        _show(rows)

    with_organisation(organisation, command)


@signing_keys_commands.command("rotate")
def rotate_signing_keys(organisation: OrganisationOption = None) -> None:
    """Put new keys in the place of the active ones; what those signed stays good."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            now = parts.clock.now()
            _show(await organisation_keys.rotate(tx, parts.issuer.keyring, now, by=audit.COMMAND_LINE))

    with_organisation(organisation, command)


@signing_keys_commands.command("compromise")
def compromise_signing_key(
    key: str,
    organisation: OrganisationOption = None,
    reissue: Annotated[bool, typer.Option(help="Sign again whatever it signed and still stands.")] = True,
) -> None:
    """Take a key, named by its id, out of what is published: nothing that it signed verifies any more."""

    async def command(parts: Parts, found: Organisation) -> None:
        async with parts.database.transaction(found.id) as tx:
            done = await organisation_keys.compromise(
                tx, parts.issuer.keyring, key, parts.clock.now(), by=audit.COMMAND_LINE, reissue=reissue
            )
        for uid in done.dependants[:_SHOWN_MAX]:
            print(parts.issuer.addresses.credential(uid))
        if len(done.dependants) > _SHOWN_MAX:
            print(f"… and {len(done.dependants) - _SHOWN_MAX} more")
        for endorsement in done.endorsements[:_SHOWN_MAX]:
            print(f"endorsement of {endorsement.subject}, removed: make it anew")
        verb = f"{done.reissued} credentials are signed again" if reissue else "nothing is signed again"
        print(f"{key} is no longer published; {verb}.")

    with_organisation(organisation, command)


def _show(rows: list[KeyRow]) -> None:
    """One line a key, whole: ids and names are there to be copied."""
    for row in rows:
        made = render_time(row.key.created_at)
        print(f"{row.key.uid}  {row.key.algorithm:<8} {row.key.state:<12} {made}  {organisation_keys.public_name(row)}")
