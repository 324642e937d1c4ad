"""The words: an entry of a wallet, a credential that is kept for a person. No I/O."""

from datetime import datetime
from enum import StrEnum
from typing import Self

import msgspec

from laurel.base.errors import Forbidden, Invalid
from laurel.database.pool import Row


class CredentialNotAccepted(Invalid):
    """The credential was not verified, or is not one that a wallet keeps; `details` has the checks."""

    code = "credential_not_accepted"


class SomebodyElses(Forbidden):
    """The credential is about another person."""

    code = "somebody_elses_credential"


RECORD_STANDARD = "CLR 2.0"
"""What a verdict calls a learner record; anything else that a wallet keeps is a badge."""


class Kept(StrEnum):
    """What became of a credential that was offered."""

    CREATED = "created"
    REPLACED = "replaced"
    NOT_MODIFIED = "not_modified"
    """A newer version is held already."""


class Entry(msgspec.Struct, frozen=True):
    """One credential as it was signed: a JSON document, or a compact token when `token`. `held`: another issuer's."""

    content: str
    token: bool
    held: bool
    changed_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """A row of `store.page`."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})


class NewHeld(msgspec.Struct, frozen=True):
    """A verified credential about to be kept. `identity` stands for its id and issuer."""

    identity: bytes
    name: str
    issuer: str
    standard: str
    token: bool
    content: str
    valid_from: datetime
