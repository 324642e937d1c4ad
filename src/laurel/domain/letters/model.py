"""The words: an organisation's own letter, a letter that was sent, an address that takes none. No I/O."""

from datetime import datetime
from typing import Literal, Self

import msgspec

from laurel.base.ids import OrganisationId, PersonId
from laurel.database.pool import Row


class LetterTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation's words for one kind of letter in one language."""

    kind: str
    language: str
    subject: str
    body: str
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `letter_template`."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})


class SentLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter on its way, found again by the number in its Message-ID and envelope. The address only as an HMAC."""

    organisation_id: OrganisationId
    uid: str
    person_id: PersonId
    address_hmac: bytes
    sent_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `sent_letter`."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})


class Bounce(msgspec.Struct, frozen=True, kw_only=True):
    """An address that takes no letters: refused when one was handed over, or reported back later."""

    address: str
    source: Literal["refused", "reported"]
    status: str
    """The enhanced status (RFC 3463) or the reply code: 5.1.1, 550."""
    diagnostic: str
    noted_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `bounce`."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})
