"""Builders: `an_organisation()`, `a_key(...)` and their kind, each with defaults, each through the domain's own functions."""

from itertools import count
from typing import Any

from laurel.domain.organisations import keys, sign_in, tenancy
from laurel.domain.organisations.keys import IssuedKey, KeyWish
from laurel.domain.organisations.model import Account, Department, Organisation
from laurel.domain.parts import Parts
from laurel.domain.people import registry
from laurel.domain.people.model import Person
from laurel.domain.people.registry import Details

BUILDER = "builder"
_numbers = count(1)


def a_number() -> int:
    """A number that no other builder of this process used."""
    return next(_numbers)


async def an_organisation(parts: Parts, **wishes: Any) -> Organisation:
    """A fresh organisation with its default department."""
    number = a_number()
    async with parts.database.every_organisation() as tx:
        return await tenancy.add_organisation(
            tx,
            **{"name": f"Academy {number}", "slug": f"academy-{number}", "now": parts.clock.now(), **wishes},
        )


async def a_key(parts: Parts, organisation: Organisation, *, text: str | None = None, **wishes: Any) -> IssuedKey:
    """A key of the organisation, with every scope unless `scopes` says otherwise."""
    async with parts.database.transaction(organisation.id) as tx:
        return await keys.issue(
            tx,
            pepper=parts.pepper,
            wish=KeyWish(**{"name": f"Key {a_number()}", **wishes}),
            by=BUILDER,
            now=parts.clock.now(),
            text=text,
        )


async def a_department(parts: Parts, organisation: Organisation, **wishes: Any) -> Department:
    """A department of the organisation."""
    async with parts.database.transaction(organisation.id) as tx:
        return await tenancy.add_department(
            tx, **{"name": f"Department {a_number()}", "by": BUILDER, "now": parts.clock.now(), **wishes}
        )


async def an_account(parts: Parts, organisation: Organisation, **wishes: Any) -> Account:
    """An account of the organisation without a password."""
    async with parts.database.transaction(organisation.id) as tx:
        return await sign_in.add_account(
            tx,
            **{
                "email": f"account{a_number()}@example.org",
                "name": "Ada",
                "role": "admin",
                "password": None,
                "by": BUILDER,
                "now": parts.clock.now(),
                **wishes,
            },
        )


async def a_person(
    parts: Parts, organisation: Organisation, *, identifiers: dict[str, str] | None = None, **wishes: Any
) -> Person:
    """A person of the organisation with an e-mail address of their own."""
    details = Details(**{"email": f"person{a_number()}@example.org", "first_name": "Grace", **wishes})
    async with parts.database.transaction(organisation.id) as tx:
        return await registry.create(tx, details, identifiers or {}, now=parts.clock.now())
