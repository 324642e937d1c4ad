"""The words: a stored file. No I/O."""

from datetime import datetime

import msgspec

from laurel.base.errors import Gone, NotFound


class FileNotFound(NotFound):
    """There is no such file, or the secret is another."""

    code = "file_not_found"


class FileExpired(Gone):
    """The file was kept for a while and is gone."""

    code = "file_expired"


class StoredFile(msgspec.Struct, frozen=True):
    """A file to be fetched."""

    uid: str
    name: str
    media_type: str
    size: int
    created_at: datetime
    expires_at: datetime
