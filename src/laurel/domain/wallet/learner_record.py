"""The Comprehensive Learner Record of a person: what this organisation issued to them and what still stands, signed anew.

Source: CLR Standard 2.0; contracts/open-badges.md, section 11.
"""

from datetime import datetime

from laurel.base.errors import NotFound
from laurel.base.ids import new_secret, new_uuid
from laurel.base.limits import EMBEDDED_CREDENTIALS_MAX
from laurel.database.pool import Transaction
from laurel.domain.credentials.addresses import subject_id
from laurel.domain.credentials.attesting import attest
from laurel.domain.credentials.composition import issuer_profile
from laurel.domain.credentials.issuer import Issuer
from laurel.domain.organisations import store as organisations
from laurel.domain.people.model import Person
from laurel.domain.wallet import store
from laurel.openbadges import documents
from laurel.openbadges.reading import read_json


class RecordEmpty(NotFound):
    """Nothing was issued to the person yet."""

    code = "record_empty"


async def record_of(issuer: Issuer, tx: Transaction, person: Person, now: datetime) -> bytes:
    """The signed ClrCredential over the newest credentials (at most EMBEDDED_CREDENTIALS_MAX; then it says that it is
    partial). Raises RecordEmpty.
    """
    entries = await store.own(tx, person.id, now, EMBEDDED_CREDENTIALS_MAX + 1)
    if not entries:
        raise RecordEmpty("nothing was issued to this person yet", field="person")
    organisation = await organisations.organisation(tx)
    identities = []
    if person.email:
        identities.append(documents.Identity(identifier=person.email, salt=new_secret()))
    name = person.full_name
    if "@" not in name:
        identities.append(documents.Identity(identifier=name, type="name", hashed=False))
    record = documents.Record(
        id=f"urn:uuid:{new_uuid()}",
        name=f"Learner record, {organisation.name}",
        issuer=issuer_profile(organisation, issuer.addresses),
        subject_id=subject_id(person.uid),
        identities=tuple(identities),
        credentials=tuple(read_json(entry.content) for entry in entries[:EMBEDDED_CREDENTIALS_MAX]),
        partial=True if len(entries) > EMBEDDED_CREDENTIALS_MAX else None,
        valid_from=now.replace(microsecond=0),
        awarded=now,
    )
    return await attest(issuer, tx, documents.record_document(record), kind="record", now=now)
