"""The jobs that send letters; each bears being run again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from laurel.base.ids import CredentialId, OrganisationId
from laurel.base.limits import LETTERS_PER_RUN_MAX
from laurel.database import jobs
from laurel.database.pool import Database, Transaction
from laurel.domain.access import signed_links
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.model import Achievement
from laurel.domain.credentials import store as credentials
from laurel.domain.credentials.model import LETTER_JOB, Credential
from laurel.domain.credentials.pictures import attributes, particulars_of
from laurel.domain.credentials.samples import a_sample
from laurel.domain.letters import bounces, store
from laurel.domain.letters.composing import Facts, compose
from laurel.domain.letters.wording import wording_in
from laurel.domain.logos import showing as logos
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.branding import colour_of, greeting_of
from laurel.domain.organisations.model import Organisation
from laurel.domain.people import store as people
from laurel.domain.people.model import Person
from laurel.outside.clock import Clock
from laurel.outside.mail import AddressRefused, InlinePicture, MailDeferred, Mailer

LINK_JOB = "letters.link"
"""Sends somebody the link to their wallet."""
ISSUED, EXPIRING = "issued", "expiring"
STOPPED = "letters_stopped_at"
"""In a person's attributes: since when they want no letters."""
SWITCH = "letters"
"""In an organisation's settings: False when nobody is to be told by mail."""
COLOUR = "#1b6b48"
"""Of buttons, where the organisation has chosen none."""
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
    """The job of LETTER_JOB: payload {organisation_id, credentials: [ids], kind}.

    An address that is to be tried later holds up nobody else; the job is tried again for it alone.
    """
    organisation_id, kind = OrganisationId(payload["organisation_id"]), payload.get("kind", ISSUED)
    deferred: MailDeferred | None = None
    for credential_id in payload["credentials"]:
        try:
            async with post.database.transaction(organisation_id) as tx:
                await _send_one(tx, post, CredentialId(credential_id), kind)
        except MailDeferred as later:
            deferred = later
    if deferred is not None:
        raise deferred


async def _send_one(tx: Transaction, post: Post, credential_id: CredentialId, kind: str) -> None:
    organisation = await organisations.organisation(tx)
    credential = await credentials.find_by_id(tx, credential_id)
    if credential is None or credential.state == "revoked" or credential.published_at is None:
        return
    person = await people.find_by_id(tx, credential.person_id)
    if person is None or person.email is None or not wants_letters(organisation, person):
        return
    achievement = (await achievements.find_many(tx, [credential.achievement_id])).get(credential.achievement_id)
    if achievement is not None and not achievement.credential.letters:
        return
    if await store.find_bounce(tx, person.email) is not None:
        return
    now = post.clock.now()
    if await store.note_sent(tx, credential_id, kind, now):
        sort = kind.partition("_")[0]
        facts = _facts(post, organisation, credential, achievement, person)
        facts = msgspec.structs.replace(facts, logo=await logo_of(tx, organisation))
        template = await store.template(tx, sort, wording_in(facts.language)[0])
        number = await bounces.number_letter(tx, post.pepper, person.id, person.email, now)
        try:
            await post.mailer.send(msgspec.structs.replace(compose(sort, facts, template), number=number))
        except AddressRefused as refused:
            await bounces.note_refused(tx, person.email, refused, now)


def wants_letters(organisation: Organisation, person: Person) -> bool:
    """Whether letters are sent at all, and to this person."""
    return (
        organisation.settings.get(SWITCH, True) is not False
        and person.deleted_at is None
        and STOPPED not in person.attributes
    )


async def logo_of(tx: Transaction, organisation: Organisation) -> InlinePicture | None:
    """The organisation's logo as it travels in a letter."""
    found = await logos.picture(tx, organisation, "small")
    return InlinePicture("logo", found[1], found[0]) if found else None


def _facts(
    post: Post, organisation: Organisation, credential: Credential, achievement: Achievement | None, person: Person
) -> Facts:
    language = wording_in(person.language or organisation.language)[0]
    key = f"?key={credential.access_key}" if credential.private else ""
    action_url = f"{post.public_url}/c/{credential.uid}{key}"
    said = particulars_of(credential, achievement, organisation, post.public_url, language)
    values = attributes(msgspec.structs.replace(said, url=action_url), organisation, post.public_url, language)
    stop = signed_links.hidden(post.pepper, "stop", f"{organisation.uid}-{person.uid}")
    return Facts(
        to=person.email or "",
        language=language,
        action_url=action_url,
        name=credential.fields["name"],
        recipient=credential.fields["recipient_name"],
        issuer=organisation.name,
        day=values["credential.expired_on"],
        greeting=greeting_of(organisation),
        colour=colour_of(organisation) or COLOUR,
        stop_url=f"{post.public_url}/letters/stop?who={quote(stop)}",
        reply_to=organisation.email,
        values=values,
    )


async def ask_for_link(tx: Transaction, email: str, language: str, *, alone: bool) -> None:
    """Have the link to the wallet of this address sent once the transaction has committed. alone: no other organisation
    knows the address, so the letter may speak in this one's words.
    """
    payload = {"email": email, "language": language, "alone": alone}
    await jobs.enqueue(tx, LINK_JOB, payload, priority=jobs.URGENT)


async def send_link(post: Post, payload: dict[str, Any]) -> None:
    """The job of LINK_JOB: payload {organisation_id, email, language, alone}. Somebody asked for it, so it is sent to an
    address that has bounced too.
    """
    organisation_id, email, now = OrganisationId(payload["organisation_id"]), payload["email"], post.clock.now()
    link = signed_links.sign(post.pepper, signed_links.LINK, email, organisation_id, now)
    url = f"{post.public_url}/wallet/open?link={quote(link)}"
    async with post.database.transaction(organisation_id) as tx:
        organisation = await organisations.organisation(tx)
        own = await store.template(tx, "link", wording_in(payload["language"])[0]) if payload.get("alone") else None
        values = {"issuer.name": organisation.name, "issuer.url": organisation.url or post.public_url}
        facts = Facts(to=email, language=payload["language"], action_url=url, values=values)
        try:
            await post.mailer.send(compose("link", facts, own))
        except AddressRefused as refused:
            await bounces.note_refused(tx, email, refused, now)


def sample_facts(post: Post, organisation: Organisation, *, to: str, language: str, kind: str) -> Facts:
    """Facts for a letter that is only to be looked at; its logo is `logo_of`."""
    values = attributes(a_sample(post.public_url), organisation, post.public_url, language)
    return Facts(
        to=to,
        language=language,
        action_url=f"{post.public_url}/wallet" if kind == "link" else values["credential.url"],
        name=values["achievement.name"],
        recipient=values["recipient.name"],
        issuer="" if kind == "link" else organisation.name,
        day=values["credential.expired_on"],
        greeting=greeting_of(organisation),
        colour=colour_of(organisation) or COLOUR,
        stop_url=None if kind == "link" else f"{post.public_url}/letters/stop?who=nobody",
        values=values,
    )


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
