"""Addresses that take no letters: noted when a mail server refuses one or reports one back, cleared by hand.

A report is told whom it concerns by the number of the letter: in the address that the report was sent to, or in the
Message-ID of the letter that it returns. The address itself is taken from the person, never from the report.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Literal

from laurel.base.errors import NotFound
from laurel.base.ids import OrganisationId, PersonId, new_uid
from laurel.base.limits import BOUNCE_DIAGNOSTIC_LENGTH_MAX
from laurel.base.text import clean
from laurel.database.pool import Database, Transaction
from laurel.domain.letters import bounce_messages, store
from laurel.domain.letters.model import Bounce, SentLetter
from laurel.domain.organisations import audit
from laurel.domain.organisations.model import Caller
from laurel.domain.people import store as people
from laurel.outside.mail import AddressRefused

Outcome = Literal["noted", "deferred", "unknown_letter", "address_changed", "no_report"]


async def number_letter(tx: Transaction, pepper: bytes, person_id: PersonId, address: str, now: datetime) -> str:
    """A number for a letter to a person, under which reports about it are understood."""
    number = new_uid()
    sent = SentLetter(
        organisation_id=tx.organisation_id,
        uid=number,
        person_id=person_id,
        address_hmac=_hmac(pepper, address),
        sent_at=now,
    )
    await store.insert_sent(tx, sent)
    return number


async def note_refused(tx: Transaction, address: str, refused: AddressRefused, now: datetime) -> None:
    """Note what a mail server said when it was given a letter."""
    await store.put_bounce(tx, _bounce(address, "refused", refused.status, refused.diagnostic, now))


async def take_in(
    database: Database, message: bytes, *, pepper: bytes, now: datetime, only: OrganisationId | None = None
) -> Outcome:
    """Note what a mail server reports about a letter (RFC 3464); what was noted. Raises Invalid, TooLarge.

    `only`: the organisation whose letters it may be about. A report that is no report, or about nothing known, changes
    nothing: mailboxes get all sorts of mail.
    """
    report = bounce_messages.read(message)
    if not report.failures:
        return "deferred" if report.delayed else "no_report"
    for number in report.numbers:
        async with database.public_lookup(number) as tx:
            sent = await store.find_sent(tx, number)
        if sent is None or (only is not None and sent.organisation_id != only):
            continue
        async with database.transaction(sent.organisation_id) as tx:
            person = await people.find_by_id(tx, sent.person_id)
            address = person.email if person is not None and person.deleted_at is None else None
            if address is None or not hmac.compare_digest(_hmac(pepper, address), sent.address_hmac):
                return "address_changed"
            failure = report.failures[0]
            await store.put_bounce(tx, _bounce(address, "reported", failure.status, failure.diagnostic, now))
        return "noted"
    return "unknown_letter"


async def clear(tx: Transaction, address: str, *, by: Caller, now: datetime) -> None:
    """Let letters go to an address again. Raises NotFound."""
    address = address.strip().lower()
    if not await store.delete_bounce(tx, address):
        raise NotFound("no letter to this address was refused or reported", field="address")
    person_id = (await people.ids_by_email(tx, [address])).get(address)
    person = await people.find_by_id(tx, person_id) if person_id is not None else None
    await audit.record(tx, at=now, by=by, action="bounce.clear", subject=("person", person.uid if person else ""))


def _bounce(
    address: str, source: Literal["refused", "reported"], status: str, diagnostic: str, now: datetime
) -> Bounce:
    return Bounce(
        address=address,
        source=source,
        status=status[:20],
        diagnostic=clean(diagnostic)[:BOUNCE_DIAGNOSTIC_LENGTH_MAX],
        noted_at=now,
    )


def _hmac(pepper: bytes, address: str) -> bytes:
    return hmac.digest(pepper, f"letter:{address}".encode(), hashlib.sha256)
