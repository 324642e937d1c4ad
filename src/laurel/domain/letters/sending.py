"""The jobs that send letters; each bears being run again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from laurel.base.ids import CredentialId, OrganisationId
from laurel.base.limits import LETTERS_PER_RUN_MAX
from laurel.database import jobs
from laurel.database.pool import Database, Transaction
from laurel.domain.access import signed_links
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.model import LETTER_JOB, Credential
from laurel.domain.letters import store
from laurel.domain.letters.composing import Facts, compose
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Organisation
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.outside.clock import Clock
from laurel.outside.mail import Mailer

LINK_JOB = "letters.link"
"""Sends somebody the link to their wallet."""
ISSUED, EXPIRING = "issued", "expiring"
STOPPED = "letters_stopped_at"
"""In a person's attributes: since when they want no letters."""
SWITCH = "letters"
"""In an organisation's settings: False when nobody is to be told by mail."""
_REMINDERS = {"expiring_30": timedelta(days=30), "expiring_7": timedelta(days=7)}


class Post(Protocol):
    """The running parts that letters need (domain/parts.py has them)."""

    @property
    def database(self) -> Database:
        """Where it is noted."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock."""
        ...

    @property
    def mailer(self) -> Mailer:
        """Who takes the letters."""
        ...

    @property
    def public_url(self) -> str:
        """The address of this server."""
        ...

    @property
    def pepper(self) -> bytes:
        """What links are signed with."""
        ...


async def send_letters(post: Post, payload: dict[str, Any]) -> None:
    """The job of LETTER_JOB: payload {organisation_id, credentials: [ids], kind}."""
    organisation_id, kind = OrganisationId(payload["organisation_id"]), payload.get("kind", ISSUED)
    for credential_id in payload["credentials"]:
        async with post.database.transaction(organisation_id) as tx:
            await _send_one(tx, post, CredentialId(credential_id), kind)


async def _send_one(tx: Transaction, post: Post, credential_id: CredentialId, kind: str) -> None:
    organisation = await organisations.organisation(tx)
    credential = await credentials.find_by_id(tx, credential_id)
    if credential is None or credential.state == "revoked" or credential.published_at is None:
        return
    person = await people.find_by_id(tx, credential.person_id)
    if person is None or person.email is None or not wants_letters(organisation, person):
        return
    if await store.note_sent(tx, credential_id, kind, post.clock.now()):
        await post.mailer.send(
            compose(kind.partition("_")[0], _facts(post, organisation, credential, person, person.email))
        )


def wants_letters(organisation: Organisation, person: Person) -> bool:
    """Whether letters are sent at all, and to this person."""
    return (
        organisation.settings.get(SWITCH, True) is not False
        and person.deleted_at is None
        and STOPPED not in person.attributes
    )


def _facts(post: Post, organisation: Organisation, credential: Credential, person: Person, email: str) -> Facts:
    branding = organisation.settings.get("branding")
    branding = branding if isinstance(branding, dict) else {}
    key = f"?key={credential.access_key}" if credential.private else ""
    stop = signed_links.hidden(post.pepper, "stop", f"{organisation.uid}-{person.uid}")
    colour = branding.get("colour")
    return Facts(
        to=email,
        language=person.language or organisation.language,
        action_url=f"{post.public_url}/c/{credential.uid}{key}",
        name=credential.fields["name"],
        recipient=credential.fields["recipient_name"],
        issuer=organisation.name,
        day=f"{credential.expires_at:%Y-%m-%d}" if credential.expires_at else "",
        greeting=str(branding.get("mail_greeting") or ""),
        colour=colour if isinstance(colour, str) else "#1b6b48",
        stop_url=f"{post.public_url}/letters/stop?who={quote(stop)}",
        reply_to=organisation.email,
    )


async def ask_for_link(tx: Transaction, email: str, language: str) -> None:
    """Have the link to the wallet of this address sent once the transaction has committed."""
    await jobs.enqueue(tx, LINK_JOB, {"email": email, "language": language}, priority=jobs.URGENT)


async def send_link(post: Post, payload: dict[str, Any]) -> None:
    """The job of LINK_JOB: payload {organisation_id, email, language}."""
    organisation_id = OrganisationId(payload["organisation_id"])
    link = signed_links.sign(post.pepper, signed_links.LINK, payload["email"], organisation_id, post.clock.now())
    url = f"{post.public_url}/wallet/open?link={quote(link)}"
    await post.mailer.send(compose("link", Facts(to=payload["email"], language=payload["language"], action_url=url)))


async def remind(post: Post) -> None:
    """Ask for letters about what expires within 30 days, and again within 7; nobody is reminded twice of the same."""
    now = post.clock.now()
    windows: Sequence[tuple[str, datetime, datetime]] = (
        ("expiring_30", now + _REMINDERS["expiring_7"], now + _REMINDERS["expiring_30"]),
        ("expiring_7", now, now + _REMINDERS["expiring_7"]),
    )
    for kind, after, until in windows:
        async with post.database.every_organisation() as tx:
            due = await store.expiring(tx, kind, after, until, LETTERS_PER_RUN_MAX)
        for organisation_id in sorted({one for one, _ in due}):
            mine = [credential_id for one, credential_id in due if one == organisation_id]
            async with post.database.transaction(organisation_id) as tx:
                await jobs.enqueue(tx, LETTER_JOB, {"credentials": mine, "kind": kind})
