"""Whose wallet a browser has open: the address that it has proved, and which credentials are that person's."""

from laurel.base.errors import LaurelError
from laurel.base.ids import is_uid
from laurel.domain.access import signed_links
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.model import Credential, CredentialNotFound
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.parts import Parts
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.web.pages.visits import WALLET, AnyRequest


def email_of(request: AnyRequest, parts: Parts) -> str | None:
    """The address that this browser has proved, or None."""
    cookie = request.cookies.get(WALLET, "")
    if not cookie:
        return None
    try:
        return signed_links.read(parts.pepper, signed_links.WALLET, cookie, parts.clock.now()).email
    except LaurelError:
        return None


async def is_own(request: AnyRequest, parts: Parts, credential: Credential) -> bool:
    """Whether this browser has the wallet open to which a credential belongs."""
    email = email_of(request, parts)
    if email is None:
        return False
    async with parts.database.transaction(credential.organisation_id) as tx:
        return (await people.ids_by_email(tx, [email])).get(email) == credential.person_id


async def own_credential(parts: Parts, email: str, uid: str) -> tuple[Organisation, Person, Credential]:
    """A published credential of the person with this address, and who issued it. Raises CredentialNotFound."""
    credential = None
    if is_uid(uid):
        async with parts.database.public_lookup(uid) as tx:
            credential = await credentials.find_public(tx, uid)
    if credential is not None:
        async with parts.database.transaction(credential.organisation_id) as tx:
            if (await people.ids_by_email(tx, [email])).get(email) == credential.person_id:
                person = (await people.find_many(tx, [credential.person_id]))[credential.person_id]
                return await organisations.organisation(tx), person, credential
    raise CredentialNotFound("there is no such credential in your wallet", field="credential", value=uid[:50])
