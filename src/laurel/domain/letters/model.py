"""The words: an organisation's own letter, a letter that was sent, an address that takes none. No I/O."""

from datetime import datetime
from typing import Literal

from laurel.base.ids import OrganisationId, PersonId
from laurel.database.rows import Stored


class LetterTemplate(Stored, frozen=True):
    """The organisation's words for one kind of letter in one language."""

    kind: str
    language: str
    subject: str
    body: str
    updated_at: datetime


class SentLetter(Stored, frozen=True):
    """A letter on its way, found again by the number in its Message-ID and envelope. The address only as an HMAC."""

    organisation_id: OrganisationId
    uid: str
    person_id: PersonId
    address_hmac: bytes
    sent_at: datetime


class Bounce(Stored, frozen=True):
    """An address that takes no letters: refused when one was handed over, or reported back later."""

    address: str
    source: Literal["refused", "reported"]
    status: str
    """The enhanced status (RFC 3463) or the reply code: 5.1.1, 550."""
    diagnostic: str
    noted_at: datetime
